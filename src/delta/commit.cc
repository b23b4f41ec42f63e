#include "delta/commit.h"

#include <algorithm>
#include <functional>

#include "base/id.h"
#include "base/log.h"
#include "delta/impl/conflict.h"
#include "delta/impl/log_files.h"
#include "delta/log_json.h"
#include "delta/impl/table_properties.h"
#include "delta/impl/write_rules.h"

namespace lagoa::delta {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kEngineInfo = "Lagoa/0.1.0";
constexpr milliseconds kFirstDelay{10};
constexpr milliseconds kLongestDelay{1000};

// Spark's form: texts as they are, everything else as JSON in a text.
json::Object as_texts(const json::Object& values) {
    json::Object out;
    for (const auto& [name, value] : values) out.set(name, value.is_string() ? *value.string() : json::dump(value));
    return out;
}

class Committer {
public:
    Committer(const TableLocation& table, std::shared_ptr<const Snapshot> base, CommitRequest request,
              const CommitOptions& options)
        : table_(table),
          base_(std::move(base)),
          request_(std::move(request)),
          options_(options),
          clock_(options.clock != nullptr ? *options.clock : system_clock()),
          txn_id_(new_uuid()) {}

    Result<Version> run() {
        LAGOA_TRY(prepare());
        const std::string bytes = print_commit();
        Version next = base_ ? base_->version + 1 : 0;
        std::optional<Error> unknown;  // what the store said of a put that may or may not have happened
        for (int attempt = 1; attempt <= options_.max_attempts; ++attempt) {
            back_off(attempt);
            const auto put = table_.store->put_if_absent(commit_key(table_, next), bytes);
            if (put) return finish(next);
            const bool lost = put.error().code == ErrorCode::kAlreadyExists;
            if (!lost && !is_outcome_unknown(put.error().code)) {
                if (unknown) break;  // this put did nothing, but an earlier one may have
                return pass_on(put.error());
            }
            if (!lost) unknown = put.error();

            const auto standing = catch_up(next);
            if (!standing && !is_outcome_unknown(standing.error().code)) return pass_on(standing.error());
            if (!standing) {
                unknown = standing.error();  // the version stays `next`: it is not decided yet whose it is
                continue;
            }
            if (standing->is_ours) return finish(standing->version);
            if (standing->version > next) unknown.reset();  // `next` is someone else's, so our put had no effect
            next = standing->version;
        }
        if (unknown)
            return fail_with_hint(unknown->code, "Read the table before trying again.",
                                  "whether version {} was written is unknown: {}", next, unknown->message);
        return fail_with_hint(ErrorCode::kConflict, "Write less often or from fewer writers.",
                              "{} attempts all lost the race, the last for version {}", options_.max_attempts, next);
    }

private:
    // How the log stands against our commit.
    struct Standing {
        Version version = 0;  // the one that is ours, or the next that is free
        bool is_ours = false;
    };

    Result<> prepare() {
        const std::int64_t now = now_ms();
        if (!base_) LAGOA_TRY(prepare_creation());
        if (request_.metadata) complete_metadata(*request_.metadata, now);
        for (auto& add : request_.adds)
            if (add.modified_ms == 0) add.modified_ms = now;
        for (auto& remove : request_.removes)
            if (!remove.deleted_ms) remove.deleted_ms = now;
        for (auto& txn : request_.txns) {
            if (base_ && base_->txn_version(txn.app_id) >= txn.version)
                return fail(ErrorCode::kAlreadyExists, "{} of {} is in version {} or before", txn.version, txn.app_id,
                            base_->version);
            if (!txn.last_updated_ms) txn.last_updated_ms = now;
        }
        if (base_) LAGOA_TRY(check_writable(base_->protocol));
        LAGOA_TRY(check_table(request_.protocol ? *request_.protocol : base_->protocol, metadata()));
        return check_files(metadata(), base_.get(), request_);
    }

    Result<> prepare_creation() {
        if (!request_.metadata) return fail(ErrorCode::kInvalidArgument, "a new table has no metadata");
        if (!request_.protocol) request_.protocol = protocol_for(request_.metadata->schema);
        // Version 0 may have been cleaned up behind a checkpoint: that it is free proves nothing.
        const auto newest = newest_version(table_);
        if (newest) return fail(ErrorCode::kConflict, "the table exists, at version {}", *newest);
        if (newest.error().code != ErrorCode::kNotFound) return pass_on(newest.error());
        return {};
    }

    // The id is the table's for life.
    void complete_metadata(Metadata& metadata, std::int64_t now) const {
        if (metadata.id.empty()) metadata.id = base_ ? base_->metadata.id : new_uuid();
        if (!metadata.created_ms) metadata.created_ms = base_ ? base_->metadata.created_ms : now;
    }

    std::string print_commit() const {
        std::string out = print_action(commit_info()) + "\n";
        const auto print = [&out](const Action& action) { out += print_action(action) + "\n"; };
        if (request_.protocol) print(*request_.protocol);
        if (request_.metadata) print(*request_.metadata);
        for (const auto& txn : request_.txns) print(txn);
        for (const auto& remove : request_.removes) print(remove);
        for (const auto& add : request_.adds) print(add);
        return out;
    }

    CommitInfo commit_info() const {
        const bool is_blind_append = request_.read_set.scope == ReadSet::Scope::kNothing && request_.removes.empty();
        json::Object fields = json::make_object({{"timestamp", now_ms()},
                                                 {"operation", request_.operation},
                                                 {"operationParameters", as_texts(request_.operation_parameters)}});
        if (base_) fields.set("readVersion", base_->version);
        fields.set("isBlindAppend", is_blind_append);
        fields.set("operationMetrics", as_texts(request_.operation_metrics));
        if (!request_.user_metadata.empty()) fields.set("userMetadata", request_.user_metadata);
        fields.set("engineInfo", kEngineInfo);
        fields.set("txnId", txn_id_);
        return {std::move(fields)};
    }

    // Reads what was committed from `version` on, until our commit or the first free version; every
    // commit of others must leave ours standing.
    Result<Standing> catch_up(Version version) const {
        for (;; ++version) {
            const std::string key = commit_key(table_, version);
            const auto text = table_.store->get(key);
            if (!text && text.error().code == ErrorCode::kNotFound)
                return Standing{.version = version, .is_ours = false};
            if (!text) return pass_on(text.error());
            const auto actions = LAGOA_TRY(parse_commit(*text, key));
            if (is_ours(actions)) return Standing{.version = version, .is_ours = true};
            if (!base_) return fail(ErrorCode::kConflict, "another writer has created the table");
            LAGOA_TRY(check_conflict(request_, version, actions));
        }
    }

    bool is_ours(const std::vector<Action>& actions) const {
        return std::ranges::any_of(actions, [this](const Action& action) {
            const auto* const info = std::get_if<CommitInfo>(&action);
            const json::Value* const id = info == nullptr ? nullptr : info->fields.find("txnId");
            return id != nullptr && id->is_string() && *id->string() == txn_id_;
        });
    }

    // The first repeat is at once; later ones wait, each writer for another time, so that writers who keep
    // meeting drift apart.
    void back_off(int attempt) const {
        if (attempt <= 2) return;
        const auto longest = std::min(kLongestDelay, kFirstDelay * (1 << std::min(attempt - 3, 10)));
        const auto spread = std::hash<std::string>()(txn_id_ + std::to_string(attempt)) % 1000;
        clock_.sleep(longest * static_cast<std::int64_t>(spread) / 1000);
    }

    Result<Version> finish(Version version) const {
        log::info("delta.commit", {{"table", table_.path},
                                   {"version", version},
                                   {"operation", request_.operation},
                                   {"adds", request_.adds.size()},
                                   {"removes", request_.removes.size()}});
        const std::int64_t interval = checkpoint_interval(metadata(), options_.checkpoint_interval);
        if (interval > 0 && version > 0 && version % interval == 0)
            if (const auto made = make_checkpoint(version); !made)
                log::warn("delta.checkpoint_failed",
                          {{"table", table_.path}, {"version", version}, {"error", made.error().message}});
        return version;
    }

    Result<> make_checkpoint(Version version) const {
        const auto snapshot = LAGOA_TRY(read_snapshot(table_, version));
        return write_checkpoint(table_, *snapshot, clock_);
    }

    const Metadata& metadata() const { return request_.metadata ? *request_.metadata : base_->metadata; }

    std::int64_t now_ms() const { return std::chrono::floor<milliseconds>(clock_.now()).time_since_epoch().count(); }

    const TableLocation& table_;
    const std::shared_ptr<const Snapshot> base_;
    CommitRequest request_;
    const CommitOptions options_;
    Clock& clock_;
    const std::string txn_id_;
};

}  // namespace

Result<Version> commit(const TableLocation& table, std::shared_ptr<const Snapshot> base, CommitRequest request,
                       const CommitOptions& options) {
    return LAGOA_TRY(Committer(table, std::move(base), std::move(request), options).run(), "committing to {}",
                     table.path);
}

}  // namespace lagoa::delta
