#include "catalog/impl/clone_table.h"

#include <utility>

#include "catalog/impl/table_place.h"
#include "delta/clustering.h"
#include "delta/column_mapping.h"
#include "delta/data_path.h"
#include "delta/deletion_vector.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"

namespace lagoa {
namespace {

using delta::AddFile;
using delta::Metadata;
using delta::Snapshot;

// `file` of the table at `source`, as another table's log names it. Row ids are each table's own.
Result<AddFile> foreign_file(const delta::TableLocation& source, AddFile file) {
    file.path = LAGOA_TRY(delta::absolute_uri(source, file.path));
    if (file.deletion_vector && file.deletion_vector->storage_type == "u") {
        const std::string path = LAGOA_TRY(delta::deletion_vector_path(*file.deletion_vector));
        file.deletion_vector->path_or_inline = LAGOA_TRY(delta::absolute_uri(source, delta::encode_path(path)));
        file.deletion_vector->storage_type = "p";
    }
    file.data_change = true;
    file.base_row_id.reset();
    file.default_row_commit_version.reset();
    return file;
}

class Clone {
public:
    Clone(const OperationContext& context, const TableName& table, const CloneRequest& request, TablePlace target)
        : context_(context), table_(table), request_(request), target_(std::move(target)) {}

    Result<CloneResult> run() {
        if (context_.tables->contracted.contains(table_))
            return fail_with_hint(ErrorCode::kUnsupported, "Give the clone another name.",
                                  "{} has a contract, which rows of another table were not checked against",
                                  table_.text());
        const bool is_there = LAGOA_TRY(find_target());
        if (is_there && request_.if_not_exists) return CloneResult{};
        if (is_there && !request_.replace)
            return fail_with_hint(ErrorCode::kAlreadyExists, "CREATE OR REPLACE TABLE takes its place.",
                                  "the table {} exists", table_.text());
        LAGOA_TRY(find_source());
        CloneResult result{.version = std::nullopt, .files = source_->files.size(), .bytes = source_->size_bytes()};
        delta::CommitRequest commit = LAGOA_TRY(commit_request());
        auto made = delta::commit(target_.location, base_, std::move(commit), context_.tables->commit_options(table_));
        if (!made && made.error().code == ErrorCode::kConflict && !base_ && request_.if_not_exists)
            return CloneResult{};
        result.version = LAGOA_TRY(std::move(made));
        return result;
    }

private:
    // Whether the table is there. A table that was dropped is the base, too: the clone is a version on top of it.
    Result<bool> find_target() {
        auto newest = context_.tables->newest(table_);
        if (!newest && newest.error().code == ErrorCode::kNotFound) return false;
        base_ = LAGOA_TRY(std::move(newest));
        return !LAGOA_TRY(context_.tables->is_dropped(table_, base_->version));
    }

    Result<> find_source() {
        const VersionChoice& at = request_.at;
        if (at.version && at.time)
            return fail(ErrorCode::kInvalidArgument, "a version is cloned by its number or by a time, not by both");
        place_ = LAGOA_TRY(find_place(context_, request_.source));
        const delta::TableLocation& location = place_.location;
        if (delta::table_address(location) == delta::table_address(target_.location) &&
            location.store == target_.location.store)
            return fail_with_hint(ErrorCode::kInvalidArgument, "RESTORE brings back an older version of a table.",
                                  "{} cannot be cloned into itself", table_.text());
        std::optional<delta::Version> version = at.version;
        if (at.time)
            version = LAGOA_TRY(delta::version_at(
                location, std::chrono::floor<std::chrono::milliseconds>(*at.time).time_since_epoch().count()));
        if (!version && place_.name)
            source_ = LAGOA_TRY(context_.tables->live(*place_.name), "reading {}", request_.source);
        else
            source_ = LAGOA_TRY(delta::read_snapshot(location, version), "reading {}", request_.source);
        return {};
    }

    Result<delta::CommitRequest> commit_request() {
        delta::CommitRequest commit;
        for (const AddFile& file : source_->files)
            commit.adds.push_back(LAGOA_TRY(foreign_file(place_.location, file), "cloning {}", request_.source));
        std::uint64_t removed_bytes = 0;
        if (base_) {
            commit.read_set = delta::ReadSet::whole_table();
            commit.isolation = delta::Isolation::kSerializable;
            removed_bytes = base_->size_bytes();
            for (const AddFile& file : base_->files)
                commit.removes.push_back({.path = file.path, .deletion_vector = file.deletion_vector});
        }
        Metadata metadata = LAGOA_TRY(target_metadata());
        commit.protocol =
            base_ ? LAGOA_TRY(delta::united_protocol(metadata, base_->protocol, source_->protocol)) : source_->protocol;
        LAGOA_TRY(add_clustering(metadata, commit.domains));
        commit.metadata = std::move(metadata);
        commit.rules_enforced = true;  // by who wrote the source, whose rules come along
        commit.operation = "CLONE";
        commit.operation_parameters =
            json::make_object({{"source", request_.source}, {"sourceVersion", source_->version}});
        commit.operation_metrics = json::make_object({{"sourceTableSize", source_->size_bytes()},
                                                      {"sourceNumOfFiles", std::uint64_t{source_->files.size()}},
                                                      {"numRemovedFiles", std::uint64_t{commit.removes.size()}},
                                                      {"numCopiedFiles", std::uint64_t{0}},
                                                      {"removedFilesSize", removed_bytes},
                                                      {"copiedFilesSize", std::uint64_t{0}}});
        return commit;
    }

    // The source's columns and properties, but what speaks of its own log and its own rows.
    Result<Metadata> target_metadata() const {
        Metadata metadata = source_->metadata;
        metadata.id.clear();
        metadata.created_ms.reset();
        metadata.name = table_.table;
        metadata.description = base_ ? base_->metadata.description : "";
        for (const std::string_view own : {delta::kTimestampEnablementVersion, delta::kTimestampEnablementTime,
                                           delta::kRowIdColumnProperty, delta::kRowCommitVersionColumnProperty,
                                           std::string_view("delta.requireCheckpointProtectionBeforeVersion")}) {
            const std::string name(own);
            metadata.configuration.erase(name);
            if (!base_) continue;
            if (const auto kept = base_->metadata.configuration.find(name); kept != base_->metadata.configuration.end())
                metadata.configuration.insert(*kept);
        }
        if (base_) LAGOA_TRY(delta::continue_column_mapping(metadata, base_->metadata));
        return metadata;
    }

    Result<> add_clustering(const Metadata& metadata, std::vector<delta::DomainMetadata>& domains) const {
        const auto theirs = source_->domains.find(std::string(delta::kClusteringDomain));
        if (theirs != source_->domains.end())
            domains.push_back(theirs->second);
        else if (base_ && base_->domains.contains(std::string(delta::kClusteringDomain)))
            domains.push_back(LAGOA_TRY(delta::clustering_domain(metadata, {})));
        return {};
    }

    const OperationContext& context_;
    const TableName& table_;
    const CloneRequest& request_;
    const TablePlace target_;
    std::shared_ptr<const Snapshot> base_;  // shared with the snapshot cache; nullptr: the table is made
    TablePlace place_;                      // of the source
    std::shared_ptr<const Snapshot> source_;
};

}  // namespace

Result<CloneResult> clone_table(const OperationContext& context, const TableName& table, const CloneRequest& request) {
    TablePlace target = LAGOA_TRY(place_of(context, table));
    return Clone(context, table, request, std::move(target)).run();
}

}  // namespace lagoa
