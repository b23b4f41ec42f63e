#include "delta/commit.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "base/id.h"
#include "base/log.h"
#include "delta/column_mapping.h"
#include "delta/impl/conflict.h"
#include "delta/impl/log_files.h"
#include "delta/impl/row_tracking.h"
#include "delta/impl/running_checksum.h"
#include "delta/impl/write_rules.h"
#include "delta/log_json.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"

namespace lagoa::delta {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kEngineInfo = "Lagoa/0.1.0";
constexpr milliseconds kFirstDelay{10};
constexpr milliseconds kLongestDelay{1000};

// Spark's form: texts and nulls as they are, everything else as JSON in a text.
json::Object as_texts(const json::Object& values) {
    json::Object out;
    for (const auto& [name, value] : values)
        out.set(name, value.is_string() || value.is_null() ? value : json::Value(json::dump(value)));
    return out;
}

// Members of commitInfo that mean something to the protocol or to us: a request does not set them.
constexpr std::array<std::string_view, 11> kOwnMembers = {
    "inCommitTimestamp", "timestamp",        "operation",    "operationParameters", "readVersion", "isBlindAppend",
    "isolationLevel",    "operationMetrics", "userMetadata", "engineInfo",          "txnId"};

class Committer {
public:
    Committer(const TableLocation& table, std::shared_ptr<const Snapshot> base, CommitRequest request,
              const CommitOptions& options)
        : table_(table),
          base_(std::move(base)),
          request_(std::move(request)),
          options_(options),
          clock_(options.clock != nullptr ? *options.clock : system_clock()),
          txn_id_(new_uuid()),
          next_(base_ ? base_->version + 1 : 0),
          previous_ms_(base_ ? base_->timestamp_ms : 0) {}

    Result<Version> run() {
        LAGOA_TRY(prepare());
        std::string bytes;
        std::optional<Version> drafted;
        std::optional<Error> unknown;  // what the store said of a put that may or may not have happened
        for (int attempt = 1; attempt <= options_.max_attempts; ++attempt) {
            back_off(attempt);
            // A put of this version that may still happen has the same bytes.
            if (drafted != next_) bytes = LAGOA_TRY(draft());
            drafted = next_;
            const auto put = table_.store->put_if_absent(commit_key(table_, next_), bytes);
            if (put) return finish();
            const bool lost = put.error().code == ErrorCode::kAlreadyExists;
            if (!lost && !is_outcome_unknown(put.error().code)) {
                if (unknown) break;  // this put did nothing, but an earlier one may have
                return pass_on(put.error());
            }
            if (!lost) unknown = put.error();

            const auto is_ours = catch_up();
            if (!is_ours && !is_outcome_unknown(is_ours.error().code)) return pass_on(is_ours.error());
            if (!is_ours) {
                unknown = is_ours.error();  // it is not decided yet whose `next_` is
                continue;
            }
            if (*is_ours) return finish();
            if (next_ > *drafted) unknown.reset();  // that version is someone else's, so our put had no effect
        }
        if (unknown)
            return fail_with_hint(unknown->code, "Read the table before trying again.",
                                  "whether version {} was written is unknown: {}", next_, unknown->message);
        return fail_with_hint(ErrorCode::kConflict, "Write less often or from fewer writers.",
                              "{} attempts all lost the race, the last for version {}", options_.max_attempts, next_);
    }

private:
    // ------------------------------------------------------------------ once

    Result<> prepare() {
        const std::int64_t now = now_ms();
        if (!base_) LAGOA_TRY(check_absent());
        LAGOA_TRY(prepare_table(now));
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
        if (!request_.rules_enforced && std::ranges::any_of(request_.adds, &AddFile::data_change))
            LAGOA_TRY(check_no_row_rules(metadata()));
        LAGOA_TRY(check_files(protocol(), metadata(), base_.get(), request_));
        if (request_.metadata) LAGOA_TRY(check_metadata(metadata(), base_.get(), request_));
        if (base_) complete_removes(*base_, request_.removes);
        return prepare_row_tracking();
    }

    // Version 0 may have been cleaned up behind a checkpoint: that it is free proves nothing.
    Result<> check_absent() const {
        if (!request_.metadata) return fail(ErrorCode::kInvalidArgument, "a new table has no metadata");
        const auto newest = newest_version(table_);
        if (newest) return fail(ErrorCode::kConflict, "the table exists, at version {}", *newest);
        if (newest.error().code != ErrorCode::kNotFound) return pass_on(newest.error());
        return {};
    }

    // Metadata and the protocol that it needs.
    Result<> prepare_table(std::int64_t now) {
        if (base_) LAGOA_TRY(check_writable(base_->protocol, base_->metadata));
        const Protocol* const current = base_ ? &base_->protocol : nullptr;
        if (request_.metadata) {
            Metadata& next = *request_.metadata;
            if (next.id.empty()) next.id = base_ ? base_->metadata.id : new_uuid();  // the table's for life
            if (!next.created_ms) next.created_ms = base_ ? base_->metadata.created_ms : now;
            const Protocol* const at_least = request_.protocol ? &*request_.protocol : current;
            Protocol needed = LAGOA_TRY(protocol_for(next, at_least));
            if (request_.protocol || current == nullptr || needed != *current) request_.protocol = std::move(needed);
            bool was_mapped = false;
            if (base_) was_mapped = LAGOA_TRY(column_mapping_of(base_->metadata)) != ColumnMapping::kNone;
            LAGOA_TRY(assign_column_mapping(next, was_mapped, !base_));
            name_row_tracking_columns(next, base_ ? &base_->metadata : nullptr);
        }
        LAGOA_TRY(check_protocol(protocol(), base_.get(), request_));
        has_timestamps_ = has_in_commit_timestamps(protocol(), metadata());
        enables_timestamps_ = base_ && has_timestamps_ && !has_in_commit_timestamps(base_->protocol, base_->metadata);
        return check_writable(protocol(), metadata());
    }

    // In a table that tracks rows every added file has ids; when it begins to, those that stand get theirs too.
    Result<> prepare_row_tracking() {
        tracks_rows_ = has_feature(protocol(), "rowTracking");
        if (!tracks_rows_) return {};
        if (base_ && is_enabled(metadata(), kRowTrackingProperty) && !is_enabled(base_->metadata, kRowTrackingProperty))
            add_standing_files();
        for (std::size_t i = 0; i < request_.adds.size(); ++i)
            if (!request_.adds[i].base_row_id) without_ids_.push_back(i);
        if (!base_) return {};
        const auto domain = base_->domains.find(std::string(kRowTrackingDomain));
        if (domain != base_->domains.end()) high_water_mark_ = LAGOA_TRY(row_id_high_water_mark(domain->second));
        return {};
    }

    void add_standing_files() {
        std::set<std::string> touched;
        for (const auto& remove : request_.removes) touched.insert(file_key(remove.path, remove.deletion_vector));
        for (const auto& add : request_.adds) touched.insert(file_key(add.path, add.deletion_vector));
        for (AddFile file : base_->files) {
            if (file.base_row_id || touched.contains(file_key(file.path, file.deletion_vector))) continue;
            file.data_change = false;
            request_.adds.push_back(std::move(file));
        }
        request_.read_set = ReadSet::whole_table();  // a file added meanwhile would stay without ids
    }

    // ------------------------------------------------------------------ at each try

    // The commit as it is on top of version `next_` - 1.
    Result<std::string> draft() {
        if (has_timestamps_) timestamp_ms_ = std::max(now_ms(), previous_ms_ + 1);
        if (request_.metadata) note_enablement(*request_.metadata);
        row_domain_.reset();
        if (!without_ids_.empty()) {
            const auto mark = LAGOA_TRY(assign_row_ids(request_.adds, without_ids_, high_water_mark_, next_));
            row_domain_ = row_tracking_domain(mark);
        }
        std::string out = print_action(commit_info()) + "\n";
        const auto print = [&out](const Action& action) { out += print_action(action) + "\n"; };
        if (request_.protocol) print(*request_.protocol);
        if (request_.metadata) print(*request_.metadata);
        for (const auto& domain : request_.domains) print(domain);
        if (row_domain_) print(*row_domain_);
        for (const auto& txn : request_.txns) print(txn);
        for (const auto& remove : request_.removes) print(remove);
        for (const auto& add : request_.adds) print(add);
        for (const auto& cdc : request_.cdc) print(cdc);
        return out;
    }

    // From which version on the commits' own timestamps count, for tables that did not have them from the first.
    void note_enablement(Metadata& metadata) const {
        if (enables_timestamps_) {
            metadata.configuration[std::string(kTimestampEnablementVersion)] = std::to_string(next_);
            metadata.configuration[std::string(kTimestampEnablementTime)] = std::to_string(timestamp_ms_);
        } else if (!has_timestamps_) {
            metadata.configuration.erase(std::string(kTimestampEnablementVersion));
            metadata.configuration.erase(std::string(kTimestampEnablementTime));
        }
    }

    CommitInfo commit_info() const {
        const bool is_blind_append = request_.read_set.scope == ReadSet::Scope::kNothing && request_.removes.empty();
        json::Object fields;
        if (has_timestamps_) fields.set("inCommitTimestamp", timestamp_ms_);  // readers look for it first
        fields.set("timestamp", has_timestamps_ ? timestamp_ms_ : now_ms());
        fields.set("operation", request_.operation);
        fields.set("operationParameters", as_texts(request_.operation_parameters));
        if (base_) fields.set("readVersion", base_->version);
        const bool is_serial = isolation_of(request_, metadata()) == Isolation::kSerializable;
        fields.set("isolationLevel", is_serial ? "Serializable" : "WriteSerializable");
        fields.set("isBlindAppend", is_blind_append);
        fields.set("operationMetrics", as_texts(request_.operation_metrics));
        if (!request_.user_metadata.empty()) fields.set("userMetadata", request_.user_metadata);
        fields.set("engineInfo", kEngineInfo);
        fields.set("txnId", txn_id_);
        for (const auto& [name, value] : request_.commit_info)
            if (std::ranges::find(kOwnMembers, name) == kOwnMembers.end()) fields.set(name, value);
        return {std::move(fields)};
    }

    // Reads what was committed from `next_` on, until our commit (true) or the first free version (false), which
    // `next_` is then; every commit of others must leave ours standing.
    Result<bool> catch_up() {
        for (;; ++next_) {
            const std::string key = commit_key(table_, next_);
            const auto text = table_.store->get(key);
            if (!text && text.error().code == ErrorCode::kNotFound) return false;
            if (!text) return pass_on(text.error());
            const auto actions = LAGOA_TRY(parse_commit(*text, key));
            if (is_ours(actions)) return true;
            if (!base_) return fail(ErrorCode::kConflict, "another writer has created the table");
            LAGOA_TRY(check_conflict(request_, isolation_of(request_, base_->metadata), next_, actions));
            LAGOA_TRY(stand_on(actions));
        }
    }

    // Takes over what a commit of others, before ours, means to ours.
    Result<> stand_on(const std::vector<Action>& actions) {
        for (const auto& action : actions) {
            if (const auto* const info = std::get_if<CommitInfo>(&action))
                previous_ms_ = std::max(previous_ms_, in_commit_timestamp(info->fields).value_or(0));
            const auto* const domain = std::get_if<DomainMetadata>(&action);
            if (domain != nullptr && tracks_rows_ && domain->domain == kRowTrackingDomain)
                high_water_mark_ = LAGOA_TRY(row_id_high_water_mark(*domain));
            checksum().apply(action);
        }
        return {};
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

    // ------------------------------------------------------------------ afterwards

    // Version `next_` is ours. Nothing that fails from here on undoes it.
    Version finish() {
        log::info("delta.commit", {{"table", table_.path},
                                   {"version", next_},
                                   {"operation", request_.operation},
                                   {"adds", request_.adds.size()},
                                   {"removes", request_.removes.size()}});
        const auto warn = [this](std::string_view event, const Error& error) {
            log::warn(event, {{"table", table_.path}, {"version", next_}, {"error", error.message}});
        };
        if (const auto written = write_checksum(); !written) warn("delta.checksum_failed", written.error());
        const std::int64_t interval = checkpoint_interval(metadata(), options_.checkpoint_interval);
        if (interval > 0 && next_ > 0 && next_ % interval == 0)
            if (const auto made = make_checkpoint(); !made) warn("delta.checkpoint_failed", made.error());
        return next_;
    }

    Result<> write_checksum() {
        RunningChecksum& state = checksum();
        if (request_.protocol) state.apply(*request_.protocol);
        if (request_.metadata) state.apply(*request_.metadata);
        for (const auto& domain : request_.domains) state.apply(domain);
        if (row_domain_) state.apply(*row_domain_);
        for (const auto& txn : request_.txns) state.apply(txn);
        for (const auto& remove : request_.removes) state.remove(remove);
        for (const auto& add : request_.adds) state.add(add);
        const auto timestamp = has_timestamps_ ? std::optional(timestamp_ms_) : std::nullopt;
        auto written = table_.store->put_if_absent(checksum_key(table_, next_), state.print(txn_id_, timestamp));
        if (!written && written.error().code == ErrorCode::kAlreadyExists) return {};
        return written;
    }

    Result<> make_checkpoint() const {
        auto read = base_ ? refresh(table_, base_, next_) : read_snapshot(table_, next_);
        const auto snapshot = LAGOA_TRY(std::move(read));
        LAGOA_TRY(write_checkpoint(table_, *snapshot, clock_));
        if (!options_.keep_from) return {};
        const Version keep_from = LAGOA_TRY(options_.keep_from(), "looking for what must stay readable");
        LAGOA_TRY(clean_up_log(table_, *snapshot, keep_from, clock_));
        return {};
    }

    // Made when it is first needed: it looks at every file of the base.
    RunningChecksum& checksum() {
        if (!checksum_) checksum_.emplace(base_);
        return *checksum_;
    }

    const Protocol& protocol() const { return request_.protocol ? *request_.protocol : base_->protocol; }
    const Metadata& metadata() const { return request_.metadata ? *request_.metadata : base_->metadata; }

    std::int64_t now_ms() const { return std::chrono::floor<milliseconds>(clock_.now()).time_since_epoch().count(); }

    const TableLocation& table_;
    const std::shared_ptr<const Snapshot> base_;
    CommitRequest request_;
    const CommitOptions options_;
    Clock& clock_;
    const std::string txn_id_;

    bool has_timestamps_ = false;      // in commits, by the table after this one
    bool enables_timestamps_ = false;  // which it did not have before
    bool tracks_rows_ = false;
    std::vector<std::size_t> without_ids_;  // the added files that get row ids, by their places in the request

    Version next_;                             // the version to try
    std::int64_t previous_ms_;                 // the time of the version before `next_`
    std::int64_t high_water_mark_ = -1;        // of row ids, in the version before `next_`
    std::optional<RunningChecksum> checksum_;  // of the version before `next_`

    std::int64_t timestamp_ms_ = 0;             // of the draft, if the table has timestamps in commits
    std::optional<DomainMetadata> row_domain_;  // of the draft, if it gives out row ids
};

}  // namespace

Result<Version> commit(const TableLocation& table, std::shared_ptr<const Snapshot> base, CommitRequest request,
                       const CommitOptions& options) {
    return LAGOA_TRY(Committer(table, std::move(base), std::move(request), options).run(), "committing to {}",
                     table.path);
}

}  // namespace lagoa::delta
