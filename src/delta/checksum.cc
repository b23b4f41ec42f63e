#include "delta/checksum.h"

#include <set>

#include "delta/impl/log_files.h"
#include "delta/impl/running_checksum.h"
#include "delta/log_json.h"

namespace lagoa::delta {
namespace {

// The action inside its envelope: checksum files hold `{…}` where the log has `{"protocol":{…}}`.
json::Value bare(const Action& action) {
    const auto line = json::parse(print_action(action));
    return line->object()->begin()->second;
}

// The other way, so that what others wrote is compared as we would have written it. nullopt: it is not such an action.
std::optional<std::string> normalized(std::string_view name, const json::Value& value) {
    const auto action = parse_action(json::dump(json::make_object({{std::string(name), value}})));
    return action && *action ? std::optional(print_action(**action)) : std::nullopt;
}

class Comparison {
public:
    Comparison(const json::Value& checksum, std::string_view key) : checksum_(checksum), key_(key) {}

    Result<> number(std::string_view member, std::int64_t found) const {
        const json::Value* const value = checksum_.find(member);
        if (value == nullptr || value->is_null()) return {};
        if (checksum_.int64_at(member) == found) return {};
        return differs(member, fmt::format("{}, the table has {}", json::dump(*value), found));
    }

    Result<> action(std::string_view member, std::string_view action, const Action& found) const {
        const json::Value* const value = checksum_.find(member);
        if (value == nullptr || value->is_null()) return {};
        if (normalized(action, *value) == print_action(found)) return {};
        return differs(member, "not the table's");
    }

    // A list of actions that are to be the table's, in any order.
    template <class Known>
    Result<> actions(std::string_view member, std::string_view action, const Known& known) const {
        const json::Value* const value = checksum_.find(member);
        if (value == nullptr || value->is_null()) return {};
        if (!value->is_array()) return differs(member, "not a list");
        std::set<std::string> expected;
        for (const json::Value& element : *value->array()) expected.insert(normalized(action, element).value_or(""));
        std::set<std::string> found;
        for (const auto& [id, one] : known) found.insert(print_action(one));
        if (expected == found) return {};
        return differs(member, fmt::format("{}, the table has {}, or they are others", expected.size(), found.size()));
    }

private:
    std::unexpected<Error> differs(std::string_view member, std::string_view how) const {
        return fail(ErrorCode::kCorruption, "{} says that {} is {}", key_, member, how);
    }

    const json::Value& checksum_;
    std::string_view key_;
};

}  // namespace

std::string checksum_key(const TableLocation& table, Version version) {
    return log_key(table, fmt::format("{:020}.crc", version));
}

RunningChecksum::RunningChecksum(std::shared_ptr<const Snapshot> base) : base_(std::move(base)) {
    if (!base_) return;
    for (const AddFile& file : base_->files) count(size_of(file), 1);
    protocol_ = base_->protocol;
    metadata_ = base_->metadata;
    txns_ = base_->txns;
    domains_ = base_->domains;
}

RunningChecksum::FileSize RunningChecksum::size_of(const AddFile& file) {
    return {.bytes = file.size_bytes,
            .deleted_rows = file.deletion_vector ? file.deletion_vector->cardinality : 0,
            .has_vector = file.deletion_vector.has_value()};
}

void RunningChecksum::count(const FileSize& size, int sign) {
    files_ += sign;
    bytes_ += sign * size.bytes;
    deleted_rows_ += sign * size.deleted_rows;
    vectors_ += size.has_vector ? sign : 0;
}

// A file that the table does not have is no loss: such removes are in logs.
void RunningChecksum::drop(const std::string& key) {
    if (const auto at = added_.find(key); at != added_.end()) {
        count(at->second, -1);
        added_.erase(at);
        return;
    }
    const auto slot = base_ ? base_->files.find(key) : std::nullopt;
    if (!slot || !dropped_.insert(key).second) return;
    count(size_of(base_->files[*slot]), -1);
}

void RunningChecksum::add(const AddFile& file) {
    std::string key = file_key(file.path, file.deletion_vector);
    drop(key);  // a file that is there may be added again, with better statistics, say
    const FileSize size = size_of(file);
    count(size, 1);
    added_.insert_or_assign(std::move(key), size);
}

void RunningChecksum::remove(const RemoveFile& file) {
    drop(file_key(file.path, file.deletion_vector));
}

void RunningChecksum::apply(const Action& action) {
    if (const auto* const file = std::get_if<AddFile>(&action)) add(*file);
    if (const auto* const file = std::get_if<RemoveFile>(&action)) remove(*file);
    if (const auto* const protocol = std::get_if<Protocol>(&action)) protocol_ = *protocol;
    if (const auto* const metadata = std::get_if<Metadata>(&action)) metadata_ = *metadata;
    if (const auto* const txn = std::get_if<Txn>(&action)) txns_.insert_or_assign(txn->app_id, *txn);
    if (const auto* const domain = std::get_if<DomainMetadata>(&action)) {
        if (domain->removed)
            domains_.erase(domain->domain);
        else
            domains_.insert_or_assign(domain->domain, *domain);
    }
}

std::string RunningChecksum::print(std::string_view txn_id, std::optional<std::int64_t> in_commit_timestamp_ms) const {
    json::Object out = json::make_object({{"txnId", txn_id},
                                          {"tableSizeBytes", bytes_},
                                          {"numFiles", files_},
                                          {"numDeletedRecordsOpt", deleted_rows_},
                                          {"numDeletionVectorsOpt", vectors_},
                                          {"numMetadata", 1},
                                          {"numProtocol", 1}});
    if (in_commit_timestamp_ms) out.set("inCommitTimestampOpt", *in_commit_timestamp_ms);
    json::Array txns;
    for (const auto& [id, txn] : txns_) txns.push_back(bare(txn));
    out.set("setTransactions", std::move(txns));
    json::Array domains;
    for (const auto& [name, domain] : domains_) domains.push_back(bare(domain));
    out.set("domainMetadata", std::move(domains));
    if (metadata_) out.set("metadata", bare(*metadata_));
    if (protocol_) out.set("protocol", bare(*protocol_));
    return json::dump(out) + "\n";
}

Result<> verify_checksum(const TableLocation& table, const Snapshot& snapshot) {
    const std::string key = checksum_key(table, snapshot.version);
    const std::string text = LAGOA_TRY(table.store->get(key), "checking version {}", snapshot.version);
    const auto checksum = json::parse(text);
    if (!checksum || !checksum->is_object())
        return fail(ErrorCode::kCorruption, "checking version {}: {} is not a JSON object", snapshot.version, key);

    std::int64_t deleted_rows = 0;
    std::int64_t vectors = 0;
    for (const AddFile& file : snapshot.files) {
        if (!file.deletion_vector) continue;
        deleted_rows += file.deletion_vector->cardinality;
        ++vectors;
    }
    const Comparison compare(*checksum, key);
    LAGOA_TRY(compare.number("numFiles", static_cast<std::int64_t>(snapshot.files.size())));
    LAGOA_TRY(compare.number("tableSizeBytes", static_cast<std::int64_t>(snapshot.size_bytes())));
    LAGOA_TRY(compare.number("numDeletedRecordsOpt", deleted_rows));
    LAGOA_TRY(compare.number("numDeletionVectorsOpt", vectors));
    LAGOA_TRY(compare.number("inCommitTimestampOpt", snapshot.timestamp_ms));
    LAGOA_TRY(compare.action("protocol", "protocol", snapshot.protocol));
    LAGOA_TRY(compare.action("metadata", "metaData", snapshot.metadata));
    LAGOA_TRY(compare.actions("setTransactions", "txn", snapshot.txns));
    return compare.actions("domainMetadata", "domainMetadata", snapshot.domains);
}

}  // namespace lagoa::delta
