// One Lake::write: plan the schema, stage files, commit.
#pragma once

#include <memory>
#include <vector>

#include "catalog/impl/schema_plan.h"
#include "catalog/impl/staged_files.h"
#include "catalog/lake.h"

namespace lagoa {

/// Used once.
class TableWriter {
public:
    /// `base` is the table's newest version, nullptr if it is created.
    TableWriter(Session& session, delta::TableLocation location, std::shared_ptr<const delta::Snapshot> base,
                const WriteRequest& request, Clock& clock);

    Result<WriteResult> run();

private:
    Result<> check_step() const;
    Result<> plan();
    Result<> stage(StagedFiles& staged);
    Result<> stage_merge(StagedFiles& staged, const std::string& select);
    Result<WriteResult> commit(StagedFiles& staged);
    Result<delta::Version> commit_once(const StagedFiles& staged);
    Result<bool> rebase(const StagedFiles& staged);

    StagingTarget staging_target() const;
    delta::CommitRequest commit_request(const StagedFiles& staged) const;
    std::optional<delta::Metadata> changed_metadata() const;
    bool has_nothing_to_commit(const StagedFiles& staged) const;
    WriteResult result(const StagedFiles& staged, delta::Version version, bool committed) const;
    std::string url() const;

    Session& session_;
    const delta::TableLocation location_;
    std::shared_ptr<const delta::Snapshot> base_;  // shared with the snapshot cache
    const WriteRequest& request_;
    Clock& clock_;

    std::vector<Column> columns_;  // of the request's SELECT
    SchemaPlan plan_;
    std::vector<delta::Slot> removed_;  // of base_->files
    std::uint64_t source_rows_ = 0;
};

}  // namespace lagoa
