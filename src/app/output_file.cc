#include "app/output_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/id.h"

namespace lagoa::app {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> failed(const fs::path& place, int error) {
    ErrorCode code = ErrorCode::kUnavailable;
    if (error == EACCES || error == EPERM || error == EROFS) code = ErrorCode::kPermissionDenied;
    if (error == ENOENT || error == ENOTDIR || error == EISDIR) code = ErrorCode::kNotFound;
    if (error == ENOSPC || error == EDQUOT) code = ErrorCode::kResourceExhausted;
    return fail(code, "writing {}: {}", place.string(), std::strerror(error));
}

}  // namespace

Result<OutputFile> OutputFile::create(const fs::path& place) {
    std::error_code error;
    const fs::file_status status = fs::status(place, error);
    if (fs::is_directory(status)) return failed(place, EISDIR);
    const bool is_direct = fs::exists(status) && !fs::is_regular_file(status);
    // The file itself, where a link leads to it.
    const fs::path target = is_direct ? place : fs::weakly_canonical(place, error);
    if (!is_direct && error) return failed(place, error.value());
    const fs::path written =
        is_direct ? target : target.parent_path() / ("." + target.filename().string() + "." + new_uuid() + ".part");
    std::FILE* stream = std::fopen(written.c_str(), "wb");
    if (stream == nullptr) return failed(place, errno);
    return OutputFile(target, written, stream);
}

OutputFile::~OutputFile() {
    if (written_.empty() || is_direct()) return;
    std::error_code ignored;  // a part left behind is known by its name
    fs::remove(written_, ignored);
}

Result<> OutputFile::keep() {
    const bool direct = is_direct();
    const fs::path written = written_;
    if (std::fflush(stream_.get()) != 0 || (!direct && ::fsync(fileno(stream_.get())) != 0))
        return failed(place_, errno);
    if (std::fclose(stream_.release()) != 0) return failed(place_, errno);
    if (!direct && std::rename(written.c_str(), place_.c_str()) != 0) return failed(place_, errno);
    written_.clear();
    return {};
}

}  // namespace lagoa::app
