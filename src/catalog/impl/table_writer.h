// One Lake::write: plan the schema, stage files, commit.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "catalog/impl/merge.h"
#include "catalog/impl/row_changes.h"
#include "catalog/impl/row_search.h"
#include "catalog/impl/schema_plan.h"
#include "catalog/impl/staged_files.h"
#include "catalog/lake.h"

namespace lagoa {

/// Used once.
class TableWriter {
public:
    /// `base` is the table's newest version, nullptr if it is created; if it `was_dropped`, the table is created on
    /// top.
    TableWriter(Session& session, delta::TableLocation location, std::shared_ptr<const delta::Snapshot> base,
                bool was_dropped, const WriteRequest& request, delta::CommitOptions options);

    Result<WriteResult> run();

private:
    bool is_new() const { return !base_ || was_dropped_; }
    Result<> check_request() const;
    Result<> check_step() const;
    Result<> plan();
    Result<> check_columns() const;
    Result<> stage(StagedFiles& staged);
    Result<> stage_merge(StagedFiles& staged, const std::string& select);
    Result<> stage_replace(StagedFiles& staged, const std::string& select);
    Result<> find_rows(std::string match);
    Result<> write(StagedFiles& staged, const std::string& select, AddedKind kind);
    Result<> settle();
    void remove_all();
    bool writes_partition_of(const delta::AddFile& file) const;
    void remove_partitions_of(const StagedFiles& staged);
    Result<WriteResult> commit();
    Result<bool> rebase();
    void discard(StagedFiles& staged);

    StagingTarget staging_target() const;
    delta::CommitRequest commit_request() const;
    delta::ReadSet read_set() const;
    void describe(delta::CommitRequest& commit) const;
    bool keeps_row_ids() const;
    bool has_nothing_to_commit() const;
    WriteResult result(delta::Version version, bool committed) const;
    std::string url() const;

    Session& session_;
    const delta::TableLocation location_;
    std::shared_ptr<const delta::Snapshot> base_;  // shared with the snapshot cache
    const bool was_dropped_;
    const WriteRequest& request_;
    const delta::CommitOptions options_;

    std::vector<Column> columns_;  // of the request's SELECT
    SchemaPlan plan_;
    bool changes_metadata_ = true;
    delta::Protocol protocol_;                                    // that plan_.metadata needs
    std::unique_ptr<MergeSource> source_;                         // kMerge; kept for the commit's conflict checks
    std::unique_ptr<RowSearch> search_;                           // kMerge, kReplaceWhere of a table that has files
    std::optional<std::set<delta::PartitionValues>> partitions_;  // kOverwritePartitions: those written
    std::vector<delta::Slot> removed_;                            // of base_->files: those an overwrite removes
    RowChanges changes_;                                          // their files are those staged
    SettledRows settled_;
    std::uint64_t source_rows_ = 0;
};

}  // namespace lagoa
