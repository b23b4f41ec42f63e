#include "delta/impl/conflict.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "delta/impl/row_tracking.h"

namespace lagoa::delta {
namespace {

std::unexpected<Error> conflict(Version version, std::string_view what) {
    return fail_with_hint(ErrorCode::kConflict, "Read the table again and repeat the write.",
                          "version {}, committed meanwhile, {}", version, what);
}

// Before all else: who finds its own work done need not care what else happened.
Result<> check_txns(const CommitRequest& ours, Version version, const std::vector<Action>& theirs) {
    for (const auto& action : theirs) {
        const auto* const txn = std::get_if<Txn>(&action);
        if (txn == nullptr) continue;
        for (const auto& own : ours.txns) {
            if (own.app_id != txn->app_id) continue;
            if (txn->version >= own.version)
                return fail(ErrorCode::kAlreadyExists, "version {}, committed meanwhile, holds {} of {}", version,
                            txn->version, txn->app_id);
            return conflict(version, fmt::format("moved {} to {}", txn->app_id, txn->version));
        }
    }
    return {};
}

Result<> check_table(const CommitRequest& ours, Version version, const std::vector<Action>& theirs) {
    for (const auto& action : theirs) {
        if (std::holds_alternative<Protocol>(action)) return conflict(version, "changed the protocol");
        if (std::holds_alternative<Metadata>(action)) return conflict(version, "changed the schema or the properties");
        const auto* const domain = std::get_if<DomainMetadata>(&action);
        // That of row ids is made anew at each try.
        if (domain != nullptr && domain->domain != kRowTrackingDomain &&
            std::ranges::find(ours.domains, domain->domain, &DomainMetadata::domain) != ours.domains.end())
            return conflict(version, fmt::format("changed the domain {}", domain->domain));
    }
    return {};
}

bool is_blind_append(const std::vector<Action>& actions) {
    return std::ranges::any_of(actions, [](const Action& action) {
        const auto* const info = std::get_if<CommitInfo>(&action);
        const json::Value* const blind = info == nullptr ? nullptr : info->fields.find("isBlindAppend");
        return blind != nullptr && blind->boolean() != nullptr && *blind->boolean();
    });
}

// Compaction and its like: the same rows in other files.
bool only_moves_rows(const CommitRequest& request) {
    return !request.metadata && !request.removes.empty() &&
           std::ranges::none_of(request.removes, &RemoveFile::data_change) &&
           std::ranges::none_of(request.adds, &AddFile::data_change);
}

Result<> check_adds(const CommitRequest& ours, Isolation isolation, Version version,
                    const std::vector<Action>& theirs) {
    if (ours.read_set.scope == ReadSet::Scope::kNothing || only_moves_rows(ours)) return {};
    if (isolation == Isolation::kWriteSerializable && !ours.metadata && is_blind_append(theirs)) return {};
    const bool read_all = ours.read_set.scope == ReadSet::Scope::kWholeTable;
    for (const auto& action : theirs) {
        const auto* const add = std::get_if<AddFile>(&action);
        if (add == nullptr) continue;
        if (read_all) return conflict(version, "added files to the table that this write read");
        if (add->data_change && ours.read_set.may_match && ours.read_set.may_match(*add))
            return conflict(version, "added files with rows that this write would have read");
    }
    return {};
}

Result<> check_removes(const CommitRequest& ours, Version version, const std::vector<Action>& theirs) {
    const bool read_all = ours.read_set.scope == ReadSet::Scope::kWholeTable && !only_moves_rows(ours);
    std::set<std::string> used(ours.read_set.files.begin(), ours.read_set.files.end());
    for (const auto& remove : ours.removes) used.insert(file_key(remove.path, remove.deletion_vector));
    for (const auto& action : theirs) {
        const auto* const remove = std::get_if<RemoveFile>(&action);
        if (remove == nullptr) continue;
        const bool was_needed = remove->data_change && ours.read_set.was_needed && ours.read_set.was_needed(*remove);
        if (read_all || was_needed || used.contains(file_key(remove->path, remove->deletion_vector)))
            return conflict(version, "removed files that this write read");
    }
    return {};
}

}  // namespace

Isolation isolation_of(const CommitRequest& request, const Metadata& table) {
    const auto property = table.configuration.find("delta.isolationLevel");
    if (property == table.configuration.end()) return request.isolation.value_or(Isolation::kSerializable);
    // An unknown level is taken for the strictest.
    if (to_lower(property->second) != "writeserializable") return Isolation::kSerializable;
    return request.isolation.value_or(Isolation::kWriteSerializable);
}

Result<> check_conflict(const CommitRequest& ours, Isolation isolation, Version version,
                        const std::vector<Action>& theirs) {
    LAGOA_TRY(check_txns(ours, version, theirs));
    LAGOA_TRY(check_table(ours, version, theirs));
    LAGOA_TRY(check_adds(ours, isolation, version, theirs));
    return check_removes(ours, version, theirs);
}

}  // namespace lagoa::delta
