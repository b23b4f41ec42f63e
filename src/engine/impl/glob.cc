#include "engine/impl/glob.h"

#include <span>

#include "base/text.h"

namespace lagoa {
namespace {

// One segment against one pattern segment.
bool matches_segment(std::string_view text, std::string_view pattern) {
    while (!pattern.empty()) {
        if (pattern[0] == '*') {
            for (std::size_t skip = 0; skip <= text.size(); ++skip)
                if (matches_segment(text.substr(skip), pattern.substr(1))) return true;
            return false;
        }
        if (text.empty()) return false;
        std::size_t used = 1;
        if (const auto close = pattern.find(']', 1); pattern[0] == '[' && close != std::string_view::npos) {
            const std::string_view set = pattern.substr(1, close - 1);
            bool in_set = false;
            for (std::size_t i = 0; i < set.size(); ++i) {
                const bool range = i + 2 < set.size() && set[i + 1] == '-';
                in_set |= range ? text[0] >= set[i] && text[0] <= set[i + 2] : text[0] == set[i];
                if (range) i += 2;
            }
            if (!in_set) return false;
            used = close + 1;
        } else if (pattern[0] != '?' && pattern[0] != text[0]) {
            return false;
        }
        text.remove_prefix(1);
        pattern.remove_prefix(used);
    }
    return text.empty();
}

bool match_from(std::span<const std::string_view> key, std::span<const std::string_view> pattern) {
    if (pattern.empty()) return key.empty();
    if (pattern[0] == "**") {
        for (std::size_t skip = 0; skip <= key.size(); ++skip)
            if (match_from(key.subspan(skip), pattern.subspan(1))) return true;
        return false;
    }
    return !key.empty() && matches_segment(key[0], pattern[0]) && match_from(key.subspan(1), pattern.subspan(1));
}

}  // namespace

bool matches_glob(std::string_view key, std::string_view pattern) {
    return match_from(split(key, '/'), split(pattern, '/'));
}

}  // namespace lagoa
