#include "catalog/impl/file_statistics.h"

#include <algorithm>
#include <cstdlib>
#include <span>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "codec/json.h"
#include "delta/column_mapping.h"

namespace lagoa {
namespace {

constexpr std::size_t kStringLength = 32;                        // UTF-16 units kept, as Spark does
constexpr std::string_view kLastAscii = "\x7f";                  // raises a cut before a lower ASCII character
constexpr std::string_view kLastCharacter = "\xf4\x8f\xbf\xbf";  // U+10FFFF, not below any other
constexpr std::int64_t kIndexedColumns = 32;  // leaves with statistics, unless the table says otherwise
constexpr std::string_view kIndexedColumnsProperty = "delta.dataSkippingNumIndexedCols";
constexpr std::string_view kStatsColumnsProperty = "delta.dataSkippingStatsColumns";

enum class Bound { kMin, kMax };

// The character that begins at `at`: its bytes and how many UTF-16 units it is.
struct Character {
    std::size_t bytes = 0;
    std::size_t units = 0;
};
Character character_at(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) return {1, 1};
    if (lead < 0xe0) return {2, 1};
    if (lead < 0xf0) return {3, 1};
    return {4, 2};
}

// Where a cut after at least `units` UTF-16 units falls: between characters; the size of a text that is no longer.
std::size_t cut_after(std::string_view text, std::size_t units) {
    std::size_t at = 0;
    for (std::size_t passed = 0; at < text.size() && passed < units;) {
        const Character next = character_at(text, at);
        at += next.bytes;
        passed += next.units;
    }
    return std::min(at, text.size());
}

std::optional<json::Value> string_bound(std::string_view text, Bound bound) {
    if (!is_utf8(text)) return std::nullopt;
    if (bound == Bound::kMin) return json::Value(cut_minimum(text));
    auto cut = cut_maximum(text);
    return cut ? std::optional(json::Value(*std::move(cut))) : std::nullopt;
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

// Parquet's statistics of a boolean are its bytes. Spark writes no bounds of booleans, but where one of them is missing
// delta-rs prunes files that hold matches.
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

// Whether bound_of() knows bounds of a type.
bool has_bounds(TypeKind kind) {
    using enum TypeKind;
    return kind != kBinary && kind != kVariant && kind != kVoid && kind != kList && kind != kMap && kind != kStruct;
}

// The columns that have statistics, by the table's properties.
class IndexedColumns {
public:
    explicit IndexedColumns(const delta::Metadata& metadata) {
        const auto& properties = metadata.configuration;
        if (const auto named = properties.find(std::string(kStatsColumnsProperty)); named != properties.end()) {
            named_ = parse_paths(named->second);
            return;
        }
        const auto property = properties.find(std::string(kIndexedColumnsProperty));
        if (property != properties.end()) left_ = json::Number{property->second}.to_int64().value_or(kIndexedColumns);
    }

    /// Whether the leaf at `path` (logical names) has statistics. To be asked of each leaf in the schema's order.
    bool next(const std::vector<std::string>& path) {
        if (named_) return std::ranges::any_of(*named_, [&](const auto& named) { return begins_with(path, named); });
        if (left_ == 0) return false;
        if (left_ > 0) --left_;  // -1: all
        return true;
    }

private:
    using Path = std::vector<std::string>;

    static bool begins_with(const Path& path, const Path& prefix) {
        return prefix.size() <= path.size() &&
               std::ranges::equal(prefix, std::span(path).first(prefix.size()),
                                  [](const auto& a, const auto& b) { return to_lower(a) == to_lower(b); });
    }

    // `a, s.b, `odd, name``: names in backticks or not.
    static std::vector<Path> parse_paths(std::string_view text) {
        std::vector<Path> paths(1);
        std::string name;
        bool quoted = false;
        const auto end_name = [&] {
            if (const auto trimmed = trim(name); !trimmed.empty()) paths.back().emplace_back(trimmed);
            name.clear();
        };
        for (const char c : text) {
            if (c == '`') {
                quoted = !quoted;
            } else if (quoted || (c != '.' && c != ',')) {
                name += c;
            } else {
                end_name();
                if (c == ',') paths.emplace_back();
            }
        }
        end_name();
        std::erase_if(paths, [](const Path& path) { return path.empty(); });
        return paths;
    }

    std::optional<std::vector<Path>> named_;
    std::int64_t left_ = kIndexedColumns;
};

/// Walks the schema and collects the three objects of the statistics.
class Collector {
public:
    Collector(const FileStatistics& statistics, const delta::Metadata& metadata)
        : statistics_(statistics), indexed_(metadata) {}

    struct Level {
        json::Object min, max, nulls;
    };

    void add(const Field& field, const std::string& parent, Level& level) {
        const std::string name = delta::physical_name(field);
        const std::string path = parent.empty() ? quote_identifier(name) : parent + "." + quote_identifier(name);
        path_.push_back(field.name);
        if (field.type.kind == TypeKind::kStruct) {
            add_struct(field, name, path, level);
        } else if (indexed_.next(path_)) {
            add_leaf(field, name, path, level);
        }
        path_.pop_back();
    }

private:
    void add_struct(const Field& field, const std::string& name, const std::string& path, Level& level) {
        Level inner;
        for (const Field& member : field.type.children) add(member, path, inner);
        if (!inner.min.empty()) level.min.set(name, std::move(inner.min));
        if (!inner.max.empty()) level.max.set(name, std::move(inner.max));
        if (!inner.nulls.empty()) level.nulls.set(name, std::move(inner.nulls));
    }

    void add_leaf(const Field& field, const std::string& name, const std::string& path, Level& level) {
        const auto found = statistics_.find(path);
        if (found == statistics_.end()) return;
        const LeafStatistics& leaf = found->second;
        if (leaf.nulls) level.nulls.set(name, *leaf.nulls);
        if (leaf.has_nan || !leaf.min || !leaf.max) return;
        auto min = bound_of(field.type, *leaf.min, Bound::kMin);
        auto max = bound_of(field.type, *leaf.max, Bound::kMax);
        if (min) level.min.set(name, *std::move(min));
        if (max) level.max.set(name, *std::move(max));
    }

    const FileStatistics& statistics_;
    IndexedColumns indexed_;
    std::vector<std::string> path_;  // of the field being added, by logical names
};

std::string same_spelling(const Type& type, const std::string& text) {
    switch (type.kind) {
        case TypeKind::kTimestamp:
        case TypeKind::kTimestampNtz: {
            auto instant = parse_instant(text);
            if (!instant) instant = parse_instant(text + "Z");
            return instant ? format_instant(*instant) : text;
        }
        case TypeKind::kDecimal: {
            if (text.find('.') == std::string::npos) return text;
            const std::string digits = text.substr(0, text.find_last_not_of('0') + 1);
            return digits.ends_with('.') ? digits.substr(0, digits.size() - 1) : digits;
        }
        case TypeKind::kFloat:
        case TypeKind::kDouble:
            return fmt::format("{}", std::strtod(text.c_str(), nullptr));
        case TypeKind::kBoolean:
            return to_lower(text);
        default:
            return text;
    }
}

}  // namespace

std::string cut_minimum(std::string_view text) {
    return std::string(text.substr(0, cut_after(text, kStringLength)));
}

// A tie-breaker after the prefix is above the text if it is above the character it stands for; if not, the prefix takes
// that character too.
std::optional<std::string> cut_maximum(std::string_view text) {
    std::size_t end = cut_after(text, kStringLength);
    const std::size_t limit = cut_after(text, 2 * kStringLength);
    while (end < text.size()) {
        const std::string_view prefix = text.substr(0, end);
        const std::string_view next = text.substr(end, character_at(text, end).bytes);
        if (next < kLastAscii) return std::string(prefix) + std::string(kLastAscii);
        if (next != kLastCharacter) return std::string(prefix) + std::string(kLastCharacter);
        end += next.size();
        if (end > limit) return std::nullopt;
    }
    return std::string(text);
}

std::string delta_statistics(const delta::Metadata& metadata, std::uint64_t rows, const FileStatistics& statistics,
                             bool tight_bounds) {
    Collector collector(statistics, metadata);
    Collector::Level top;
    for (const Field& field : metadata.schema.fields)
        if (std::ranges::find(metadata.partition_columns, field.name) == metadata.partition_columns.end())
            collector.add(field, "", top);
    json::Object stats = json::make_object({{"numRecords", rows},
                                            {"minValues", std::move(top.min)},
                                            {"maxValues", std::move(top.max)},
                                            {"nullCount", std::move(top.nulls)}});
    if (tight_bounds) stats.set("tightBounds", true);
    return json::dump(stats);
}

std::vector<std::vector<std::string>> columns_with_bounds(const delta::Metadata& metadata) {
    std::vector<std::vector<std::string>> found;
    IndexedColumns indexed(metadata);
    std::vector<std::string> path;
    const auto visit = [&](const auto& self, const Field& field) -> void {
        path.push_back(field.name);
        if (field.type.kind == TypeKind::kStruct)
            for (const Field& member : field.type.children) self(self, member);
        else if (indexed.next(path) && has_bounds(field.type.kind))
            found.push_back(path);
        path.pop_back();
    };
    for (const Field& field : metadata.schema.fields)
        if (std::ranges::find(metadata.partition_columns, field.name) == metadata.partition_columns.end())
            visit(visit, field);
    return found;
}

std::optional<std::string> delta_partition_value(const Type& type, const std::optional<std::string>& text) {
    if (!text || text->empty()) return std::nullopt;
    if (type.kind != TypeKind::kTimestamp) return text;
    const auto instant = parse_time(*text);
    return instant ? format_instant(*instant) : *text;
}

delta::PartitionValues same_spelling(const delta::Metadata& metadata, const delta::PartitionValues& values) {
    delta::PartitionValues same;
    for (const auto& [name, text] : values) {
        const auto field = std::ranges::find(metadata.schema.fields, name, delta::physical_name);
        if (!text || text->empty() || field == metadata.schema.fields.end())
            same[name] = std::nullopt;
        else
            same[name] = same_spelling(field->type, *text);
    }
    return same;
}

}  // namespace lagoa
