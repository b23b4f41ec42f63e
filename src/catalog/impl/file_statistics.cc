#include "catalog/impl/file_statistics.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "codec/json.h"

namespace lagoa {
namespace {

constexpr std::size_t kStringLength = 32;                        // characters kept, as Spark does
constexpr std::string_view kLastCharacter = "\xf4\x8f\xbf\xbf";  // U+10FFFF, not below any other

enum class Bound { kMin, kMax };

// Where the character after the first `count` begins; nullopt if there are no more than that.
std::optional<std::size_t> offset_after(std::string_view text, std::size_t count) {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool starts = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
        if (starts && characters++ == count) return i;
    }
    return std::nullopt;
}

std::optional<json::Value> string_bound(std::string_view text, Bound bound) {
    const auto cut = offset_after(text, kStringLength);
    const std::string_view prefix = text.substr(0, cut.value_or(text.size()));
    if (!is_utf8(prefix)) return std::nullopt;
    if (!cut || bound == Bound::kMin) return json::Value(prefix);
    // Nothing that begins with the prefix is above prefix + the last character, unless it goes on with it.
    if (text.substr(*cut).starts_with(kLastCharacter)) return std::nullopt;
    return json::Value(std::string(prefix) + std::string(kLastCharacter));
}

// `2026-01-02 03:04:05.123456`, without the `+00` of an instant.
std::optional<Instant> parse_time(std::string_view text) {
    if (text.ends_with("+00")) text.remove_suffix(3);
    const auto instant = parse_instant(std::string(text) + "Z");  // refuses infinity, BC and years beyond 9999
    if (!instant) return std::nullopt;
    return *instant;
}

std::optional<json::Value> time_bound(std::string_view text, Bound bound, bool zoned) {
    const auto instant = parse_time(text);
    if (!instant) return std::nullopt;
    const auto millis = bound == Bound::kMin ? std::chrono::floor<std::chrono::milliseconds>(*instant)
                                             : std::chrono::ceil<std::chrono::milliseconds>(*instant);
    std::string out = format_instant(millis);  // …:05.123000Z
    out.erase(out.size() - 4, 3);
    if (!zoned) out.pop_back();
    return json::Value(std::move(out));
}

std::optional<json::Value> number_bound(std::string_view text) {
    const auto parsed = json::parse(text);  // refuses inf and nan
    if (!parsed || !parsed->is_number()) return std::nullopt;
    return *parsed;
}

// Parquet's statistics of a boolean are its bytes.
std::optional<json::Value> boolean_bound(std::string_view text) {
    if (text == "0") return json::Value(false);
    if (text == "1") return json::Value(true);
    return std::nullopt;
}

std::optional<json::Value> bound_of(const Type& type, std::string_view text, Bound bound) {
    switch (type.kind) {
        case TypeKind::kBoolean:
            return boolean_bound(text);
        case TypeKind::kInt8:
        case TypeKind::kInt16:
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kFloat:
        case TypeKind::kDouble:
        case TypeKind::kDecimal:
            return number_bound(text);
        case TypeKind::kString:
            return string_bound(text, bound);
        case TypeKind::kDate:
            return text.size() == 10 ? std::optional(json::Value(text)) : std::nullopt;  // no infinity, no BC
        case TypeKind::kTimestamp:
            return time_bound(text, bound, true);
        case TypeKind::kTimestampNtz:
            return time_bound(text, bound, false);
        default:
            return std::nullopt;
    }
}

/// Walks the schema and collects the three objects of the statistics.
class Collector {
public:
    Collector(const FileStatistics& statistics, int indexed_columns)
        : statistics_(statistics), left_(indexed_columns) {}

    struct Level {
        json::Object min, max, nulls;
    };

    void add(const Field& field, const std::string& parent, Level& level) {
        const std::string path =
            parent.empty() ? quote_identifier(field.name) : parent + "." + quote_identifier(field.name);
        if (field.type.kind == TypeKind::kStruct) return add_struct(field, path, level);
        if (field.type.kind == TypeKind::kList || field.type.kind == TypeKind::kMap) return;
        if (left_ == 0) return;
        if (left_ > 0) --left_;
        const auto found = statistics_.find(path);
        if (found == statistics_.end()) return;
        const LeafStatistics& leaf = found->second;
        if (leaf.nulls) level.nulls.set(field.name, *leaf.nulls);
        if (leaf.has_nan || !leaf.min || !leaf.max) return;
        auto min = bound_of(field.type, *leaf.min, Bound::kMin);
        auto max = bound_of(field.type, *leaf.max, Bound::kMax);
        if (min) level.min.set(field.name, *std::move(min));
        if (max) level.max.set(field.name, *std::move(max));
    }

private:
    void add_struct(const Field& field, const std::string& path, Level& level) {
        Level inner;
        for (const Field& member : field.type.children) add(member, path, inner);
        if (!inner.min.empty()) level.min.set(field.name, std::move(inner.min));
        if (!inner.max.empty()) level.max.set(field.name, std::move(inner.max));
        if (!inner.nulls.empty()) level.nulls.set(field.name, std::move(inner.nulls));
    }

    const FileStatistics& statistics_;
    int left_;
};

}  // namespace

std::string delta_statistics(const Schema& schema, const std::vector<std::string>& partition_columns,
                             std::uint64_t rows, const FileStatistics& statistics, int indexed_columns) {
    Collector collector(statistics, indexed_columns);
    Collector::Level top;
    for (const Field& field : schema.fields)
        if (std::ranges::find(partition_columns, field.name) == partition_columns.end()) collector.add(field, "", top);
    return json::dump(json::make_object({{"numRecords", rows},
                                         {"minValues", std::move(top.min)},
                                         {"maxValues", std::move(top.max)},
                                         {"nullCount", std::move(top.nulls)}}));
}

std::optional<std::string> delta_partition_value(const Type& type, const std::optional<std::string>& text) {
    if (!text || text->empty()) return std::nullopt;
    if (type.kind != TypeKind::kTimestamp) return text;
    const auto instant = parse_time(*text);
    return instant ? format_instant(*instant) : *text;
}

}  // namespace lagoa
