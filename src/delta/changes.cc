#include "delta/changes.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "delta/column_mapping.h"
#include "delta/impl/commit_times.h"
#include "delta/impl/read_ahead.h"
#include "delta/impl/rebuild.h"
#include "delta/log_json.h"
#include "delta/schema_change.h"
#include "delta/table_properties.h"

namespace lagoa::delta {
namespace {

constexpr std::string_view kFeedProperty = "delta.enableChangeDataFeed";
constexpr ReadAhead kCommits{.readers = 8, .ahead = 16};
constexpr std::int64_t kUnknownSize = -1;

struct Range {
    Version from = 0;
    Version to = 0;
};

/// What one commit says.
struct CommitChanges {
    std::vector<ChangedFile> files;
    std::optional<Metadata> metadata;
    std::optional<Protocol> protocol;
};

// The actions of one commit that may hold changes.
struct DataActions {
    std::vector<AddFile> adds;
    std::vector<RemoveFile> removes;
    std::vector<CdcFile> cdc;
};

AddFile as_added(RemoveFile remove) {
    AddFile file;
    file.path = std::move(remove.path);
    file.partition_values = std::move(remove.partition_values);
    file.size_bytes = remove.size_bytes.value_or(kUnknownSize);
    file.deletion_vector = std::move(remove.deletion_vector);
    file.base_row_id = remove.base_row_id;
    file.default_row_commit_version = remove.default_row_commit_version;
    return file;
}

AddFile as_added(CdcFile cdc) {
    AddFile file;
    file.path = std::move(cdc.path);
    file.partition_values = std::move(cdc.partition_values);
    file.size_bytes = cdc.size_bytes;
    return file;
}

Result<DeletedRows> deleted_rows(const TableLocation& table, const std::optional<DeletionVector>& vector) {
    if (!vector) return DeletedRows();
    return read_deletion_vector(table, *vector);
}

// A file that was removed and added again with other deleted rows: only the difference changed.
Result<> add_difference(const TableLocation& table, const std::optional<DeletionVector>& before, AddFile file,
                        std::vector<ChangedFile>& changes) {
    if (before == file.deletion_vector) return {};
    const DeletedRows old_rows = LAGOA_TRY(deleted_rows(table, before));
    const DeletedRows new_rows = LAGOA_TRY(deleted_rows(table, file.deletion_vector));
    file.deletion_vector.reset();
    const auto add = [&](ChangedFile::Kind kind, DeletedRows rows) {
        if (rows.size() == 0) return;
        changes.push_back({.kind = kind, .file = file, .only = std::make_shared<const DeletedRows>(std::move(rows))});
    };
    add(ChangedFile::Kind::kDelete, new_rows.without(old_rows));
    add(ChangedFile::Kind::kInsert, old_rows.without(new_rows));
    return {};
}

Result<std::vector<ChangedFile>> changed_files(const TableLocation& table, DataActions actions) {
    std::vector<ChangedFile> changes;
    for (CdcFile& cdc : actions.cdc)
        changes.push_back({.kind = ChangedFile::Kind::kCdc, .file = as_added(std::move(cdc)), .only = nullptr});
    if (!changes.empty()) return changes;

    std::map<std::string, AddFile*> again;  // by path
    for (AddFile& add : actions.adds) again.emplace(file_key(add.path, std::nullopt), &add);
    for (RemoveFile& remove : actions.removes) {
        const auto pair = again.find(file_key(remove.path, std::nullopt));
        if (pair == again.end()) {
            changes.push_back(
                {.kind = ChangedFile::Kind::kDelete, .file = as_added(std::move(remove)), .only = nullptr});
            continue;
        }
        pair->second->data_change = false;  // told as a difference
        LAGOA_TRY(add_difference(table, remove.deletion_vector, *pair->second, changes),
                  "comparing the deleted rows of {}", remove.path);
    }
    for (AddFile& add : actions.adds)
        if (add.data_change)
            changes.push_back({.kind = ChangedFile::Kind::kInsert, .file = std::move(add), .only = nullptr});
    return changes;
}

Result<CommitChanges> read_commit(const TableLocation& table, const ObjectInfo& object, Version version,
                                  const CommitTimes& times) {
    const std::string text = LAGOA_TRY(table.store->get(object.key));
    CommitChanges commit;
    DataActions data;
    std::int64_t timestamp_ms = times.file_time(version);
    for (Action& action : LAGOA_TRY(parse_commit(text, object.key))) {
        if (auto* const add = std::get_if<AddFile>(&action)) {
            if (add->data_change) data.adds.push_back(std::move(*add));
        } else if (auto* const remove = std::get_if<RemoveFile>(&action)) {
            if (remove->data_change) data.removes.push_back(std::move(*remove));
        } else if (auto* const cdc = std::get_if<CdcFile>(&action)) {
            data.cdc.push_back(std::move(*cdc));
        } else if (auto* const metadata = std::get_if<Metadata>(&action)) {
            commit.metadata = std::move(*metadata);
        } else if (auto* const protocol = std::get_if<Protocol>(&action)) {
            commit.protocol = std::move(*protocol);
        } else if (auto* const info = std::get_if<CommitInfo>(&action); info && times.says_its_time(version)) {
            timestamp_ms = in_commit_timestamp(info->fields).value_or(timestamp_ms);
        }
    }
    commit.files = LAGOA_TRY(changed_files(table, std::move(data)));
    for (ChangedFile& file : commit.files) {
        file.version = version;
        file.timestamp_ms = timestamp_ms;
    }
    return commit;
}

bool reads_as(const Type& older, const Type& newer);

// The column of `older`, by its path, whose values no column of `newer` reads; empty if there is none.
std::string lost_column(const std::vector<Field>& older, const std::vector<Field>& newer) {
    for (const Field& field : older) {
        const std::string name = to_lower(physical_name(field));
        const auto same = std::ranges::find_if(
            newer, [&](const Field& candidate) { return to_lower(physical_name(candidate)) == name; });
        if (same == newer.end()) return field.name;
        if (field.type.kind == TypeKind::kStruct && same->type.kind == TypeKind::kStruct) {
            const std::string lost = lost_column(field.type.children, same->type.children);
            if (!lost.empty()) return field.name + "." + lost;
        } else if (!reads_as(field.type, same->type)) {
            return field.name;
        }
    }
    return {};
}

bool reads_as(const Type& older, const Type& newer) {
    if (older.kind == TypeKind::kVoid) return true;  // no file has it
    if (older.kind != newer.kind || older.children.empty()) return older == newer || can_widen(older, newer);
    if (older.kind == TypeKind::kStruct) return lost_column(older.children, newer.children).empty();
    return std::ranges::equal(older.children, newer.children,
                              [](const Field& a, const Field& b) { return reads_as(a.type, b.type); });
}

class FeedReader {
public:
    FeedReader(const TableLocation& table, const LogFiles& files, Range range)
        : table_(table), files_(files), range_(range) {}

    Result<ChangeFeed> run() {
        LAGOA_TRY(check_range());
        const CommitTimes times = LAGOA_TRY(CommitTimes::read(table_, files_));
        feed_.snapshot = LAGOA_TRY(read_snapshot(table_, range_.to));
        const auto count = static_cast<std::size_t>(range_.to - range_.from + 1);
        const auto read = [&](std::size_t i) {
            const Version version = range_.from + static_cast<Version>(i);
            return read_commit(table_, files_.commits.at(version), version, times);
        };
        const auto use = [&](std::size_t i, Result<CommitChanges> commit) -> Result<> {
            if (!commit) return pass_on(std::move(commit).error());
            return add(range_.from + static_cast<Version>(i), *std::move(commit));
        };
        LAGOA_TRY(read_in_order<CommitChanges>(count, kCommits, read, use));
        return std::move(feed_);
    }

private:
    Result<> check_range() const {
        if (range_.to < range_.from)
            return fail(ErrorCode::kInvalidArgument, "the range ends at version {}, before it starts at {}", range_.to,
                        range_.from);
        const Version newest = files_.newest().value_or(-1);
        // From here to the range's end no commit is missing. What comes after it may be listed with gaps: a listing
        // that goes on while others commit may have the newer of two and not the older.
        Version oldest = std::min(range_.to, newest) + 1;
        while (files_.commits.contains(oldest - 1)) --oldest;
        if (range_.from < oldest || range_.to > newest)
            return fail(ErrorCode::kNotFound, "versions {} to {} are not all there: the log has the commits {} to {}",
                        range_.from, range_.to, oldest, newest);
        return {};
    }

    Result<> add(Version version, CommitChanges commit) {
        if (commit.protocol) LAGOA_TRY(check_readable(*commit.protocol), "version {}", version);
        if (commit.metadata) {
            LAGOA_TRY(check_metadata(*commit.metadata, version));
        } else if (version == range_.from) {
            const auto first = LAGOA_TRY(read_snapshot(table_, version));
            LAGOA_TRY(check_metadata(first->metadata, version));
        }
        for (ChangedFile& changed : commit.files) {
            if (changed.kind == ChangedFile::Kind::kDelete && lacks_metadata(changed.file))
                LAGOA_TRY(complete(changed), "version {} removes {}", version, changed.file.path);
            feed_.files.push_back(std::move(changed));
        }
        return {};
    }

    Result<> check_metadata(const Metadata& metadata, Version version) const {
        if (!is_enabled(metadata, kFeedProperty))
            return fail_with_hint(ErrorCode::kInvalidArgument,
                                  fmt::format("Ask for versions since the property {} was set.", kFeedProperty),
                                  "the change data feed was not enabled in version {}", version);
        const std::string lost = lost_column(metadata.schema.fields, feed_.snapshot->metadata.schema.fields);
        if (lost.empty()) return {};
        return fail_with_hint(ErrorCode::kUnsupported, "Ask for the versions before and after the change apart.",
                              "column {} of version {} is dropped or of another type in version {}, whose schema the "
                              "rows are read with",
                              lost, version, range_.to);
    }

    bool lacks_metadata(const AddFile& file) const {
        const bool is_partitioned = !feed_.snapshot->metadata.partition_columns.empty();
        return file.size_bytes == kUnknownSize || (is_partitioned && file.partition_values.empty());
    }

    // A remove may say no more than the path: the rest is in the version before.
    Result<> complete(ChangedFile& changed) {
        const Version before = changed.version - 1;
        auto older = older_ ? refresh(table_, older_, before) : read_snapshot(table_, before);
        older_ = LAGOA_TRY(std::move(older));
        const auto slot = older_->files.find(file_key(changed.file.path, changed.file.deletion_vector));
        if (!slot) return fail(ErrorCode::kCorruption, "a file that version {} does not have", before);
        const AddFile& file = older_->files[*slot];
        changed.file.partition_values = file.partition_values;
        changed.file.size_bytes = file.size_bytes;
        return {};
    }

    const TableLocation& table_;
    const LogFiles& files_;
    const Range range_;
    ChangeFeed feed_;
    std::shared_ptr<const Snapshot> older_;  // the last that complete() needed
};

}  // namespace

Result<ChangeFeed> read_changes(const TableLocation& table, Version from, std::optional<Version> to) {
    const auto read = [&]() -> Result<ChangeFeed> {
        const LogFiles files = LAGOA_TRY(list_log(table));
        const auto newest = files.newest();
        if (!newest) return fail(ErrorCode::kNotFound, "there is no Delta table");
        if (from > *newest && !to)
            return fail(ErrorCode::kNotFound, "version {} is not there: the newest is {}", from, *newest);
        return FeedReader(table, files, {from, to.value_or(*newest)}).run();
    };
    return LAGOA_TRY(read(), "reading the changes of {}", name_of(table));
}

}  // namespace lagoa::delta
