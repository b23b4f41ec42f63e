#include "delta/impl/conflict.h"

#include <set>

namespace lagoa::delta {
namespace {

std::unexpected<Error> conflict(Version version, std::string_view what) {
    return fail_with_hint(ErrorCode::kConflict, "Read the table again and repeat the write.",
                          "version {}, committed meanwhile, {}", version, what);
}

}  // namespace

Result<> check_conflict(const CommitRequest& ours, Version version, const std::vector<Action>& theirs) {
    // Before all else: who finds its own work done need not care what else happened.
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

    std::set<std::string> removed;
    for (const auto& remove : ours.removes) removed.insert(file_key(remove.path, remove.deletion_vector));
    const bool read_files = ours.read_set.scope == ReadSet::Scope::kWholeTable;
    for (const auto& action : theirs) {
        if (std::holds_alternative<Protocol>(action)) return conflict(version, "changed the protocol");
        if (std::holds_alternative<Metadata>(action)) return conflict(version, "changed the schema or the properties");
        if (read_files && std::holds_alternative<AddFile>(action))
            return conflict(version, "added files to the table that this write read");
        const auto* const remove = std::get_if<RemoveFile>(&action);
        if (remove == nullptr) continue;
        if (read_files || removed.contains(file_key(remove->path, remove->deletion_vector)))
            return conflict(version, "removed files that this write read");
    }
    return {};
}

}  // namespace lagoa::delta
