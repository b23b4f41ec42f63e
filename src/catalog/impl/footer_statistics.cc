#include "catalog/impl/footer_statistics.h"

#include <algorithm>

#include "base/text.h"

namespace lagoa {
namespace {

// Texts of one column of numbers: with equally many digits after the point.
bool is_lower_number(std::string_view a, std::string_view b) {
    const bool a_is_negative = a.starts_with('-');
    const bool b_is_negative = b.starts_with('-');
    if (a_is_negative != b_is_negative) return a_is_negative;
    if (a_is_negative) {
        std::swap(a, b);
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    if (a.size() != b.size()) return a.size() < b.size();
    return a < b;
}

bool is_lower(const Type& type, std::string_view a, std::string_view b) {
    switch (type.kind) {
        case TypeKind::kInt8:
        case TypeKind::kInt16:
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kDecimal:
            return is_lower_number(a, b);
        default:
            return a < b;
    }
}

// Whether texts of the type are ordered as their values: those of days and times with years of four digits.
bool is_comparable(const Type& type, std::string_view text) {
    if (type.kind != TypeKind::kDate && type.kind != TypeKind::kTimestamp && type.kind != TypeKind::kTimestampNtz)
        return true;
    constexpr std::size_t kYear = 4;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return text.size() > kYear && std::ranges::all_of(text.substr(0, kYear), is_digit) && text[kYear] == '-' &&
           !text.ends_with("(BC)");
}

// As the writer of our own files has them.
std::string spelled(const Type& type, std::string text) {
    if (type.kind == TypeKind::kBoolean && text == "true") return "1";
    if (type.kind == TypeKind::kBoolean && text == "false") return "0";
    return text;
}

}  // namespace

void FooterStatistics::add(FooterChunk chunk) {
    if (chunk.leaf >= leaves_.size()) return;
    if (chunk.leaf == 0) rows_ += chunk.rows;
    Bounds& found = found_[chunk.leaf];
    const ParquetLeaf& leaf = leaves_[chunk.leaf];
    found.any_group = true;
    if (chunk.nulls)
        found.leaf.nulls = found.leaf.nulls.value_or(0) + *chunk.nulls;
    else
        found.lacks_nulls = true;
    if (chunk.rows == 0 || chunk.nulls == chunk.rows) return;  // no value, no bounds
    if (!chunk.min || !chunk.max || !is_comparable(leaf.type, *chunk.min) || !is_comparable(leaf.type, *chunk.max)) {
        found.lacks_bounds = true;
        return;
    }
    if (!found.leaf.min || is_lower(leaf.type, *chunk.min, *found.leaf.min)) found.leaf.min = std::move(chunk.min);
    if (!found.leaf.max || is_lower(leaf.type, *found.leaf.max, *chunk.max)) found.leaf.max = std::move(chunk.max);
}

FileStatistics FooterStatistics::statistics() const {
    FileStatistics statistics;
    for (std::size_t i = 0; i < leaves_.size(); ++i) {
        const ParquetLeaf& leaf = leaves_[i];
        if (leaf.path.empty()) continue;
        std::string path;
        for (const std::string& name : leaf.path) path += (path.empty() ? "" : ".") + quote_identifier(name);
        LeafStatistics known = found_[i].leaf;
        if (found_[i].lacks_nulls) known.nulls.reset();
        if (found_[i].lacks_bounds || !leaf.has_bounds) {
            known.min.reset();
            known.max.reset();
        }
        if (known.min) known.min = spelled(leaf.type, *std::move(known.min));
        if (known.max) known.max = spelled(leaf.type, *std::move(known.max));
        if (!found_[i].any_group) known.nulls = 0;  // a file without rows
        statistics.emplace(std::move(path), std::move(known));
    }
    return statistics;
}

}  // namespace lagoa
