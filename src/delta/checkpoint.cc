#include <algorithm>

#include "base/log.h"
#include "delta/commit.h"
#include "delta/impl/log_files.h"
#include "delta/log_json.h"
#include "delta/impl/table_properties.h"

namespace lagoa::delta {
namespace {

std::vector<std::string> checkpoint_actions(const Snapshot& snapshot, Instant now) {
    std::vector<std::string> actions;
    actions.reserve(snapshot.files.size() + snapshot.tombstones.size() + snapshot.txns.size() +
                    snapshot.domains.size() + 2);
    actions.push_back(print_action(snapshot.protocol));
    actions.push_back(print_action(snapshot.metadata));
    for (const auto& [app_id, txn] : snapshot.txns) actions.push_back(print_action(txn));
    for (const auto& [name, domain] : snapshot.domains) actions.push_back(print_action(domain));

    const auto retention = deleted_file_retention(snapshot.metadata);
    const auto now_ms = std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count();
    for (RemoveFile tombstone : snapshot.tombstones) {
        if (retention && tombstone.deleted_ms.value_or(0) <= now_ms - retention->count()) continue;
        tombstone.data_change = false;  // a checkpoint changes nothing: readers of changes must not count it
        actions.push_back(print_action(tombstone));
    }
    for (AddFile file : snapshot.files) {
        file.data_change = false;
        actions.push_back(print_action(file));
    }
    return actions;
}

}  // namespace

Result<> write_checkpoint(const TableLocation& table, const Snapshot& snapshot, const Clock& clock) {
    const auto actions = checkpoint_actions(snapshot, clock.now());
    const std::string key = checkpoint_key(table, snapshot.version);
    const std::uint64_t size_bytes =
        LAGOA_TRY(table.parquet->write_actions(*table.store, key, actions), "writing checkpoint {}", key);

    // The checkpoint stands from here on; the pointer only spares readers a listing.
    const auto pointed = LAGOA_TRY(read_last_checkpoint(table), "pointing to checkpoint {}", key);
    if (pointed.value_or(-1) > snapshot.version) return {};
    const json::Object pointer =
        json::make_object({{"version", snapshot.version},
                           {"size", static_cast<std::uint64_t>(actions.size())},
                           {"sizeInBytes", size_bytes},
                           {"numOfAddFiles", static_cast<std::uint64_t>(snapshot.files.size())}});
    LAGOA_TRY(table.store->put(last_checkpoint_key(table), json::dump(pointer)), "pointing to checkpoint {}", key);
    log::info("delta.checkpoint", {{"table", table.path}, {"version", snapshot.version}, {"actions", actions.size()}});
    return {};
}

}  // namespace lagoa::delta
