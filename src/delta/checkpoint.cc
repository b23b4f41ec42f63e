#include <algorithm>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "delta/commit.h"
#include "delta/impl/log_files.h"
#include "delta/log_json.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"

namespace lagoa::delta {
namespace {

using std::chrono::milliseconds;

// Of one sidecar: some 10 MB, which a reader fetches and decodes in one go, several side by side.
constexpr std::size_t kSidecarActions = 50'000;

// Writes one checkpoint. Whatever it is interrupted at, what is there does not count: a sidecar without manifest is
// nobody's, and the manifest, or the one file of a classic checkpoint, appears whole.
//
// Statistics are always kept as JSON, also where delta.checkpoint.writeStatsAsJson is false: that property is for
// checkpoints that have them as structs beside, which ours do not; a checkpoint with neither would end file skipping.
class CheckpointWriter {
public:
    CheckpointWriter(const TableLocation& table, const Snapshot& snapshot, Instant now)
        : table_(table),
          snapshot_(snapshot),
          now_ms_(std::chrono::floor<milliseconds>(now).time_since_epoch().count()) {}

    /// Returns what `_last_checkpoint` is to say of it.
    Result<json::Object> write() {
        const std::string policy = property_of(snapshot_.metadata, "delta.checkpointPolicy").value_or("classic");
        if (to_lower(policy) == "v2" && has_feature(snapshot_.protocol, "v2Checkpoint")) return write_v2();
        return write_classic();
    }

private:
    Result<json::Object> write_classic() {
        std::vector<std::string> actions = table_actions();
        for (auto& action : file_actions(0, SIZE_MAX)) actions.push_back(std::move(action));
        const std::string key = checkpoint_key(table_, snapshot_.version);
        const std::uint64_t size_bytes =
            LAGOA_TRY(table_.parquet->write_actions(*table_.store, key, actions), "writing checkpoint {}", key);
        return pointer(actions.size(), size_bytes);
    }

    Result<json::Object> write_v2() {
        std::vector<std::string> manifest = {print_action(CheckpointMetadata{.version = snapshot_.version})};
        for (auto& action : table_actions()) manifest.push_back(std::move(action));
        std::size_t actions = manifest.size();
        std::uint64_t size_bytes = 0;
        const std::size_t files = snapshot_.files.size() + snapshot_.tombstones.size();
        for (std::size_t first = 0; first < files; first += kSidecarActions) {
            const auto content = file_actions(first, kSidecarActions);
            if (content.empty()) continue;  // tombstones that have expired
            const std::string name = new_uuid() + ".parquet";
            const std::string key = log_key(table_, "_sidecars/" + name);
            const std::uint64_t size =
                LAGOA_TRY(table_.parquet->write_actions(*table_.store, key, content), "writing sidecar {}", key);
            manifest.push_back(print_action(
                Sidecar{.path = name, .size_bytes = static_cast<std::int64_t>(size), .modified_ms = now_ms_}));
            actions += content.size() + 1;
            size_bytes += size;
        }
        std::string text;
        for (const auto& line : manifest) text += line + "\n";
        const std::string name = fmt::format("{:020}.checkpoint.{}.json", snapshot_.version, new_uuid());
        LAGOA_TRY(table_.store->put_if_absent(log_key(table_, name), text), "writing checkpoint {}", name);

        json::Object pointed = pointer(actions, size_bytes + text.size());
        pointed.set("v2Checkpoint",
                    json::make_object(
                        {{"path", name}, {"sizeInBytes", std::uint64_t{text.size()}}, {"modificationTime", now_ms_}}));
        return pointed;
    }

    json::Object pointer(std::size_t actions, std::uint64_t size_bytes) const {
        return json::make_object({{"version", snapshot_.version},
                                  {"size", std::uint64_t{actions}},
                                  {"sizeInBytes", size_bytes},
                                  {"numOfAddFiles", std::uint64_t{snapshot_.files.size()}}});
    }

    // All that is not a file. Transactions of applications that fell silent are forgotten if the table says when.
    std::vector<std::string> table_actions() const {
        std::vector<std::string> actions = {print_action(snapshot_.protocol), print_action(snapshot_.metadata)};
        const auto retention = transaction_retention(snapshot_.metadata);
        for (const auto& [app_id, txn] : snapshot_.txns) {
            const bool is_over =
                retention && txn.last_updated_ms && *txn.last_updated_ms <= now_ms_ - retention->count();
            if (!is_over) actions.push_back(print_action(txn));
        }
        for (const auto& [name, domain] : snapshot_.domains) actions.push_back(print_action(domain));
        return actions;
    }

    // `count` of the tombstones and files from the `first` on, less the tombstones whose time is over.
    std::vector<std::string> file_actions(std::size_t first, std::size_t count) const {
        std::vector<std::string> actions;
        const auto retention = deleted_file_retention(snapshot_.metadata);
        std::size_t place = 0;
        const auto is_wanted = [&] {
            const std::size_t at = place++;
            return at >= first && at - first < count;
        };
        for (const RemoveFile& tombstone : snapshot_.tombstones) {
            if (!is_wanted()) continue;
            if (retention && tombstone.deleted_ms.value_or(0) <= now_ms_ - retention->count()) continue;
            RemoveFile kept = tombstone;
            kept.data_change = false;  // a checkpoint changes nothing: readers of changes must not count it
            actions.push_back(print_action(kept));
        }
        for (const AddFile& file : snapshot_.files) {
            if (!is_wanted()) continue;
            AddFile kept = file;
            kept.data_change = false;
            actions.push_back(print_action(kept));
        }
        return actions;
    }

    const TableLocation& table_;
    const Snapshot& snapshot_;
    const std::int64_t now_ms_;
};

}  // namespace

Result<> write_checkpoint(const TableLocation& table, const Snapshot& snapshot, const Clock& clock) {
    const json::Object pointer = LAGOA_TRY(CheckpointWriter(table, snapshot, clock.now()).write());

    // The checkpoint stands from here on; the pointer only spares readers a listing.
    const auto pointed = LAGOA_TRY(read_last_checkpoint(table), "pointing to checkpoint {}", snapshot.version);
    if (pointed.value_or(-1) > snapshot.version) return {};
    LAGOA_TRY(table.store->put(last_checkpoint_key(table), json::dump(pointer)), "pointing to checkpoint {}",
              snapshot.version);
    log::info("delta.checkpoint",
              {{"table", table.path}, {"version", snapshot.version}, {"files", snapshot.files.size()}});
    return {};
}

}  // namespace lagoa::delta
