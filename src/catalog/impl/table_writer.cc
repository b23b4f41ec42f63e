#include "catalog/impl/table_writer.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "catalog/duckdb/held_snapshot.h"
#include "catalog/impl/merge.h"
#include "catalog/impl/staged_file.h"

namespace lagoa {
namespace {

constexpr int kMaxRebases = 10;  // of an append over changes of the table's metadata

delta::RemoveFile remove_of(const delta::AddFile& file) {
    return {.path = file.path,
            .data_change = true,
            .extended_file_metadata = true,
            .partition_values = file.partition_values,
            .size_bytes = file.size_bytes,
            .deletion_vector = file.deletion_vector};
}

std::string_view name_of(WriteMode mode) {
    switch (mode) {
        case WriteMode::kAppend:
            return "Append";
        case WriteMode::kOverwrite:
        case WriteMode::kOverwritePartitions:
        case WriteMode::kReplaceWhere:
            return "Overwrite";
        case WriteMode::kMerge:
            return "Merge";
    }
    return "Append";
}

// The table as if it had these files only.
std::shared_ptr<const delta::Snapshot> with_files(const delta::Snapshot& snapshot, const std::vector<delta::Slot>& kept) {
    std::vector<delta::AddFile> files;
    for (const delta::Slot slot : kept) files.push_back(snapshot.files[slot]);
    auto part = std::make_shared<delta::Snapshot>(snapshot);
    part->files = delta::FileList(std::move(files));
    return part;
}

json::Array to_json(const std::vector<std::string>& names) {
    return json::Array(names.begin(), names.end());
}

}  // namespace

TableWriter::TableWriter(Session& session, delta::TableLocation location, std::shared_ptr<const delta::Snapshot> base,
                         const WriteRequest& request, Clock& clock)
    : session_(session), location_(std::move(location)), base_(std::move(base)), request_(request), clock_(clock) {}

Result<WriteResult> TableWriter::run() {
    if (base_ && request_.txn && base_->txn_version(request_.txn->app_id) >= request_.txn->version)
        return WriteResult{.version = base_->version};
    if (request_.mode == WriteMode::kOverwritePartitions || request_.mode == WriteMode::kReplaceWhere)
        return fail(ErrorCode::kUnsupported, "replacing a part of {} is not supported yet", request_.table.text());
    LAGOA_TRY(check_step());
    columns_ = LAGOA_TRY(session_.describe(request_.select));
    LAGOA_TRY(plan());
    StagedFiles staged(session_, staging_target());
    if (auto done = stage(staged); !done) {
        staged.discard();
        return pass_on(std::move(done).error());
    }
    if (has_nothing_to_commit(staged)) return result(staged, base_->version, false);
    auto committed = commit(staged);
    if (!committed && !is_outcome_unknown(committed.error().code)) staged.discard();
    return committed;
}

// The rows were made on what the application had done; someone else may have gone on meanwhile.
Result<> TableWriter::check_step() const {
    if (!request_.txn || !request_.txn_after) return {};
    const std::int64_t now = base_ ? base_->txn_version(request_.txn->app_id) : -1;
    if (now == *request_.txn_after) return {};
    return fail(ErrorCode::kConflict, "{} has applied step {} of {}, not {}", request_.table.text(), now,
                request_.txn->app_id, *request_.txn_after);
}

Result<> TableWriter::plan() {
    plan_ = LAGOA_TRY(plan_schema(base_ ? &base_->metadata.schema : nullptr, columns_, request_.comments));
    for (const std::string& column : staging_target().metadata.partition_columns) {
        const Field* field = plan_.schema.find(column);
        if (!field) return fail(ErrorCode::kInvalidArgument, "the partition column {} is not in the table", column);
        if (!may_partition(field->type))
            return fail(ErrorCode::kInvalidArgument, "a table cannot be partitioned by {}, which is {}", column,
                        to_sql(field->type));
    }
    for (const std::string& column : request_.key)
        if (base_ && request_.mode == WriteMode::kMerge && !base_->metadata.schema.find(column))
            return fail(ErrorCode::kInvalidArgument, "the key's column {} is not in the table", column);
    return {};
}

StagingTarget TableWriter::staging_target() const {
    StagingTarget target{.location = location_, .url = url(), .metadata = {}};
    target.metadata.schema = plan_.schema;
    target.metadata.configuration = base_ ? base_->metadata.configuration : request_.properties;
    target.metadata.partition_columns = base_ ? base_->metadata.partition_columns : request_.partition_by;
    // The names of the schema: SQL's ignore case, those in the log do not.
    for (std::string& column : target.metadata.partition_columns)
        if (const Field* field = plan_.schema.find(column)) column = field->name;
    return target;
}

std::string TableWriter::url() const {
    return fmt::format("lagoa://{}/{}", request_.table.zone, location_.path);
}

Result<> TableWriter::stage(StagedFiles& staged) {
    const std::string select =
        fmt::format("SELECT {} FROM ({}\n) AS source", fmt::join(plan_.select, ", "), request_.select);
    if (request_.mode == WriteMode::kMerge) return stage_merge(staged, select);
    LAGOA_TRY(staged.write(select));
    source_rows_ = staged.rows();
    if (request_.mode == WriteMode::kOverwrite && base_) {
        for (auto file = base_->files.begin(); file != base_->files.end(); ++file) removed_.push_back(file.slot());
    }
    return {};
}

Result<> TableWriter::stage_merge(StagedFiles& staged, const std::string& select) {
    const auto source = LAGOA_TRY(MergeSource::make(session_, select, plan_.schema, request_.key));
    source_rows_ = source->rows();
    if (source_rows_ == 0) return {};
    if (!base_ || base_->files.empty()) return staged.write(source->select());
    {
        const HeldSnapshot table(session_, base_, url());
        removed_ = LAGOA_TRY(source->touched_files(table.sql()));
    }
    if (removed_.empty()) return staged.write(source->select());
    const HeldSnapshot touched(session_, with_files(*base_, removed_), url());
    const std::string kept = source->select_kept(touched.sql(), base_->metadata.schema, plan_.schema);
    return staged.write(kept + " UNION ALL " + source->select());
}

bool TableWriter::has_nothing_to_commit(const StagedFiles& staged) const {
    if (!base_) return false;
    if (request_.skip_if_empty && source_rows_ == 0) return true;
    return staged.files().empty() && removed_.empty() && !request_.txn && !changed_metadata();
}

Result<WriteResult> TableWriter::commit(StagedFiles& staged) {
    for (int attempt = 0;; ++attempt) {
        const auto version = commit_once(staged);
        if (version) return result(staged, *version, true);
        const ErrorCode code = version.error().code;
        if (code == ErrorCode::kAlreadyExists && request_.txn) {  // someone else has applied this very step
            staged.discard();
            return result(staged, LAGOA_TRY(delta::newest_version(location_)), false);
        }
        if (code != ErrorCode::kConflict || attempt == kMaxRebases) return pass_on(version.error());
        const bool rebased = LAGOA_TRY(rebase(staged));
        if (!rebased) return pass_on(version.error());
    }
}

Result<delta::Version> TableWriter::commit_once(const StagedFiles& staged) {
    return delta::commit(location_, base_, commit_request(staged), {.clock = &clock_});
}

// After a conflict: whether the staged files fit the table as it is now, which becomes the base. Only an
// append's may: it has read nothing, so that what changed is the table's metadata, or that it exists.
Result<bool> TableWriter::rebase(const StagedFiles& staged) {
    if (request_.mode != WriteMode::kAppend) return false;
    const Schema staged_schema = plan_.schema;
    const std::vector<std::string> staged_partitions = staging_target().metadata.partition_columns;
    base_ = LAGOA_TRY(delta::read_snapshot(location_));
    LAGOA_TRY(check_step());
    plan_ = LAGOA_TRY(plan_schema(&base_->metadata.schema, columns_, request_.comments));
    if (staged.files().empty()) return true;
    if (staging_target().metadata.partition_columns != staged_partitions) return false;
    return std::ranges::all_of(staged_schema.fields, [this](const Field& field) {
        const Field* now = plan_.schema.find(field.name);
        return now && now->name == field.name && now->type == field.type && now->nullable;
    });
}

std::optional<delta::Metadata> TableWriter::changed_metadata() const {
    if (!base_) {
        return delta::Metadata{.name = request_.table.table,
                               .description = request_.description,
                               .schema = plan_.schema,
                               .partition_columns = staging_target().metadata.partition_columns,
                               .configuration = request_.properties};
    }
    delta::Metadata metadata = base_->metadata;
    bool changed = plan_.changed;
    metadata.schema = plan_.schema;
    for (const auto& [key, value] : request_.properties) {
        const auto [place, added] = metadata.configuration.try_emplace(key, value);
        changed |= added || std::exchange(place->second, value) != value;
    }
    if (!request_.description.empty() && metadata.description != request_.description) {
        metadata.description = request_.description;
        changed = true;
    }
    return changed ? std::optional(std::move(metadata)) : std::nullopt;
}

delta::CommitRequest TableWriter::commit_request(const StagedFiles& staged) const {
    delta::CommitRequest commit;
    commit.adds = staged.files();
    for (const std::size_t place : removed_) commit.removes.push_back(remove_of(base_->files[place]));
    commit.metadata = changed_metadata();
    if (base_ && commit.metadata) commit.protocol = raised_protocol(plan_.schema, base_->protocol);
    if (request_.txn) commit.txns.push_back(*request_.txn);
    commit.read_set = request_.mode == WriteMode::kAppend ? delta::ReadSet::nothing() : delta::ReadSet::whole_table();
    const bool merge = request_.mode == WriteMode::kMerge;
    commit.operation = merge && request_.operation == "WRITE" ? "MERGE" : request_.operation;
    commit.operation_parameters =
        json::make_object({{"mode", name_of(request_.mode)},
                           {"partitionBy", json::dump(to_json(staging_target().metadata.partition_columns))}});
    if (merge) commit.operation_parameters.set("key", json::dump(to_json(request_.key)));
    commit.operation_metrics = json::make_object({{"numFiles", std::uint64_t{staged.files().size()}},
                                                  {"numOutputRows", staged.rows()},
                                                  {"numOutputBytes", staged.size_bytes()},
                                                  {"numRemovedFiles", std::uint64_t{removed_.size()}}});
    if (merge) commit.operation_metrics.set("numSourceRows", source_rows_);
    commit.user_metadata = request_.user_metadata;
    return commit;
}

WriteResult TableWriter::result(const StagedFiles& staged, delta::Version version, bool committed) const {
    WriteResult written{.version = version, .committed = committed};
    if (!committed) return written;
    written.rows = source_rows_;
    written.files = staged.files().size();
    written.size_bytes = staged.size_bytes();
    return written;
}

}  // namespace lagoa
