#include "store/local_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>

#include "base/text.h"
#include "store/impl/temporary_file.h"

namespace lagoa {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxKeyBytes = 1024;

ObjectInfo describe(std::string key, const struct stat& status) {
    using namespace std::chrono;
    const auto modified =
        duration_cast<microseconds>(seconds(status.st_mtim.tv_sec) + nanoseconds(status.st_mtim.tv_nsec));
    return {
        .key = std::move(key), .size_bytes = static_cast<std::uint64_t>(status.st_size), .modified = Instant(modified)};
}

struct OpenObject {
    Descriptor file;
    ObjectInfo info;
};

Result<OpenObject> open_object(const fs::path& path, std::string_view key) {
    // O_NONBLOCK: a stray FIFO must not hang us; it means nothing for regular files.
    OpenObject object{Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), {}};
    if (!object.file.is_open()) return fail_errno("reading", path, errno);
    struct stat status{};
    if (::fstat(object.file.get(), &status) != 0) return fail_errno("reading", path, errno);
    if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kNotFound, "reading {}: it is not a file", path.native());
    object.info = describe(std::string(key), status);
    return object;
}

// Fills `into`, or as much of it as the object has from `offset`.
Result<std::size_t> read_at(const OpenObject& object, const fs::path& path, std::uint64_t offset,
                            std::span<char> into) {
    if (offset >= object.info.size_bytes) return std::size_t{0};
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), object.info.size_bytes - offset));
    for (std::size_t done = 0; done < wanted;) {
        const ssize_t got =
            ::pread(object.file.get(), into.data() + done, wanted - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno("reading", path, errno);
        if (got == 0) return fail(ErrorCode::kUnavailable, "reading {}: it shrank while being read", path.native());
        done += static_cast<std::size_t>(got);
    }
    return wanted;
}

/// Keeps the file open: reads cost no look-up of the path.
class LocalReader final : public ObjectReader {
public:
    LocalReader(OpenObject object, fs::path path) : object_(std::move(object)), path_(std::move(path)) {}

    Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
        return read_at(object_, path_, offset, into);
    }
    const ObjectInfo& info() const override { return object_.info; }

private:
    OpenObject object_;
    fs::path path_;
};

class LocalWriter final : public ObjectWriter {
public:
    explicit LocalWriter(TemporaryFile file) : file_(std::move(file)) {}

    Result<> append(std::string_view bytes) override {
        auto written = file_.append(bytes);
        done_ |= !written;
        return written;
    }

    Result<> close() override {
        if (std::exchange(done_, true))
            return fail(ErrorCode::kInternal, "closing an object writer after it failed or was closed");
        return file_.publish(TemporaryFile::Publish::kReplace);
    }

    std::uint64_t size_bytes() const override { return file_.size_bytes(); }

private:
    TemporaryFile file_;
    bool done_ = false;  // failed or closed: nothing more may be published
};

// One listing: the walk, its filters and what it found.
class Listing {
public:
    Listing(std::string_view prefix, std::string_view after) : prefix_(prefix), after_(after) {}

    Result<> walk(const fs::path& folder, const std::string& folder_key) {
        std::error_code error;
        fs::directory_iterator entry(folder, error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
            const std::string name = entry->path().filename().native();
            if (name.starts_with(".tmp-") || !is_utf8(name)) continue;
            // The type comes with the entry; an entry that vanishes meanwhile is simply not there. Linked
            // folders are not followed: they may form cycles.
            std::error_code gone;
            const bool is_folder = !entry->is_symlink(gone) && entry->is_directory(gone);
            const std::string key = folder_key + name + (is_folder ? "/" : "");
            if (key.size() > kMaxKeyBytes) continue;
            if (is_folder && may_hold(key)) LAGOA_TRY(walk(entry->path(), key));
            if (!is_folder && key.starts_with(prefix_) && key > after_) LAGOA_TRY(add(entry->path(), key));
        }
        const int code = error.value();
        if (code != 0 && code != ENOENT && code != ENOTDIR) return fail_errno("listing", folder, code);
        return {};
    }

    std::vector<ObjectInfo> take() {
        std::ranges::sort(found_, {}, &ObjectInfo::key);
        return std::move(found_);
    }

private:
    bool may_hold(std::string_view folder_key) const {
        if (after_.substr(0, folder_key.size()) > folder_key) return false;  // all of it sorts before `after`
        return folder_key.starts_with(prefix_) || prefix_.starts_with(folder_key);
    }

    Result<> add(const fs::path& path, const std::string& key) {
        struct stat status{};
        if (::stat(path.c_str(), &status) != 0) {
            if (errno == ENOENT || errno == ELOOP) return {};
            return fail_errno("listing", path, errno);
        }
        if (S_ISREG(status.st_mode)) found_.push_back(describe(key, status));
        return {};
    }

    std::string_view prefix_;
    std::string_view after_;
    std::vector<ObjectInfo> found_;
};

class LocalStore final : public ObjectStore {
public:
    explicit LocalStore(fs::path root) : root_(std::move(root)) {}

    Result<std::string> get(std::string_view key) override { return get_range(key, 0, UINT64_MAX); }

    Result<std::string> get_range(std::string_view key, std::uint64_t offset, std::uint64_t length) override {
        LAGOA_TRY(check_key(key));
        const fs::path path = root_ / key;
        const OpenObject object = LAGOA_TRY(open_object(path, key));
        const std::uint64_t rest = object.info.size_bytes - std::min(offset, object.info.size_bytes);
        std::string bytes(std::min(length, rest), '\0');
        LAGOA_TRY(read_at(object, path, offset, bytes));
        return bytes;
    }

    Result<std::unique_ptr<ObjectReader>> reader(std::string_view key) override {
        LAGOA_TRY(check_key(key));
        const fs::path path = root_ / key;
        OpenObject object = LAGOA_TRY(open_object(path, key));
        return std::make_unique<LocalReader>(std::move(object), path);
    }

    Result<ObjectInfo> head(std::string_view key) override {
        LAGOA_TRY(check_key(key));
        const fs::path path = root_ / key;
        struct stat status{};
        if (::stat(path.c_str(), &status) != 0) return fail_errno("looking at", path, errno);
        if (!S_ISREG(status.st_mode))
            return fail(ErrorCode::kNotFound, "looking at {}: it is not a file", path.native());
        return describe(std::string(key), status);
    }

    Result<> put(std::string_view key, std::string_view bytes) override {
        return write(key, bytes, TemporaryFile::Publish::kReplace);
    }

    Result<> put_if_absent(std::string_view key, std::string_view bytes) override {
        // Spares the loser of an old race the write; the new race is decided by link(2).
        if (head(key)) return fail(ErrorCode::kAlreadyExists, "creating {}: it exists", (root_ / key).native());
        return write(key, bytes, TemporaryFile::Publish::kCreate);
    }

    Result<std::unique_ptr<ObjectWriter>> writer(std::string_view key) override {
        LAGOA_TRY(check_key(key));
        return std::make_unique<LocalWriter>(LAGOA_TRY(TemporaryFile::create(root_ / key)));
    }

    Result<std::vector<ObjectInfo>> list(std::string_view prefix, std::string_view after) override {
        const auto slash = prefix.rfind('/');
        const std::string folder_key(prefix.substr(0, slash == std::string_view::npos ? 0 : slash + 1));
        if (!folder_key.empty()) LAGOA_TRY(check_key(folder_key.substr(0, folder_key.size() - 1)));
        Listing listing(prefix, after);
        LAGOA_TRY(listing.walk(root_ / folder_key, folder_key));
        return listing.take();
    }

    Result<std::vector<std::string>> folders(std::string_view prefix) override {
        if (!prefix.empty()) LAGOA_TRY(check_key(prefix.substr(0, prefix.size() - 1)));
        const fs::path folder = root_ / prefix;
        std::vector<std::string> names;
        std::error_code error;
        fs::directory_iterator entry(folder, error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
            std::error_code gone;
            const std::string name = entry->path().filename().native();
            if (!entry->is_symlink(gone) && entry->is_directory(gone) && !name.starts_with(".tmp-"))
                names.push_back(name);
        }
        const int code = error.value();
        if (code != 0 && code != ENOENT && code != ENOTDIR) return fail_errno("listing", folder, code);
        std::ranges::sort(names);
        return names;
    }

    Result<> remove(std::string_view key) override {
        LAGOA_TRY(check_key(key));
        const fs::path path = root_ / key;
        // Not fsynced: an object that comes back after a power cut is removed again by the next clean-up.
        if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR && errno != EISDIR)
            return fail_errno("removing", path, errno);
        return {};
    }

    Result<> remove_empty_folders(std::string_view prefix) override {
        if (!prefix.empty()) LAGOA_TRY(check_key(prefix.substr(0, prefix.size() - 1)));
        return remove_empty_below(root_ / prefix);
    }

    std::string root() const override { return root_.native(); }

private:
    static Result<> remove_empty_below(const fs::path& folder) {
        std::error_code error;
        std::vector<fs::path> inner;
        fs::directory_iterator entry(folder, error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
            std::error_code gone;
            const std::string name = entry->path().filename().native();
            if (name.starts_with('_') || name.starts_with('.')) continue;
            if (!entry->is_symlink(gone) && entry->is_directory(gone)) inner.push_back(entry->path());
        }
        const int code = error.value();
        if (code != 0 && code != ENOENT && code != ENOTDIR) return fail_errno("listing", folder, code);
        for (const fs::path& each : inner) {
            LAGOA_TRY(remove_empty_below(each));
            // Fails where it should: one that is not empty, also since it was looked into, stays.
            if (::rmdir(each.c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
                return fail_errno("removing", each, errno);
        }
        return {};
    }

    Result<> write(std::string_view key, std::string_view bytes, TemporaryFile::Publish how) {
        LAGOA_TRY(check_key(key));
        TemporaryFile file = LAGOA_TRY(TemporaryFile::create(root_ / key));
        LAGOA_TRY(file.append(bytes));
        return file.publish(how);
    }

    const fs::path root_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_local_store(const fs::path& root) {
    std::error_code error;
    fs::path absolute = fs::absolute(root, error).lexically_normal();
    if (error) return fail_errno("opening store", root, error.value());
    if (!absolute.has_filename()) absolute = absolute.parent_path();  // a '/' at the end
    if (!fs::exists(absolute, error)) LAGOA_TRY(make_directories(absolute), "opening store {}", root.native());
    if (!fs::is_directory(absolute, error))
        return fail(ErrorCode::kInvalidArgument, "opening store {}: it is not a directory", root.native());
    return std::make_unique<LocalStore>(absolute);
}

}  // namespace lagoa
