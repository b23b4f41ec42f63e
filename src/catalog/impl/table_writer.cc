#include "catalog/impl/table_writer.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "base/text.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"

namespace lagoa {
namespace {

constexpr int kMaxRebases = 10;  // of an append over changes of the table's metadata
// What the engine says of a row that a replaceWhere may not write; told from the SELECT's own errors by it.
constexpr std::string_view kOutside = "lagoa: a row written does not meet replace_where";

std::string to_json_text(const std::vector<std::string>& names) {
    return json::dump(json::Array(names.begin(), names.end()));
}

}  // namespace

TableWriter::TableWriter(Session& session, delta::TableLocation location, std::shared_ptr<const delta::Snapshot> base,
                         bool was_dropped, const WriteRequest& request, delta::CommitOptions options)
    : session_(session),
      location_(std::move(location)),
      base_(std::move(base)),
      was_dropped_(was_dropped),
      request_(request),
      options_(std::move(options)) {}

Result<WriteResult> TableWriter::run() {
    if (base_ && request_.txn && base_->txn_version(request_.txn->app_id) >= request_.txn->version)
        return WriteResult{.version = base_->version};
    LAGOA_TRY(check_request());
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

Result<> TableWriter::check_request() const {
    if (base_) LAGOA_TRY(delta::check_writable(base_->protocol, base_->metadata));
    if (request_.replace_schema && request_.mode != WriteMode::kOverwrite)
        return fail(ErrorCode::kInvalidArgument, "only an overwrite can replace a table's columns");
    if (request_.mode == WriteMode::kReplaceWhere && trim(request_.replace_where).empty())
        return fail(ErrorCode::kInvalidArgument, "replacing rows of {} needs a condition", request_.table.text());
    return {};
}

// The rows were made on what the application had done; someone else may have gone on meanwhile.
Result<> TableWriter::check_step() const {
    if (!request_.txn || !request_.txn_after) return {};
    const std::int64_t now = base_ ? base_->txn_version(request_.txn->app_id) : -1;
    if (now == *request_.txn_after) return {};
    return fail(ErrorCode::kConflict, "{} has applied step {} of {}, not {}", request_.table.text(), now,
                request_.txn->app_id, *request_.txn_after);
}

// ------------------------------------------------------------------ the table as it will be

Result<> TableWriter::plan() {
    const delta::Metadata* const current = is_new() ? nullptr : &base_->metadata;
    plan_ = LAGOA_TRY(plan_schema(current, columns_, request_.comments,
                                  request_.replace_schema ? Columns::kReplace : Columns::kEvolve));
    delta::Metadata& metadata = plan_.metadata;
    changes_metadata_ = plan_.changed;
    if (is_new()) {
        metadata.name = request_.table.table;
        metadata.description = request_.description;
        metadata.partition_columns = request_.partition_by;
        if (base_) keep_column_mapping(metadata, base_->metadata);
    } else if (request_.replace_schema && !request_.partition_by.empty()) {
        changes_metadata_ |= std::exchange(metadata.partition_columns, request_.partition_by) != request_.partition_by;
    }
    for (const auto& [key, value] : request_.properties) {
        const auto [place, added] = metadata.configuration.try_emplace(key, value);
        changes_metadata_ |= added || std::exchange(place->second, value) != value;
    }
    if (!request_.description.empty() && metadata.description != request_.description) {
        metadata.description = request_.description;
        changes_metadata_ = true;
    }
    LAGOA_TRY(check_columns());
    // The names of the schema: SQL's ignore case, those in the log do not.
    for (std::string& column : metadata.partition_columns) column = metadata.schema.find(column)->name;
    if (!changes_metadata_) {
        protocol_ = base_->protocol;
        return {};
    }
    protocol_ = LAGOA_TRY(prepare_metadata(metadata, base_.get()));
    return {};
}

Result<> TableWriter::check_columns() const {
    const Schema& schema = plan_.metadata.schema;
    for (const std::string& column : plan_.metadata.partition_columns) {
        const Field* field = schema.find(column);
        if (!field) return fail(ErrorCode::kInvalidArgument, "the partition column {} is not in the table", column);
        if (!may_partition(field->type))
            return fail(ErrorCode::kInvalidArgument, "a table cannot be partitioned by {}, which is {}", column,
                        to_sql(field->type));
    }
    if (plan_.metadata.partition_columns.size() == schema.fields.size())
        return fail(ErrorCode::kInvalidArgument, "a table needs a column that it is not partitioned by");
    for (const std::string& column : request_.key)
        if (!is_new() && request_.mode == WriteMode::kMerge && !base_->metadata.schema.find(column))
            return fail(ErrorCode::kInvalidArgument, "the key's column {} is not in the table", column);
    return {};
}

bool TableWriter::keeps_row_ids() const {
    const bool rewrites = request_.mode == WriteMode::kMerge || request_.mode == WriteMode::kReplaceWhere;
    return rewrites && !is_new() && !row_tracking_columns(base_->metadata).empty();
}

StagingTarget TableWriter::staging_target() const {
    return {.location = location_,
            .url = url(),
            .metadata = plan_.metadata,
            .hidden = keeps_row_ids() ? row_tracking_columns(base_->metadata) : std::vector<Field>{},
            .tight_bounds = delta::has_feature(protocol_, "deletionVectors")};
}

std::string TableWriter::url() const {
    return fmt::format("lagoa://{}/{}", request_.table.zone, location_.path);
}

// ------------------------------------------------------------------ its files

Result<> TableWriter::stage(StagedFiles& staged) {
    if (was_dropped_) remove_all();
    const std::string select =
        fmt::format("SELECT {} FROM ({}\n) AS source", fmt::join(plan_.select, ", "), request_.select);
    if (request_.mode == WriteMode::kMerge) return stage_merge(staged, select);
    if (request_.mode == WriteMode::kReplaceWhere) return stage_replace(staged, select);
    LAGOA_TRY(staged.write(select));
    source_rows_ = staged.rows();
    if (is_new() || request_.mode == WriteMode::kAppend) return {};
    if (request_.mode == WriteMode::kOverwritePartitions && !plan_.metadata.partition_columns.empty())
        remove_partitions_of(staged);
    else
        remove_all();
    return {};
}

void TableWriter::remove_all() {
    for (auto file = base_->files.begin(); file != base_->files.end(); ++file) removed_.push_back(file.slot());
}

bool TableWriter::writes_partition_of(const delta::AddFile& file) const {
    return partitions_->contains(same_spelling(plan_.metadata, file.partition_values));
}

void TableWriter::remove_partitions_of(const StagedFiles& staged) {
    partitions_.emplace();
    for (const delta::AddFile& file : staged.files())
        partitions_->insert(same_spelling(plan_.metadata, file.partition_values));
    for (auto file = base_->files.begin(); file != base_->files.end(); ++file)
        if (writes_partition_of(*file)) removed_.push_back(file.slot());
}

Result<> TableWriter::find_going_rows(RowMatch match) {
    rewrite_ = std::make_unique<FileRewrite>(session_, base_, url(), location_, std::move(match));
    LAGOA_TRY(rewrite_->find_files());
    removed_ = rewrite_->removed();
    const bool splits_files = rewrite_->has_staying_rows() || (source_ && !removed_.empty());
    if (splits_files && delta::is_enabled(base_->metadata, "delta.enableChangeDataFeed"))
        return fail_with_hint(ErrorCode::kUnsupported, "Overwrite whole partitions, or turn off the change data feed.",
                              "rewriting files of {}, which has a change data feed", request_.table.text());
    return {};
}

Result<> TableWriter::stage_merge(StagedFiles& staged, const std::string& select) {
    source_ = LAGOA_TRY(MergeSource::make(session_, select, plan_.metadata.schema, request_.key));
    source_rows_ = source_->rows();
    if (source_rows_ == 0) return {};
    if (is_new()) return staged.write(source_->select());
    LAGOA_TRY(find_going_rows(source_->match()));
    std::string rows = source_->select();
    if (keeps_row_ids())
        rows = removed_.empty() ? fmt::format("SELECT *, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM ({})", rows)
                                : source_->select_with_row_ids(rewrite_->removed_sql());
    if (rewrite_->has_staying_rows()) rows = rewrite_->select_staying(plan_.metadata.schema) + " UNION ALL " + rows;
    return staged.write(rows);
}

Result<> TableWriter::stage_replace(StagedFiles& staged, const std::string& select) {
    const std::string& condition = request_.replace_where;
    // The rows themselves are checked on their way: the SELECT may be readable once.
    std::string rows = fmt::format("SELECT * {} FROM ({}) WHERE CASE WHEN ({}\n) THEN true ELSE error({}) END",
                                   keeps_row_ids() ? ", CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)" : "", select,
                                   condition, quote_literal(kOutside));
    const auto write = [&](const std::string& what) -> Result<> {
        auto written = staged.write(what);
        if (!written && written.error().message.find(kOutside) != std::string::npos)
            return fail_with_hint(ErrorCode::kDataRejected, "Select only rows that do.",
                                  "a row to write does not meet {}", condition);
        return written;
    };
    if (!is_new())
        LAGOA_TRY(find_going_rows({.going = fmt::format("WHERE ({}\n)", condition),
                                   .staying = fmt::format("WHERE ({}\n) IS NOT TRUE", condition)}));
    LAGOA_TRY(write(rows));
    source_rows_ = staged.rows();
    if (!rewrite_ || !rewrite_->has_staying_rows()) return {};
    return write(rewrite_->select_staying(plan_.metadata.schema));
}

// ------------------------------------------------------------------ the commit

bool TableWriter::has_nothing_to_commit(const StagedFiles& staged) const {
    if (is_new()) return false;
    if (request_.skip_if_empty && source_rows_ == 0) return true;
    return staged.files().empty() && removed_.empty() && !request_.txn && !changes_metadata_;
}

Result<WriteResult> TableWriter::commit(StagedFiles& staged) {
    for (int attempt = 0;; ++attempt) {
        const auto version = delta::commit(location_, base_, commit_request(staged), options_);
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

// After a conflict: whether the staged files fit the table as it is now, which becomes the base. Only an
// append's may: it has read nothing, so that what changed is the table's metadata, or that it exists.
Result<bool> TableWriter::rebase(const StagedFiles& staged) {
    if (request_.mode != WriteMode::kAppend || was_dropped_) return false;
    const delta::Metadata before = plan_.metadata;
    base_ = LAGOA_TRY(delta::read_snapshot(location_));
    LAGOA_TRY(check_request());
    LAGOA_TRY(check_step());
    LAGOA_TRY(plan());
    if (staged.files().empty()) return true;
    if (plan_.metadata.partition_columns != before.partition_columns) return false;
    // Equal fields have equal places in files, by their metadata; a column that both added has two.
    return std::ranges::all_of(before.schema.fields, [this](const Field& field) {
        const Field* const now = plan_.metadata.schema.find(field.name);
        return now != nullptr && *now == field;
    });
}

delta::CommitRequest TableWriter::commit_request(const StagedFiles& staged) const {
    delta::CommitRequest commit;
    commit.adds = staged.files();
    for (const delta::Slot slot : removed_) commit.removes.push_back(remove_of(base_->files[slot]));
    if (changes_metadata_) {
        commit.metadata = plan_.metadata;
        if (!base_ || protocol_ != base_->protocol) commit.protocol = protocol_;
    }
    if (request_.txn) commit.txns.push_back(*request_.txn);
    commit.read_set = read_set();
    commit.user_metadata = request_.user_metadata;
    commit.commit_info = request_.commit_info;
    describe(commit, staged);
    return commit;
}

// What a file added meanwhile would have changed of this write.
delta::ReadSet TableWriter::read_set() const {
    if (request_.mode == WriteMode::kAppend && !was_dropped_) return delta::ReadSet::nothing();
    delta::ReadSet read{.scope = delta::ReadSet::Scope::kFiles, .files = {}, .may_match = {}};
    if (partitions_) {
        read.may_match = [this](const delta::AddFile& added) { return writes_partition_of(added); };
    } else if (rewrite_) {
        read.may_match = [this](const delta::AddFile& added) { return rewrite_->touches(added); };
    } else {
        return delta::ReadSet::whole_table();
    }
    return read;
}

// operationParameters and operationMetrics as Spark names them.
void TableWriter::describe(delta::CommitRequest& commit, const StagedFiles& staged) const {
    const bool merge = request_.mode == WriteMode::kMerge;
    commit.operation = merge && request_.operation == "WRITE" ? "MERGE" : request_.operation;
    const std::uint64_t files = staged.files().size();
    if (merge) {
        std::vector<std::string> parts;
        for (const std::string& column : request_.key) parts.push_back(fmt::format("(t.{0} = s.{0})", column));
        const std::uint64_t replaced = rewrite_ ? rewrite_->rows_going() : 0;
        commit.operation_parameters =
            json::make_object({{"predicate", to_json_text({fmt::format("{}", fmt::join(parts, " AND "))})},
                               {"matchedPredicates", R"([{"actionType":"update"}])"},
                               {"notMatchedPredicates", R"([{"actionType":"insert"}])"},
                               {"notMatchedBySourcePredicates", "[]"}});
        commit.operation_metrics =
            json::make_object({{"numSourceRows", source_rows_},
                               {"numTargetRowsInserted", source_rows_ - std::min(source_rows_, replaced)},
                               {"numTargetRowsUpdated", replaced},
                               {"numTargetRowsCopied", staged.rows() - std::min(staged.rows(), source_rows_)},
                               {"numTargetRowsDeleted", std::uint64_t{0}},
                               {"numTargetFilesAdded", files},
                               {"numTargetFilesRemoved", std::uint64_t{removed_.size()}},
                               {"numOutputRows", staged.rows()}});
        return;
    }
    commit.operation_parameters =
        json::make_object({{"mode", request_.mode == WriteMode::kAppend ? "Append" : "Overwrite"},
                           {"partitionBy", to_json_text(plan_.metadata.partition_columns)}});
    if (request_.mode == WriteMode::kReplaceWhere) commit.operation_parameters.set("predicate", request_.replace_where);
    if (request_.mode == WriteMode::kOverwritePartitions)
        commit.operation_parameters.set("isDynamicPartitionOverwrite", true);
    commit.operation_metrics = json::make_object(
        {{"numFiles", files}, {"numOutputRows", staged.rows()}, {"numOutputBytes", staged.size_bytes()}});
    if (request_.mode != WriteMode::kAppend)
        commit.operation_metrics.set("numRemovedFiles", std::uint64_t{removed_.size()});
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
