#include "engine/duckdb/file_system.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "duckdb/common/multi_file/multi_file_list.hpp"
#include "engine/duckdb/error.h"
#include "engine/impl/glob.h"

namespace lagoa {
namespace {

constexpr std::string_view kScheme = "lagoa://";
constexpr std::size_t kReadAheadBytes = 256 << 10;  // what a short sequential read fetches

/// A file being read: at any offset by any thread, or in order by one.
class ReadHandle final : public duckdb::FileHandle {
public:
    ReadHandle(duckdb::FileSystem& system, const std::string& where, duckdb::FileOpenFlags how,
               std::unique_ptr<ObjectReader> reader)
        : FileHandle(system, where, how), reader_(std::move(reader)) {}

    void Close() override {}

    const ObjectInfo& info() const { return reader_->info(); }

    // The bytes read, fewer only at the end of the file.
    std::size_t read_at(std::uint64_t offset, std::span<char> into) { return unwrap(reader_->read(offset, into)); }

    std::size_t read_next(std::span<char> into) {
        if (into.size() >= kReadAheadBytes) {
            const std::size_t count = read_at(position, into);
            position += count;
            return count;
        }
        if (position < ahead_from_ || position >= ahead_from_ + ahead_.size()) {
            ahead_.resize(kReadAheadBytes);
            ahead_.resize(read_at(position, ahead_));
            ahead_from_ = position;
        }
        const std::size_t skip = position - ahead_from_;
        const std::size_t count = std::min(into.size(), ahead_.size() - skip);
        std::memcpy(into.data(), ahead_.data() + skip, count);
        position += count;
        return count;
    }

    std::uint64_t position = 0;

private:
    std::unique_ptr<ObjectReader> reader_;
    std::uint64_t ahead_from_ = 0;
    std::vector<char> ahead_;
};

/// A file being written, front to back.
class WriteHandle final : public duckdb::FileHandle {
public:
    WriteHandle(duckdb::FileSystem& system, const std::string& where, duckdb::FileOpenFlags how,
                std::unique_ptr<ObjectWriter> writer)
        : FileHandle(system, where, how), writer_(std::move(writer)) {}

    // Only a close asked for publishes the object; the destructor drops it.
    void Close() override {
        if (!writer_) return;
        const auto writer = std::exchange(writer_, nullptr);
        size_bytes_ = writer->size_bytes();
        unwrap(writer->close());
    }

    void append(std::string_view bytes) {
        if (!writer_) raise({ErrorCode::kInternal, "writing " + path + ": it is closed"});
        unwrap(writer_->append(bytes));
    }

    std::uint64_t size_bytes() const { return writer_ ? writer_->size_bytes() : size_bytes_; }

private:
    std::unique_ptr<ObjectWriter> writer_;
    std::uint64_t size_bytes_ = 0;
};

duckdb::timestamp_t to_duckdb(Instant instant) {
    return duckdb::timestamp_t(instant.time_since_epoch().count());
}

class StoreFileSystem final : public duckdb::FileSystem {
public:
    explicit StoreFileSystem(std::shared_ptr<const Mounts> mounts) : mounts_(std::move(mounts)) {}

    std::string GetName() const override { return "LagoaFileSystem"; }
    bool CanHandleFile(const std::string& path) override { return path.starts_with(kScheme); }
    bool CanSeek() override { return true; }
    // Ranges are asked for together, as for a remote file: a store's read costs more than a page fault.
    bool OnDiskFile(duckdb::FileHandle&) override { return false; }

    duckdb::unique_ptr<duckdb::FileHandle> OpenFileExtended(const duckdb::OpenFileInfo& file,
                                                            duckdb::FileOpenFlags flags,
                                                            duckdb::optional_ptr<duckdb::FileOpener>) override {
        const std::string& path = file.path;
        const auto place = unwrap(mounts_->find(path));
        if (flags.OpenForWriting()) {
            if (flags.OpenForAppending() || flags.OpenForReading())
                raise({ErrorCode::kUnsupported, "opening " + path + " to change it: objects are written once, whole"});
            auto writer = unwrap(place.store->writer(place.key));
            return duckdb::make_uniq<WriteHandle>(*this, path, flags, std::move(writer));
        }
        const auto size_bytes = size_of_immutable(file);
        auto reader = size_bytes ? place.store->reader_of({.key = place.key, .size_bytes = *size_bytes})
                                 : place.store->reader(place.key);
        if (!reader && reader.error().code == ErrorCode::kNotFound && flags.ReturnNullIfNotExists()) return nullptr;
        return duckdb::make_uniq<ReadHandle>(*this, path, flags, unwrap(std::move(reader)));
    }

    void Read(duckdb::FileHandle& handle, void* buffer, int64_t bytes, duckdb::idx_t location) override {
        const auto wanted = static_cast<std::size_t>(bytes);
        const std::size_t count = reading(handle).read_at(location, {static_cast<char*>(buffer), wanted});
        if (count != wanted)
            raise({ErrorCode::kCorruption, fmt::format("reading {} bytes of {} at {}: it ends after {}", wanted,
                                                       handle.path, location, count)});
    }

    int64_t Read(duckdb::FileHandle& handle, void* buffer, int64_t bytes) override {
        return static_cast<int64_t>(
            reading(handle).read_next({static_cast<char*>(buffer), static_cast<std::size_t>(bytes)}));
    }

    int64_t Write(duckdb::FileHandle& handle, void* buffer, int64_t bytes) override {
        writing(handle).append({static_cast<const char*>(buffer), static_cast<std::size_t>(bytes)});
        return bytes;
    }

    void Write(duckdb::FileHandle& handle, void* buffer, int64_t bytes, duckdb::idx_t location) override {
        if (location != writing(handle).size_bytes())
            raise({ErrorCode::kUnsupported,
                   "writing " + handle.path + " out of order: objects are written front to back"});
        Write(handle, buffer, bytes);
    }

    void FileSync(duckdb::FileHandle&) override {}  // closing makes it durable

    void Seek(duckdb::FileHandle& handle, duckdb::idx_t location) override { reading(handle).position = location; }
    void Reset(duckdb::FileHandle& handle) override { reading(handle).position = 0; }
    duckdb::idx_t SeekPosition(duckdb::FileHandle& handle) override {
        return handle.flags.OpenForWriting() ? writing(handle).size_bytes() : reading(handle).position;
    }

    int64_t GetFileSize(duckdb::FileHandle& handle) override {
        const std::uint64_t size =
            handle.flags.OpenForWriting() ? writing(handle).size_bytes() : reading(handle).info().size_bytes;
        return static_cast<int64_t>(size);
    }
    duckdb::timestamp_t GetLastModifiedTime(duckdb::FileHandle& handle) override {
        return to_duckdb(reading(handle).info().modified);
    }
    std::string GetVersionTag(duckdb::FileHandle& handle) override { return reading(handle).info().version; }
    duckdb::FileType GetFileType(duckdb::FileHandle&) override { return duckdb::FileType::FILE_TYPE_REGULAR; }
    duckdb::FileMetadata Stats(duckdb::FileHandle& handle) override {
        duckdb::FileMetadata stats;
        stats.file_size = GetFileSize(handle);
        stats.file_type = duckdb::FileType::FILE_TYPE_REGULAR;
        if (!handle.flags.OpenForWriting()) stats.last_modification_time = GetLastModifiedTime(handle);
        return stats;
    }

    bool DirectoryExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener>) override {
        return mounts_->find(path).has_value();
    }
    void CreateDirectory(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {}
    void CreateDirectoriesRecursive(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {}

    bool ListFiles(const std::string& directory, const std::function<void(const std::string&, bool)>& each,
                   duckdb::FileOpener*) override {
        const auto place = unwrap(mounts_->find(directory));
        const std::string prefix = place.key.empty() || place.key.ends_with('/') ? place.key : place.key + "/";
        std::string last_folder;
        for (const ObjectInfo& object : unwrap(place.store->list(prefix))) {
            const std::string rest = object.key.substr(prefix.size());
            const auto slash = rest.find('/');
            if (slash == std::string::npos) {
                each(rest, false);
            } else if (rest.substr(0, slash) != last_folder) {
                last_folder = rest.substr(0, slash);
                each(last_folder, true);
            }
        }
        return true;
    }

    bool FileExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener>) override {
        const auto place = mounts_->find(path);
        if (!place || !check_key(place->key)) return false;  // a directory
        const auto found = place->store->head(place->key);
        if (!found && found.error().code != ErrorCode::kNotFound) raise(found.error());
        return found.has_value();
    }

    void RemoveFile(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener>) override {
        const auto place = unwrap(mounts_->find(path));
        unwrap(place.store->remove(place.key));
    }
    bool TryRemoveFile(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) override {
        if (!FileExists(path, opener)) return false;
        RemoveFile(path, opener);
        return true;
    }

    void MoveFile(const std::string& source, const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {
        raise({ErrorCode::kUnsupported, "renaming " + source + ": objects keep their key",
               "Write COPY … (USE_TMP_FILE false)."});
    }

    std::string CanonicalizePath(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener>) override {
        return path;
    }
    bool IsPathAbsolute(const std::string&) override { return true; }

    duckdb::vector<duckdb::OpenFileInfo> Glob(const std::string& path, duckdb::FileOpener*) override {
        const auto place = unwrap(mounts_->find(path));
        duckdb::vector<duckdb::OpenFileInfo> found;
        if (!HasGlob(place.key)) {
            if (FileExists(path, nullptr)) found.emplace_back(path);
            return found;
        }
        const std::string fixed = place.key.substr(0, place.key.find_first_of("*?["));
        for (const ObjectInfo& object : unwrap(place.store->list(fixed)))
            if (matches_glob(object.key, place.key))
                found.emplace_back(std::string(kScheme) + place.mount + "/" + object.key);
        return found;
    }

protected:
    bool SupportsOpenFileExtended() const override { return true; }

private:
    // The size of a file of which its opener says that it never changes, as a Delta table's scan does.
    static std::optional<std::uint64_t> size_of_immutable(const duckdb::OpenFileInfo& file) {
        if (!file.extended_info) return std::nullopt;
        const auto& options = file.extended_info->options;
        const auto size = options.find("file_size");
        const auto validate = options.find("validate_external_file_cache");
        if (size == options.end() || validate == options.end() || validate->second.GetValue<bool>())
            return std::nullopt;
        return size->second.GetValue<std::uint64_t>();
    }

    static ReadHandle& reading(duckdb::FileHandle& handle) {
        if (handle.flags.OpenForWriting())
            raise({ErrorCode::kUnsupported, "reading " + handle.path + " while it is written"});
        return static_cast<ReadHandle&>(handle);
    }
    static WriteHandle& writing(duckdb::FileHandle& handle) {
        if (!handle.flags.OpenForWriting())
            raise({ErrorCode::kInternal, "writing " + handle.path + ", opened to read"});
        return static_cast<WriteHandle&>(handle);
    }

    std::shared_ptr<const Mounts> mounts_;
};

}  // namespace

Result<> Mounts::add(std::string name, std::shared_ptr<ObjectStore> store) {
    const std::lock_guard lock(mutex_);
    if (stores_.contains(name))
        return fail(ErrorCode::kAlreadyExists, "mounting {}: a store is mounted under that name", name);
    stores_.emplace(std::move(name), std::move(store));
    return {};
}

void Mounts::remove(std::string_view name) {
    const std::lock_guard lock(mutex_);
    if (const auto found = stores_.find(name); found != stores_.end()) stores_.erase(found);
}

Result<Mounts::Place> Mounts::find(std::string_view path) const {
    if (!path.starts_with(kScheme)) return fail(ErrorCode::kInvalidArgument, "{} is not a lagoa:// path", path);
    const std::string_view rest = path.substr(kScheme.size());
    const std::string_view name = rest.substr(0, rest.find('/'));
    const std::shared_lock lock(mutex_);
    const auto found = stores_.find(name);
    if (found == stores_.end()) return fail(ErrorCode::kNotFound, "{}: no zone \"{}\" is mounted", path, name);
    return Place{found->second.get(), std::string(name),
                 std::string(rest.substr(std::min(rest.size(), name.size() + 1)))};
}

std::optional<std::string> Mounts::locate(std::string_view address) const {
    const std::shared_lock lock(mutex_);
    std::optional<std::string> path;
    std::size_t longest = 0;  // a store may lie inside another
    for (const auto& [name, store] : stores_) {
        const std::string root = store->root();
        const bool holds = address.starts_with(root) && address.size() > root.size() && address[root.size()] == '/';
        if (!holds || root.size() < longest) continue;
        longest = root.size();
        path = fmt::format("{}{}{}", kScheme, name, address.substr(root.size()));
    }
    return path;
}

duckdb::unique_ptr<duckdb::FileSystem> make_store_file_system(std::shared_ptr<const Mounts> mounts) {
    return duckdb::make_uniq<StoreFileSystem>(std::move(mounts));
}

}  // namespace lagoa
