// A file in the making, and the POSIX calls that give it a name: where the local store's atomicity
// and durability are made.
//
// The bytes are written under `.tmp-<uuid>` in the target's own directory, fsynced, and only then
// named: rename(2) replaces, link(2) creates or fails with EEXIST, which is what makes put_if_absent
// race-free between processes. The directory is fsynced last; without that the name could vanish in
// a power cut. A crash in between leaves a `.tmp-*` file, which no listing shows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace lagoa {

/// `doing`: the errno `error` as an Error whose message names `path`.
std::unexpected<Error> fail_errno(std::string_view doing, const std::filesystem::path& path, int error);

/// Makes `directory` and its parents, each durable in the one above. Depth is bounded by the path's length.
Result<> make_directories(const std::filesystem::path& directory);

/// Owns a file descriptor.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& from) noexcept {
        std::swap(fd_, from.fd_);
        return *this;
    }
    ~Descriptor();

    int get() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    /// Closes now and returns what close(2) said, 0 or an errno: network file systems report late writes here.
    int close();

private:
    int fd_ = -1;
};

/// Owns one unnamed file; removes it unless it was published.
class TemporaryFile {
public:
    enum class Publish { kReplace, kCreate };

    /// In the directory of `target`, which is made if it is not there.
    static Result<TemporaryFile> create(const std::filesystem::path& target);

    TemporaryFile(TemporaryFile&& from) noexcept;
    TemporaryFile& operator=(TemporaryFile&&) = delete;
    ~TemporaryFile();

    Result<> append(std::string_view bytes);
    std::uint64_t size_bytes() const { return size_bytes_; }

    /// Names the file `target`, durable on return. kAlreadyExists with kCreate. kUnavailable once the
    /// name stands and only its durability is in doubt; any other error: nothing became visible.
    Result<> publish(Publish how);

private:
    TemporaryFile(Descriptor file, std::filesystem::path path, std::filesystem::path target)
        : file_(std::move(file)), path_(std::move(path)), target_(std::move(target)) {}

    Result<> give_name(Publish how);

    Descriptor file_;
    std::filesystem::path path_;  // empty once published or moved from
    std::filesystem::path target_;
    std::uint64_t size_bytes_ = 0;
};

}  // namespace lagoa
