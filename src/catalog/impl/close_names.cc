#include "catalog/impl/close_names.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lagoa {
namespace {

constexpr std::size_t kMaxEdits = 2;
constexpr std::size_t kMaxNames = 3;

// Levenshtein's distance.
std::size_t edits(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::vector<std::string> close_names(std::string_view name, std::span<const std::string> candidates) {
    std::vector<std::pair<std::size_t, std::string>> close;
    for (const std::string& candidate : candidates)
        if (const std::size_t distance = edits(name, candidate); distance <= kMaxEdits)
            close.emplace_back(distance, candidate);
    std::ranges::sort(close);
    std::vector<std::string> names;
    for (const auto& [distance, candidate] : close)
        if (names.size() < kMaxNames) names.push_back(candidate);
    return names;
}

}  // namespace lagoa
