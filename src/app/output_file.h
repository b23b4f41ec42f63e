// A file that a command writes for its user: it is there when it is whole, and until then what was there before.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/result.h"

namespace lagoa::app {

/// Written beside its place under a name of its own, and renamed by keep(); dropped without keep(), it leaves nothing.
/// A place that is no regular file (`/dev/stdout`, a pipe) is written as it is.
class OutputFile {
public:
    /// kNotFound, kPermissionDenied or kUnavailable if no file can be made there.
    static Result<OutputFile> create(const std::filesystem::path& place);
    OutputFile(OutputFile&&) = default;
    OutputFile& operator=(OutputFile&&) = default;
    ~OutputFile();

    std::FILE* stream() const { return stream_.get(); }
    /// Where another writer may put the bytes instead.
    const std::filesystem::path& path() const { return written_; }
    /// Whether path() is the place itself, which bytes can only be sent to.
    bool is_direct() const { return written_ == place_; }

    /// kUnavailable, kResourceExhausted if not all bytes could be written; nothing is kept then.
    Result<> keep();

private:
    struct Close {
        void operator()(std::FILE* stream) const { std::fclose(stream); }
    };

    OutputFile(std::filesystem::path place, std::filesystem::path written, std::FILE* stream)
        : place_(std::move(place)), written_(std::move(written)), stream_(stream) {}

    std::filesystem::path place_;
    std::filesystem::path written_;  // empty when kept, or moved from
    std::unique_ptr<std::FILE, Close> stream_;
};

}  // namespace lagoa::app
