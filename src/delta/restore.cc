#include "delta/restore.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/ranges.h>

#include "delta/clustering.h"
#include "delta/column_mapping.h"
#include "delta/data_path.h"
#include "delta/deletion_vector.h"
#include "delta/table_features.h"

namespace lagoa::delta {
namespace {

constexpr std::string_view kIdentityMark = "delta.identity.highWaterMark";
constexpr std::string_view kIdentityStep = "delta.identity.step";
constexpr std::size_t kFilesAsked = 64;  // one by one; for more the folder is listed
constexpr std::size_t kFilesShown = 3;

std::uint64_t size_of(const AddFile& file) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(file.size_bytes, 0));
}

std::optional<std::int64_t> number_in(const Field& field, std::string_view member) {
    const json::Value* const value = field.metadata.find(member);
    return value != nullptr && value->is_number() ? value->number()->to_int64() : std::nullopt;
}

// A value that an identity column has given out is not given out again.
void keep_identity_marks(Schema& schema, const Schema& newest) {
    for (Field& field : schema.fields) {
        const Field* const now = newest.find(field.name);
        const auto step = number_in(field, kIdentityStep);
        const auto mark = now == nullptr ? std::nullopt : number_in(*now, kIdentityMark);
        if (!step || !mark) continue;
        const auto before = number_in(field, kIdentityMark);
        if (!before || (*step > 0 ? *mark > *before : *mark < *before)) field.metadata.set(kIdentityMark, *mark);
    }
}

bool same_metadata(const Metadata& a, const Metadata& b) {
    return a.name == b.name && a.description == b.description && a.schema == b.schema &&
           a.partition_columns == b.partition_columns && a.configuration == b.configuration;
}

// The clustering of then; of a table that was not clustered, none. Other domains are their writers' own and stay.
Result<> plan_clustering(const Snapshot& newest, const Snapshot& old, const Metadata& metadata,
                         std::vector<DomainMetadata>& domains) {
    const std::string name(kClusteringDomain);
    const auto now = newest.domains.find(name);
    const auto then = old.domains.find(name);
    if (then != old.domains.end()) {
        if (now == newest.domains.end() || now->second.configuration != then->second.configuration)
            domains.push_back(then->second);
    } else if (now != newest.domains.end() && !physical_clustering_columns(newest).empty()) {
        domains.push_back(LAGOA_TRY(clustering_domain(metadata, {})));
    }
    return {};
}

}  // namespace

Result<RestorePlan> plan_restore(const Snapshot& newest, const Snapshot& old) {
    RestorePlan plan;
    CommitRequest& request = plan.request;
    request.read_set = ReadSet::whole_table();
    request.isolation = Isolation::kSerializable;
    request.rules_enforced = true;  // by who wrote `old`, whose rules come back with its rows
    for (const AddFile& file : old.files) {
        if (newest.files.find(file_key(file.path, file.deletion_vector))) continue;
        plan.bytes_restored += size_of(file);
        request.adds.push_back(file);
        request.adds.back().data_change = true;
    }
    for (const AddFile& file : newest.files) {
        if (old.files.find(file_key(file.path, file.deletion_vector))) continue;
        plan.bytes_removed += size_of(file);
        request.removes.push_back({.path = file.path, .deletion_vector = file.deletion_vector});
    }
    plan.files_restored = request.adds.size();
    plan.files_removed = request.removes.size();

    Metadata metadata = old.metadata;
    LAGOA_TRY(continue_column_mapping(metadata, newest.metadata));
    keep_identity_marks(metadata.schema, newest.metadata.schema);
    const Protocol protocol = LAGOA_TRY(united_protocol(metadata, newest.protocol, old.protocol));
    LAGOA_TRY(plan_clustering(newest, old, metadata, request.domains));
    if (protocol != newest.protocol) request.protocol = protocol;
    if (request.protocol || !same_metadata(metadata, newest.metadata)) request.metadata = std::move(metadata);
    plan.is_needed = !request.adds.empty() || !request.removes.empty() || request.metadata || !request.domains.empty();

    request.operation = "RESTORE";
    request.operation_metrics = json::make_object({{"tableSizeAfterRestore", old.size_bytes()},
                                                   {"numOfFilesAfterRestore", std::uint64_t{old.files.size()}},
                                                   {"numRestoredFiles", plan.files_restored},
                                                   {"restoredFilesSize", plan.bytes_restored},
                                                   {"numRemovedFiles", plan.files_removed},
                                                   {"removedFilesSize", plan.bytes_removed}});
    return plan;
}

Result<> check_files_there(const TableLocation& table, const std::vector<AddFile>& adds) {
    std::set<std::string> paths;
    for (const AddFile& file : adds) {
        paths.insert(file.path);
        if (!file.deletion_vector || file.deletion_vector->storage_type == "i") continue;
        const std::string vector = LAGOA_TRY(deletion_vector_path(*file.deletion_vector));
        paths.insert(file.deletion_vector->storage_type == "p" ? vector : encode_path(vector));
    }
    std::set<std::string> listed;  // keys of the table's folder
    if (paths.size() > kFilesAsked)
        for (ObjectInfo& object : LAGOA_TRY(table.store->list(table.path.empty() ? "" : table.path + "/")))
            listed.insert(std::move(object.key));
    std::vector<std::string> missing;
    for (const std::string& path : paths) {
        const auto file = find_file(table, path);
        if (!file && file.error().code != ErrorCode::kNotFound) return pass_on(file.error());
        if (file && file->store == table.store && listed.contains(file->key)) continue;
        const auto there = file ? file->store->head(file->key) : pass_on(file.error());
        if (!there && there.error().code != ErrorCode::kNotFound) return pass_on(there.error());
        if (!there) missing.push_back(decode_path(path));
    }
    if (missing.empty()) return {};
    const std::size_t shown = std::min(kFilesShown, missing.size());
    return fail_with_hint(ErrorCode::kNotFound, "Restore a later version, of which no file is gone.",
                          "{} of {} files are gone: {}{}", missing.size(), paths.size(),
                          fmt::join(missing.begin(), missing.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                          shown < missing.size() ? ", …" : "");
}

}  // namespace lagoa::delta
