#include "catalog/impl/optimize_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/ranges.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/duckdb/curve_order.h"
#include "catalog/duckdb/dropped_columns.h"
#include "catalog/duckdb/held_snapshot.h"
#include "catalog/duckdb/partition_filter.h"
#include "catalog/impl/optimize_plan.h"
#include "catalog/impl/row_copy.h"
#include "catalog/impl/staged_files.h"
#include "delta/stats.h"
#include "delta/table_features.h"

namespace lagoa {
namespace {

constexpr int kMaxAttempts = 5;  // after others took files away that were being written again

std::string key_of(const delta::AddFile& file) {
    return delta::file_key(file.path, file.deletion_vector);
}

bool is_live(const delta::Snapshot& snapshot, const delta::AddFile& file) {
    return snapshot.files.find(key_of(file)).has_value();
}

// Whether rows that were staged for a table with `a` fit one with `b`.
bool writes_equal_files(const delta::Metadata& a, const delta::Metadata& b) {
    return a.id == b.id && a.schema == b.schema && a.partition_columns == b.partition_columns &&
           a.configuration == b.configuration;
}

std::string sql_of(const delta::NamePath& column) {
    std::string sql = "t";
    for (const std::string& name : column) sql += "." + quote_identifier(name);
    return sql;
}

json::Value to_json_text(const std::vector<std::string>& texts) {
    return json::dump(json::Array(texts.begin(), texts.end()));
}

class Optimization {
public:
    Optimization(const OperationContext& context, const TableName& table, const OptimizeRequest& request)
        : context_(context), table_(table), request_(request) {}

    Result<OptimizeResult> run() {
        location_ = LAGOA_TRY(context_.tables->locate(table_));
        url_ = fmt::format("lagoa://{}/{}", table_.zone, location_.path);
        session_ = LAGOA_TRY(context_.connect());
        const InterruptOnStop interrupt(*session_, request_.stop);
        auto done = optimize();
        if (!done && !is_outcome_unknown(done.error().code)) discard_all();
        return done;
    }

private:
    // One bin, written again.
    struct Written {
        std::shared_ptr<const delta::Snapshot> base;  // that the bin's files are of
        OptimizeBin bin;
        std::vector<delta::AddFile> files;
    };

    Result<OptimizeResult> optimize() {
        for (int attempt = 1;; ++attempt) {
            LAGOA_TRY(plan());
            for (OptimizeBin& bin : std::exchange(bins_, {})) LAGOA_TRY(write(std::move(bin)));
            if (written_.empty()) return result(std::nullopt);
            if (request_.stop.stop_requested()) return fail(ErrorCode::kCancelled, "stopped before the commit");
            const auto version =
                delta::commit(location_, base_, commit_request(), context_.tables->commit_options(table_));
            if (version) return result(*version);
            if (version.error().code != ErrorCode::kConflict || attempt == kMaxAttempts)
                return pass_on(version.error());
            log::info("catalog.optimize_again", {{"table", table_.text()}, {"why", version.error().message}});
        }
    }

    // What is to be done on the table's newest version, less what has been done already.
    Result<> plan() {
        const auto newest = LAGOA_TRY(context_.writable(table_));
        const OptimizeLayout layout = LAGOA_TRY(plan_layout(*newest, request_));
        if (!base_) {
            first_ = newest;
        } else if (!writes_equal_files(base_->metadata, newest->metadata) || layout.columns != layout_.columns) {
            discard_all();
        }
        base_ = newest;
        layout_ = layout;
        discard_stale();

        delta::FileRefs files = LAGOA_TRY(chosen_files());
        files_considered_ = files.size();
        std::set<std::string> done;
        for (const Written& written : written_)
            for (const delta::AddFile* file : written.bin.files) done.insert(key_of(*file));
        // Files that came after the operation began are the next one's, so that it ends.
        std::erase_if(files, [&](const delta::AddFile* file) {
            return base_ != first_ && (done.contains(key_of(*file)) || !is_live(*first_, *file));
        });
        if (layout_.mode == OptimizeMode::kPurge) files = LAGOA_TRY(files_to_purge(files));
        bins_ = plan_bins(base_->metadata, layout_, std::move(files));
        return {};
    }

    // Those in the partitions that the request is about.
    Result<delta::FileRefs> chosen_files() {
        delta::FileRefs files;
        if (trim(request_.where).empty()) {
            for (const delta::AddFile& file : base_->files) files.push_back(&file);
            return files;
        }
        std::set<delta::PartitionValues> all;
        for (const delta::AddFile& file : base_->files) all.insert(file.partition_values);
        const std::vector<delta::PartitionValues> partitions(all.begin(), all.end());
        const auto matching = LAGOA_TRY(match_partitions(*session_, base_->metadata, partitions, request_.where));
        std::set<delta::PartitionValues> chosen;
        for (std::size_t i = 0; i < partitions.size(); ++i)
            if (matching[i]) chosen.insert(partitions[i]);
        for (const delta::AddFile& file : base_->files)
            if (chosen.contains(file.partition_values)) files.push_back(&file);
        return files;
    }

    Result<delta::FileRefs> files_to_purge(const delta::FileRefs& files) {
        delta::FileRefs whole;
        for (const delta::AddFile* file : files)
            if (!has_deleted_rows(*file)) whole.push_back(file);
        const auto dropped = LAGOA_TRY(find_dropped_columns(*session_, *base_, url_, whole));
        const std::set<const delta::AddFile*> hold_dropped(dropped.begin(), dropped.end());
        delta::FileRefs purged;
        for (const delta::AddFile* file : files)
            if (has_deleted_rows(*file) || hold_dropped.contains(file)) purged.push_back(file);
        return purged;
    }

    // ------------------------------------------------------------------ rows

    Result<> write(OptimizeBin bin) {
        std::vector<delta::AddFile> files;
        std::uint64_t rows = 0;
        for (const delta::AddFile* file : bin.files) {
            files.push_back(*file);
            rows += delta::live_row_count(*file).value_or(0);
        }
        const bool partitioned = !base_->metadata.partition_columns.empty();
        StagingTarget target = this->target();
        if (partitioned) target.partition = OnePartition{.values = bin.partition, .folder = folder_of(files)};
        StagedFiles staged(*session_, std::move(target));

        auto part = std::make_shared<delta::Snapshot>(*base_);
        part->files = delta::FileList(std::move(files));
        const HeldSnapshot held(*session_, std::move(part), url_, location_);
        std::unique_ptr<CurveOrder> order;
        if (!layout_.columns.empty()) {
            std::vector<std::string> columns;
            for (const delta::NamePath& column : layout_.columns) columns.push_back(sql_of(column));
            const Curve curve = layout_.mode == OptimizeMode::kCluster ? Curve::kHilbert : Curve::kZ;
            order = LAGOA_TRY(CurveOrder::make(*session_, curve, held.sql(), rows, columns));
        }
        LAGOA_TRY(staged.write(fmt::format("SELECT {} FROM {} AS t{}", copied_columns(base_->metadata, partitioned),
                                           held.sql(), order ? " ORDER BY " + order->sql() : "")));
        Written& written = written_.emplace_back(Written{base_, std::move(bin), staged.files()});
        const std::string cube = new_uuid();
        for (delta::AddFile& file : written.files) {
            file.data_change = false;
            file.tags = written.bin.tags;
            file.clustering_provider = written.bin.clustering_provider;
            if (layout_.mode == OptimizeMode::kCluster) delta::mark_clustered(file, cube, layout_.columns);
        }
        return {};
    }

    // Of rows that have been the table's.
    StagingTarget target() const {
        StagingTarget target{.location = location_,
                             .url = url_,
                             .metadata = base_->metadata,
                             .hidden = row_tracking_columns(base_->metadata),
                             .tight_bounds = delta::has_feature(base_->protocol, "deletionVectors")};
        target.new_rows = false;
        target.file_bytes = layout_.target_bytes;
        target.loose_order = true;
        return target;
    }

    // Takes away what cannot be committed any more: a file that it was made from is gone, or has lost rows.
    void discard_stale() {
        std::erase_if(written_, [&](const Written& written) {
            const auto live = [&](const delta::AddFile* file) { return is_live(*base_, *file); };
            const bool stale = !std::ranges::all_of(written.bin.files, live);
            if (stale) remove_files(location_, written.files);
            return stale;
        });
    }

    void discard_all() {
        for (const Written& written : std::exchange(written_, {})) remove_files(location_, written.files);
    }

    // ------------------------------------------------------------------ the commit

    delta::CommitRequest commit_request() const {
        delta::CommitRequest request;
        for (const Written& written : written_) {
            request.adds.insert(request.adds.end(), written.files.begin(), written.files.end());
            for (const delta::AddFile* file : written.bin.files) {
                request.removes.push_back(remove_of(*file));
                request.removes.back().data_change = false;
            }
        }
        request.read_set = {.scope = delta::ReadSet::Scope::kFiles, .files = {}, .may_match = {}};
        request.operation = layout_.mode == OptimizeMode::kPurge ? "REORG" : "OPTIMIZE";
        request.operation_parameters = parameters();
        request.operation_metrics = metrics(request);
        return request;
    }

    // As Spark names them; lists are JSON texts.
    json::Object parameters() const {
        json::Object parameters;
        const std::string where(trim(request_.where));
        parameters.set("predicate", to_json_text(where.empty() ? std::vector<std::string>{} : std::vector{where}));
        if (layout_.mode == OptimizeMode::kPurge) {
            parameters.set("applyPurge", true);
            return parameters;
        }
        std::vector<std::string> columns;
        for (const delta::NamePath& column : layout_.columns) columns.push_back(delta::to_text(column));
        const bool clusters = layout_.mode == OptimizeMode::kCluster;
        parameters.set("zOrderBy", to_json_text(clusters ? std::vector<std::string>{} : columns));
        parameters.set("clusterBy", to_json_text(clusters ? columns : std::vector<std::string>{}));
        parameters.set("auto", false);
        if (clusters) parameters.set("isFull", layout_.full);
        return parameters;
    }

    static json::Object metrics(const delta::CommitRequest& request) {
        std::vector<std::int64_t> sizes;
        std::int64_t added = 0;
        for (const delta::AddFile& file : request.adds) {
            sizes.push_back(file.size_bytes);
            added += file.size_bytes;
        }
        std::int64_t removed = 0;
        std::int64_t deletion_vectors = 0;
        for (const delta::RemoveFile& file : request.removes) {
            removed += file.size_bytes.value_or(0);
            deletion_vectors += file.deletion_vector ? 1 : 0;
        }
        std::ranges::sort(sizes);
        const auto at = [&](std::size_t quarters) {
            return sizes.empty() ? std::int64_t{0} : sizes[std::min(sizes.size() * quarters / 4, sizes.size() - 1)];
        };
        return json::make_object({{"numAddedFiles", std::uint64_t{request.adds.size()}},
                                  {"numRemovedFiles", std::uint64_t{request.removes.size()}},
                                  {"numAddedBytes", added},
                                  {"numRemovedBytes", removed},
                                  {"numDeletionVectorsRemoved", deletion_vectors},
                                  {"minFileSize", at(0)},
                                  {"p25FileSize", at(1)},
                                  {"p50FileSize", at(2)},
                                  {"p75FileSize", at(3)},
                                  {"maxFileSize", at(4)}});
    }

    OptimizeResult result(std::optional<delta::Version> version) const {
        OptimizeResult result{.version = version, .files_considered = files_considered_};
        std::set<delta::PartitionValues> partitions;
        for (const Written& written : written_) {
            partitions.insert(written.bin.partition);
            result.files_added += written.files.size();
            result.files_removed += written.bin.files.size();
            for (const delta::AddFile& file : written.files)
                result.bytes_added += static_cast<std::uint64_t>(file.size_bytes);
            for (const delta::AddFile* file : written.bin.files)
                result.bytes_removed += static_cast<std::uint64_t>(file->size_bytes);
        }
        result.partitions_optimized = partitions.size();
        return result;
    }

    const OperationContext& context_;
    const TableName& table_;
    const OptimizeRequest& request_;
    delta::TableLocation location_;
    std::string url_;
    std::unique_ptr<Session> session_;
    std::shared_ptr<const delta::Snapshot> first_;  // the table when the operation began
    std::shared_ptr<const delta::Snapshot> base_;   // shared with the snapshot cache
    OptimizeLayout layout_;
    std::vector<OptimizeBin> bins_;  // yet to be written
    std::vector<Written> written_;
    std::uint64_t files_considered_ = 0;
};

}  // namespace

Result<OptimizeResult> optimize_table(const OperationContext& context, const TableName& table,
                                      const OptimizeRequest& request) {
    return Optimization(context, table, request).run();
}

}  // namespace lagoa
