#include "catalog/impl/table_writer.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "base/text.h"
#include "catalog/impl/row_copy.h"
#include "delta/column_rules.h"
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
    if (has_nothing_to_commit()) return result(base_->version, false);
    if (auto done = settle(); !done) {
        staged.discard();
        return pass_on(std::move(done).error());
    }
    auto committed = commit();
    const bool not_made = committed ? !committed->committed : !is_outcome_unknown(committed.error().code);
    if (not_made)
        discard(staged);
    else if (committed)
        remove_files(location_, settled_.unused);
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
            .tight_bounds = delta::has_feature(protocol_, "deletionVectors"),
            .computed = plan_.computed};
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
    LAGOA_TRY(write(staged, select, AddedKind::kInserted));
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

Result<> TableWriter::find_rows(std::string match) {
    search_ = std::make_unique<RowSearch>(session_, base_, url(), location_, std::move(match));
    return search_->run();
}

Result<> TableWriter::write(StagedFiles& staged, const std::string& select, AddedKind kind) {
    const std::size_t before = staged.files().size();
    LAGOA_TRY(staged.write(select));
    for (std::size_t i = before; i < staged.files().size(); ++i)
        changes_.added.push_back({.file = staged.files()[i], .kind = kind});
    delta::set_identity_marks(plan_.metadata, staged.identity_marks());
    changes_metadata_ |= !staged.identity_marks().empty();
    return {};
}

Result<> TableWriter::stage_merge(StagedFiles& staged, const std::string& select) {
    for (const std::string& column : plan_.computed) {
        const auto identity = LAGOA_TRY(delta::identity_of(*plan_.metadata.schema.find(column)));
        if (identity)
            return fail_with_hint(ErrorCode::kUnsupported, "MERGE INTO, by SQL, keeps those of rows that match.",
                                  "merging into a table with identity column {}, which would be given out anew",
                                  column);
    }
    source_ = LAGOA_TRY(MergeSource::make(session_, select, plan_.metadata.schema, request_.key));
    source_rows_ = source_->rows();
    if (source_rows_ == 0) return {};
    if (is_new()) return write(staged, source_->select(), AddedKind::kInserted);
    LAGOA_TRY(find_rows(source_->match()));
    changes_ = search_->changes(true);
    const bool with_ids = keeps_row_ids();
    if (search_->found_none())
        return write(
            staged,
            with_ids ? fmt::format("SELECT *, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM ({})", source_->select())
                     : source_->select(),
            AddedKind::kInserted);
    // Only a change data feed asks which of the rows are new.
    const bool tells_apart = delta::is_enabled(plan_.metadata, "delta.enableChangeDataFeed");
    if (!tells_apart && !with_ids) return write(staged, source_->select(), AddedKind::kUpdated);
    const std::string matched = source_->select_matched(search_->sql(), with_ids);
    const std::string unmatched = source_->select_unmatched(search_->sql(), with_ids);
    if (!tells_apart) return write(staged, matched + " UNION ALL " + unmatched, AddedKind::kUpdated);
    LAGOA_TRY(write(staged, matched, AddedKind::kUpdated));
    return write(staged, unmatched, AddedKind::kInserted);
}

Result<> TableWriter::stage_replace(StagedFiles& staged, const std::string& select) {
    const std::string& condition = request_.replace_where;
    if (!is_new()) {
        LAGOA_TRY(find_rows(fmt::format("WHERE ({}\n)", condition)));
        changes_ = search_->changes(false);
    }
    // The rows themselves are checked on their way: the SELECT may be readable once.
    const std::string rows = fmt::format("SELECT * {} FROM ({}) WHERE CASE WHEN ({}\n) THEN true ELSE error({}) END",
                                         keeps_row_ids() ? ", CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)" : "", select,
                                         condition, quote_literal(kOutside));
    auto written = write(staged, rows, AddedKind::kInserted);
    if (!written && written.error().message.find(kOutside) != std::string::npos)
        return fail_with_hint(ErrorCode::kDataRejected, "Select only rows that do.", "a row to write does not meet {}",
                              condition);
    source_rows_ = staged.rows();
    return written;
}

Result<> TableWriter::settle() {
    if (changes_.going.empty()) {
        settled_ = settle_added(changes_.added);
        for (const delta::Slot slot : removed_) settled_.removes.push_back(remove_of(base_->files[slot]));
        settled_.counts.files_removed = removed_.size();
        return {};
    }
    const SettleTarget target{
        .location = location_, .url = url(), .base = base_, .metadata = plan_.metadata, .protocol = protocol_};
    settled_ = LAGOA_TRY(settle_rows(session_, target, changes_));
    return {};
}

// ------------------------------------------------------------------ the commit

bool TableWriter::has_nothing_to_commit() const {
    if (is_new()) return false;
    if (request_.skip_if_empty && source_rows_ == 0) return true;
    return changes_.empty() && removed_.empty() && !request_.txn && !changes_metadata_;
}

Result<WriteResult> TableWriter::commit() {
    for (int attempt = 0;; ++attempt) {
        const auto version = delta::commit(location_, base_, commit_request(), options_);
        if (version) return result(*version, true);
        const ErrorCode code = version.error().code;
        if (code == ErrorCode::kAlreadyExists && request_.txn)  // someone else has applied this very step
            return result(LAGOA_TRY(delta::newest_version(location_)), false);
        if (code != ErrorCode::kConflict || attempt == kMaxRebases) return pass_on(version.error());
        const bool rebased = LAGOA_TRY(rebase());
        if (!rebased) return pass_on(version.error());
    }
}

// After a conflict: whether the staged files fit the table as it is now, which becomes the base. Only an
// append's may: it has read nothing, so that what changed is the table's metadata, or that it exists.
Result<bool> TableWriter::rebase() {
    if (request_.mode != WriteMode::kAppend || was_dropped_) return false;
    const delta::Metadata before = plan_.metadata;
    base_ = LAGOA_TRY(delta::read_snapshot(location_));
    LAGOA_TRY(check_request());
    LAGOA_TRY(check_step());
    LAGOA_TRY(plan());
    if (settled_.adds.empty()) return true;
    if (plan_.metadata.partition_columns != before.partition_columns) return false;
    // Rows that were checked by other rules, or came without a column that has one, are not what they have to be.
    if (delta::has_row_rules(plan_.metadata) || delta::has_row_rules(before)) {
        const auto conditions = LAGOA_TRY(delta::row_conditions(before));
        const auto conditions_now = LAGOA_TRY(delta::row_conditions(plan_.metadata));
        if (plan_.metadata.schema != before.schema || conditions_now != conditions) return false;
    }
    // Equal fields have equal places in files, by their metadata; a column that both added has two.
    return std::ranges::all_of(before.schema.fields, [this](const Field& field) {
        const Field* const now = plan_.metadata.schema.find(field.name);
        return now != nullptr && *now == field;
    });
}

void TableWriter::discard(StagedFiles& staged) {
    remove_paths(location_, settled_.written);
    staged.discard();
}

delta::CommitRequest TableWriter::commit_request() const {
    delta::CommitRequest commit;
    commit.adds = settled_.adds;
    commit.removes = settled_.removes;
    commit.cdc = settled_.cdc;
    if (changes_metadata_) {
        commit.metadata = plan_.metadata;
        if (!base_ || protocol_ != base_->protocol) commit.protocol = protocol_;
    }
    if (request_.txn) commit.txns.push_back(*request_.txn);
    commit.rules_enforced = true;  // by the sink that staged the rows (row_rules.h)
    commit.read_set = read_set();
    commit.user_metadata = request_.user_metadata;
    commit.commit_info = request_.commit_info;
    describe(commit);
    return commit;
}

// What a file added meanwhile would have changed of this write.
delta::ReadSet TableWriter::read_set() const {
    if (request_.mode == WriteMode::kAppend && !was_dropped_) return delta::ReadSet::nothing();
    delta::ReadSet read{.scope = delta::ReadSet::Scope::kFiles, .files = {}, .may_match = {}};
    if (partitions_) {
        read.may_match = [this](const delta::AddFile& added) { return writes_partition_of(added); };
    } else if (search_) {
        read.may_match = [this](const delta::AddFile& added) { return search_->touches(added); };
    } else {
        return delta::ReadSet::whole_table();
    }
    return read;
}

// operationParameters and operationMetrics as Spark names them.
void TableWriter::describe(delta::CommitRequest& commit) const {
    const bool merge = request_.mode == WriteMode::kMerge;
    commit.operation = merge && request_.operation == "WRITE" ? "MERGE" : request_.operation;
    RowCounts counts = settled_.counts;
    if (merge) {
        std::vector<std::string> parts;
        for (const std::string& column : request_.key) parts.push_back(fmt::format("(t.{0} = s.{0})", column));
        commit.operation_parameters =
            json::make_object({{"predicate", to_json_text({fmt::format("{}", fmt::join(parts, " AND "))})},
                               {"matchedPredicates", R"([{"actionType":"update"}])"},
                               {"notMatchedPredicates", R"([{"actionType":"insert"}])"},
                               {"notMatchedBySourcePredicates", "[]"}});
        counts.inserted = source_rows_ - std::min(source_rows_, counts.updated);
        commit.operation_metrics = row_metrics("MERGE", counts, source_rows_);
        return;
    }
    commit.operation_parameters =
        json::make_object({{"mode", request_.mode == WriteMode::kAppend ? "Append" : "Overwrite"},
                           {"partitionBy", to_json_text(plan_.metadata.partition_columns)}});
    if (request_.mode == WriteMode::kReplaceWhere) commit.operation_parameters.set("predicate", request_.replace_where);
    if (request_.mode == WriteMode::kOverwritePartitions)
        commit.operation_parameters.set("isDynamicPartitionOverwrite", true);
    commit.operation_metrics = row_metrics("WRITE", counts);
    if (request_.mode != WriteMode::kAppend) commit.operation_metrics.set("numRemovedFiles", counts.files_removed);
}

WriteResult TableWriter::result(delta::Version version, bool committed) const {
    WriteResult written{.version = version, .committed = committed};
    if (!committed) return written;
    written.rows = source_rows_;
    written.files = settled_.counts.files_added;
    written.size_bytes = settled_.counts.bytes_added;
    return written;
}

}  // namespace lagoa
