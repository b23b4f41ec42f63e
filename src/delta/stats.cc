#include "delta/stats.h"

#include <simdjson.h>

namespace lagoa::delta {

Result<FileStats> FileStats::parse(std::string_view text) {
    FileStats stats;
    if (text.empty()) return stats;
    auto value = json::parse(text);
    if (!value) return fail(ErrorCode::kCorruption, "statistics of a file: {}", value.error().message);
    if (!value->is_object())
        return fail(ErrorCode::kCorruption, "statistics of a file are a {}, not an object", value->kind());
    stats.stats_ = *std::move(value);
    return stats;
}

std::optional<std::int64_t> FileStats::row_count() const {
    return stats_.int64_at("numRecords");
}

bool FileStats::tight_bounds() const {
    return stats_.bool_at("tightBounds").value_or(true);
}

const json::Value* FileStats::min(ColumnPath column) const {
    return find("minValues", column);
}

const json::Value* FileStats::max(ColumnPath column) const {
    return find("maxValues", column);
}

std::optional<std::int64_t> FileStats::null_count(ColumnPath column) const {
    const json::Value* const value = find("nullCount", column);
    const json::Number* const number = value == nullptr ? nullptr : value->number();
    return number == nullptr ? std::nullopt : number->to_int64();
}

const json::Value* FileStats::find(std::string_view group, ColumnPath column) const {
    const json::Value* at = stats_.find(group);
    for (const auto& name : column) {
        if (at == nullptr) return nullptr;
        at = at->find(name);
    }
    // A struct has no bounds of its own, and a null says nothing.
    return at == nullptr || at->is_object() || at->is_null() ? nullptr : at;
}

std::optional<std::int64_t> parse_row_count(std::string_view text) {
    // One a thread: a parser's buffers are worth keeping, and it serves one text at a time.
    thread_local simdjson::ondemand::parser parser;
    thread_local std::string padded;
    padded.assign(text);
    padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    simdjson::ondemand::document document;
    std::int64_t rows = 0;
    if (parser.iterate(padded).get(document) == simdjson::SUCCESS &&
        document["numRecords"].get_int64().get(rows) == simdjson::SUCCESS)
        return rows;
    const auto stats = FileStats::parse(text);  // another spelling of the number, or none
    return stats ? stats->row_count() : std::nullopt;
}

std::string with_loose_bounds(std::string text) {
    auto stats = json::parse(text);
    if (!stats || !stats->is_object()) return text;
    stats->object()->set("tightBounds", false);
    return json::dump(*stats);
}

std::optional<std::uint64_t> live_row_count(const AddFile& file) {
    const auto rows = parse_row_count(file.stats);
    const std::int64_t deleted = file.deletion_vector ? file.deletion_vector->cardinality : 0;
    if (!rows || *rows < deleted) return std::nullopt;
    return static_cast<std::uint64_t>(*rows - deleted);
}

}  // namespace lagoa::delta
