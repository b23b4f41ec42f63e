#include "store/impl/temporary_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/id.h"

namespace lagoa {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDirectories = 8;  // times that a file's directory is made

ErrorCode code_of(int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
            return ErrorCode::kNotFound;
        case EACCES:
        case EPERM:
        case EROFS:
            return ErrorCode::kPermissionDenied;
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
        case EMFILE:
        case ENFILE:
        case ENOMEM:
            return ErrorCode::kResourceExhausted;
        case EISDIR:
        case ENOTEMPTY:
        case ENAMETOOLONG:
            return ErrorCode::kInvalidArgument;
        default:
            return ErrorCode::kUnavailable;
    }
}

// 0 or an errno.
int sync_directory(const fs::path& directory) {
    const Descriptor descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor.is_open() || ::fsync(descriptor.get()) != 0) return errno;
    return 0;
}

}  // namespace

std::unexpected<Error> fail_errno(std::string_view doing, const fs::path& path, int error) {
    return fail(code_of(error), "{} {}: {}", doing, path.native(), std::generic_category().message(error));
}

Result<> make_directories(const fs::path& directory) {
    if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
        if (errno != ENOENT || !directory.has_relative_path()) return fail_errno("making directory", directory, errno);
        LAGOA_TRY(make_directories(directory.parent_path()));
        if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST)
            return fail_errno("making directory", directory, errno);
    }
    if (const int error = sync_directory(directory.parent_path()))
        return fail_errno("syncing parent of", directory, error);
    return {};
}

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

int Descriptor::close() {
    return ::close(std::exchange(fd_, -1)) == 0 ? 0 : errno;
}

Result<TemporaryFile> TemporaryFile::create(const fs::path& target) {
    const fs::path path = target.parent_path() / (".tmp-" + new_uuid());
    const auto open = [&] { return Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)); };
    Descriptor file = open();
    // Someone who removes empty directories may take a new one away before there is a file in it.
    for (int attempt = 0; attempt < kMaxDirectories && !file.is_open() && errno == ENOENT; ++attempt) {
        const auto made = make_directories(target.parent_path());
        if (!made && made.error().code != ErrorCode::kNotFound)
            return pass_on(made.error(), "writing {}", target.native());
        file = open();  // also if a parent went while they were made: that shows here
    }
    if (!file.is_open()) {
        if (errno == ENOTDIR)
            return fail(ErrorCode::kInvalidArgument, "writing {}: a part of its path is an object", target.native());
        return fail_errno("writing", target, errno);
    }
    return TemporaryFile(std::move(file), path, target);
}

TemporaryFile::TemporaryFile(TemporaryFile&& from) noexcept
    : file_(std::move(from.file_)),
      path_(std::exchange(from.path_, {})),
      target_(std::move(from.target_)),
      size_bytes_(from.size_bytes_) {}

TemporaryFile::~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
}

Result<> TemporaryFile::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_errno("writing", target_, errno);
        size_bytes_ += static_cast<std::uint64_t>(written);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<> TemporaryFile::publish(Publish how) {
    if (::fsync(file_.get()) != 0) return fail_errno("writing", target_, errno);
    if (const int error = file_.close()) return fail_errno("writing", target_, error);
    LAGOA_TRY(give_name(how));
    if (const int error = sync_directory(target_.parent_path()))
        return fail(ErrorCode::kUnavailable, "syncing the directory of {}, which may not survive a power cut: {}",
                    target_.native(), std::generic_category().message(error));
    return {};
}

Result<> TemporaryFile::give_name(Publish how) {
    if (how == Publish::kReplace) {
        if (::rename(path_.c_str(), target_.c_str()) != 0) return fail_errno("writing", target_, errno);
        path_.clear();
        return {};
    }
    if (::link(path_.c_str(), target_.c_str()) != 0) {
        if (errno == EEXIST) return fail(ErrorCode::kAlreadyExists, "creating {}: it exists", target_.native());
        return fail_errno("creating", target_, errno);
    }
    return {};  // the temporary name goes with the destructor
}

}  // namespace lagoa
