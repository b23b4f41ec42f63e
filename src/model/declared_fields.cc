#include "model/declared_fields.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/text.h"

namespace lagoa {
namespace {

// Levenshtein's distance, ASCII case ignored.
std::size_t distance(std::string_view raw_a, std::string_view raw_b) {
    const std::string a = to_lower(raw_a);
    const std::string b = to_lower(raw_b);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above + 1, row[j - 1] + 1, replaced});
            diagonal = above;
        }
    }
    return row[b.size()];
}

std::string advice(std::string_view wrong, std::span<const std::string_view> known) {
    const auto nearest =
        std::ranges::min_element(known, {}, [&](std::string_view name) { return distance(wrong, name); });
    if (nearest != known.end() && distance(wrong, *nearest) <= 1 + nearest->size() / 4)
        return fmt::format("Write {}.", *nearest);
    return fmt::format("Use one of {}.", fmt::join(known, ", "));
}

}  // namespace

Result<> check_fields(const Document& document, std::string_view pointer, std::span<const std::string_view> known) {
    const json::Value* value = json::at_pointer(document.root(), pointer);
    if (value == nullptr || value->is_null()) return {};
    if (!value->is_object()) return document.fail_at(pointer, fmt::format("is a {}, not a mapping", value->kind()));
    for (const auto& [key, member] : *value->object()) {
        if (std::ranges::find(known, key) != known.end()) continue;
        return document.fail_at(fmt::format("{}/{}", pointer, json::escape_pointer_token(key)), "no such field",
                                advice(key, known));
    }
    return {};
}

}  // namespace lagoa
