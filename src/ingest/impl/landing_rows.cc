#include "ingest/impl/landing_rows.h"

#include <algorithm>

#include "base/text.h"
#include "ingest/impl/json_records.h"
#include "ingest/impl/object_digest.h"
#include "ingest/impl/parquet_records.h"
#include "net/digest.h"

namespace lagoa::ingest {
namespace {

// The columns behind the contract's.
enum Extra : std::size_t { kPointer, kFeed, kPosition, kKnownFrom, kSequence, kVerdict, kRecord };

std::string to_json(const std::vector<Violation>& broken) {
    json::Array rules;
    for (const auto& violation : broken) {
        json::Value column;
        if (!violation.column.empty()) column = violation.column;
        rules.push_back(json::make_object({{"rule", violation.rule},
                                           {"column", std::move(column)},
                                           {"value", violation.value},
                                           {"message", violation.message}}));
    }
    return json::dump(rules);
}

std::unexpected<Error> damaged(const LandedObject& object, std::string_view what) {
    return fail_with_hint(ErrorCode::kCorruption, "Restore the landing zone from its backup, then load again.",
                          "loading {}: the object {}", object.key, what);
}

std::unexpected<Error> unreadable(const LandedObject& object, const Error& error) {
    if (error.code == ErrorCode::kNotFound) return damaged(object, "that the manifest names is gone");
    return pass_on(error, "loading {}", object.key);
}

Result<> check_digest(const LandedObject& object, std::string_view sha256) {
    if (!object.sha256.empty() && sha256 != object.sha256)
        return damaged(object, "is not the one that was landed: its SHA-256 differs");
    return {};
}

// For what is read as a whole; a Parquet file is read where it lies.
Result<std::shared_ptr<const PaddedBytes>> read_object(ObjectStore& landing, const LandedObject& object) {
    const auto reader = landing.reader(object.key);
    if (!reader) return unreadable(object, reader.error());
    auto bytes = std::make_shared<PaddedBytes>((*reader)->info().size_bytes);
    const std::size_t read = LAGOA_TRY((*reader)->read(0, bytes->writable()), "loading {}", object.key);
    if (read != bytes->view().size()) return damaged(object, "ended early");
    LAGOA_TRY(check_digest(object, net::sha256_hex(bytes->view())));
    return std::shared_ptr<const PaddedBytes>(std::move(bytes));
}

}  // namespace

LandingRows::LandingRows(ObjectStore& landing, std::vector<Feed> feeds, const Contract& contract, Connect connect)
    : landing_(landing),
      feeds_(std::move(feeds)),
      contract_(contract),
      connect_(std::move(connect)),
      schema_(contract.schema()) {
    const auto add = [&](std::string name, TypeKind kind) {
        schema_.fields.push_back({.name = std::move(name), .type = {.kind = kind, .children = {}}, .metadata = {}});
    };
    add("_pointer", TypeKind::kString);
    add("_feed", TypeKind::kInt32);
    add("_position", TypeKind::kInt64);
    add("_known_from", TypeKind::kTimestamp);
    add("_sequence", TypeKind::kInt64);
    add("_verdict", TypeKind::kString);
    add("_record", TypeKind::kString);
    record_.values.resize(contract.columns.size() + 1);
}

Result<bool> LandingRows::next(RowSink& sink) {
    for (std::size_t rows = 0; rows < sink.capacity();) {
        if (reader_ == nullptr) {
            if (feed_ == feeds_.size()) return false;
            LAGOA_TRY(open(feeds_[feed_]));
        }
        if (!LAGOA_TRY(reader_->next(record_), "loading {}", feeds_[feed_].object->key)) {
            LAGOA_TRY(close());
            continue;
        }
        ++counts_.records;
        if (is_skipped()) {
            ++counts_.skipped;
            continue;
        }
        add_row(sink);
        ++rows;
    }
    return true;
}

Result<> LandingRows::open(const Feed& feed) {
    const LandedObject& object = *feed.object;
    records_before_ = counts_.records;
    counts_.size_bytes += object.size_bytes;
    fetched_ = format_instant(object.fetched);
    // Values that the object knows stay in their places: no record writes there.
    std::ranges::fill(record_.values, RawValue{});
    for (const auto& [column, what] : feed.plan->from_object) {
        using What = RecordPlan::FromObject::What;
        std::string_view text;
        if (what == What::kConstant) text = *feed.plan->cells[column].mapping().constant;
        if (what == What::kItem) text = object.item;
        if (what == What::kFetched) text = fetched_;
        if (what != What::kAt) record_.values[column] = {RawValue::Kind::kText, text};
    }
    if (object.format == RecordFormat::kJson) {
        auto bytes = LAGOA_TRY(read_object(landing_, object));
        reader_ = read_json(std::move(bytes), *feed.plan);
    } else if (object.format == RecordFormat::kJsonLines) {
        auto bytes = LAGOA_TRY(read_object(landing_, object));
        reader_ = read_json_lines(std::move(bytes), *feed.plan);
    } else {
        const auto digest = digest_of(landing_, object.key);
        if (!digest) return unreadable(object, digest.error());
        LAGOA_TRY(check_digest(object, digest->sha256));
        auto session = LAGOA_TRY(connect_());
        reader_ = LAGOA_TRY(read_parquet(std::move(session), "lagoa://landing/" + object.key, *feed.plan), "loading {}",
                            object.key);
    }
    return {};
}

Result<> LandingRows::close() {
    const Feed& feed = feeds_[feed_];
    StreamState& state = streams_[feed.plan->stream->name + feed.plan->mapping->records];
    const std::string_view missing = reader_->missing_path();
    state.found |= counts_.records > records_before_ || missing.empty() || feed.plan->mapping->optional;
    if (!missing.empty() && state.missing_in.empty()) {
        state.missing_in = feed.object->key;
        state.missing_path = missing;
    }
    reader_.reset();
    ++feed_;
    if (feed_ == feeds_.size() || feeds_[feed_].manifest != feed.manifest) return check_drift();
    return {};
}

Result<> LandingRows::check_drift() {
    for (const auto& [name, state] : streams_)
        if (!state.found)
            return fail_with_hint(
                ErrorCode::kDataRejected,
                "Look at the object; correct `records` in the source, or set `optional: true` for the table.",
                "loading {}: the answer {} has no {}: its source has changed", contract_.table.text(), state.missing_in,
                state.missing_path);
    streams_.clear();
    return {};
}

bool LandingRows::is_skipped() const {
    const auto& skip = feeds_[feed_].plan->skip;
    if (skip.empty() || !record_.fault.empty()) return false;
    return std::ranges::all_of(skip, [&](std::size_t column) {
        const auto kind = record_.values[column].kind;
        return kind == RawValue::Kind::kAbsent || kind == RawValue::Kind::kNull;
    });
}

void LandingRows::add_row(RowSink& sink) {
    const Feed& feed = feeds_[feed_];
    const std::size_t columns = contract_.columns.size();
    sink.add_row();
    broken_.clear();
    if (record_.fault.empty()) {
        read_cells(*feed.plan, sink);
    } else {
        broken_.push_back({"json", "", "", record_.fault});
    }
    sink.set_text(columns + kPointer, record_.pointer);
    sink.set_int64(columns + kFeed, static_cast<std::int64_t>(feed_));
    sink.set_int64(columns + kPosition, position_++);
    sink.set_timestamp(columns + kKnownFrom, feed.object->fetched.time_since_epoch().count());
    sink.set_int64(columns + kSequence, static_cast<std::int64_t>(feed.manifest->sequence));
    if (broken_.empty()) return;
    sink.set_text(columns + kVerdict, to_json(broken_));
    if (!record_.text.empty()) sink.set_text(columns + kRecord, record_.text);
}

void LandingRows::read_cells(const RecordPlan& plan, RowSink& sink) {
    for (const auto& [column, what] : plan.from_object)
        if (what == RecordPlan::FromObject::What::kAt) record_.values[column] = record_.values[plan.at()];
    std::size_t key_parts = 0;
    for (std::size_t i = 0; i < plan.cells.size(); ++i) {
        const bool has_value = plan.cells[i].read(record_.values[i], sink, i, broken_);
        key_parts += has_value && plan.cells[i].column().key_position.has_value();
    }
    if (!plan.key.empty() && key_parts == 0)
        broken_.push_back({"key", "", "", "has no value in any column of the business key"});
}

}  // namespace lagoa::ingest
