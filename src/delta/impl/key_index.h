// Where the files of a list are, by the hash of their key: open addressing over their places.
//
// Keys are not kept. Two files of one hash are told apart by the caller, who has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace lagoa::delta {

class KeyIndex {
public:
    KeyIndex() = default;
    /// Of items 0, 1, … with these hashes.
    explicit KeyIndex(std::vector<std::size_t> hashes) : hashes_(std::move(hashes)) { rebuild(); }

    std::size_t size() const { return hashes_.size(); }
    const std::vector<std::size_t>& hashes() const { return hashes_; }

    /// Adds the item size().
    void add(std::size_t hash) {
        hashes_.push_back(hash);
        if (2 * hashes_.size() > table_.size())
            rebuild();
        else
            place(hashes_.size() - 1);
    }

    /// The item of `hash` that `is_it(index)` accepts.
    template <class Predicate>
    std::optional<std::size_t> find(std::size_t hash, const Predicate& is_it) const {
        if (table_.empty()) return std::nullopt;
        for (std::size_t at = hash & mask(); table_[at] != kFree; at = (at + 1) & mask()) {
            const std::size_t index = table_[at];
            if (hashes_[index] == hash && is_it(index)) return index;
        }
        return std::nullopt;
    }

private:
    static constexpr std::uint32_t kFree = UINT32_MAX;

    std::size_t mask() const { return table_.size() - 1; }

    void place(std::size_t index) {
        std::size_t at = hashes_[index] & mask();
        while (table_[at] != kFree) at = (at + 1) & mask();
        table_[at] = static_cast<std::uint32_t>(index);
    }

    void rebuild() {
        std::size_t size = 16;
        while (size < 4 * hashes_.size()) size *= 2;  // a quarter to a half full
        table_.assign(size, kFree);
        for (std::size_t i = 0; i < hashes_.size(); ++i) place(i);
    }

    std::vector<std::size_t> hashes_;   // by item
    std::vector<std::uint32_t> table_;  // a power of two, at most half full; kFree or an item
};

}  // namespace lagoa::delta
