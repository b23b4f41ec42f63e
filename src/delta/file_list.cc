#include "delta/file_list.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace lagoa::delta {
namespace {

constexpr std::size_t kMaxParts = 16;  // beyond these, the small ones are made one

}  // namespace

template <class Item>
struct ActionList<Item>::Segment {
    explicit Segment(std::vector<Item> of) : items(std::move(of)) {}

    using Entry = std::pair<std::size_t, std::size_t>;  // hash of the key, index

    // Made when a file is first looked for: most lists are only read.
    const std::vector<Entry>& index() const {
        std::call_once(made_, [this] {
            index_.reserve(items.size());
            for (std::size_t i = 0; i < items.size(); ++i)
                index_.emplace_back(std::hash<std::string>()(file_key(items[i].path, items[i].deletion_vector)), i);
            std::ranges::sort(index_);
        });
        return index_;
    }

    const std::vector<Item> items;

private:
    mutable std::once_flag made_;
    mutable std::vector<Entry> index_;
};

template <class Item>
ActionList<Item>::ActionList(std::vector<Item> items) {
    push(std::move(items));
}

template <class Item>
void ActionList<Item>::push(std::vector<Item> items) {
    if (items.empty()) return;
    const Slot first = slot_end();
    live_ += items.size();
    parts_.push_back({std::make_shared<const Segment>(std::move(items)), nullptr, first});
}

template <class Item>
std::size_t ActionList<Item>::size_of(const Part& part) {
    return part.segment->items.size();
}

template <class Item>
bool ActionList<Item>::is_live(const Part& part, std::size_t index) {
    return !part.dead || !(*part.dead)[index];
}

template <class Item>
Slot ActionList<Item>::slot_end() const {
    return parts_.empty() ? 0 : parts_.back().first + size_of(parts_.back());
}

template <class Item>
auto ActionList<Item>::part_of(Slot slot) const -> const Part& {
    return *std::prev(std::ranges::upper_bound(parts_, slot, {}, &Part::first));
}

template <class Item>
bool ActionList<Item>::contains(Slot slot) const {
    if (slot >= slot_end()) return false;
    const Part& part = part_of(slot);
    return is_live(part, slot - part.first);
}

template <class Item>
const Item& ActionList<Item>::operator[](Slot slot) const {
    const Part& part = part_of(slot);
    return part.segment->items[slot - part.first];
}

template <class Item>
Slot ActionList<Item>::next_live(Slot slot) const {
    const Slot end = slot_end();
    while (slot < end && !contains(slot)) ++slot;
    return slot;
}

template <class Item>
std::optional<Slot> ActionList<Item>::find(std::string_view key) const {
    const std::size_t hash = std::hash<std::string_view>()(key);
    for (const Part& part : parts_) {
        const auto same = std::ranges::equal_range(part.segment->index(), hash, {}, &Segment::Entry::first);
        for (const auto& [hashed, index] : same) {
            const Item& item = part.segment->items[index];
            if (is_live(part, index) && file_key(item.path, item.deletion_vector) == key) return part.first + index;
        }
    }
    return std::nullopt;
}

template <class Item>
ActionList<Item> ActionList<Item>::with(std::vector<Item> added, std::span<const Slot> gone) const {
    ActionList next = *this;
    std::vector<Slot> sorted(gone.begin(), gone.end());
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < sorted.size();) {
        Part& part = next.parts_[static_cast<std::size_t>(&part_of(sorted[i]) - parts_.data())];
        auto dead = std::make_shared<std::vector<bool>>(part.dead ? *part.dead : std::vector<bool>(size_of(part)));
        for (; i < sorted.size() && sorted[i] < part.first + size_of(part); ++i) {
            if ((*dead)[sorted[i] - part.first]) continue;
            (*dead)[sorted[i] - part.first] = true;
            --next.live_;
        }
        part.dead = std::move(dead);
    }
    next.push(std::move(added));
    const bool mostly_dead = next.slot_end() > 2 * next.live_ + kMaxParts;
    return next.parts_.size() > kMaxParts || mostly_dead ? next.compacted() : next;
}

// The first part, by far the largest in a table that grows by small commits, is kept unless much of it is dead or the
// rest has become as large.
template <class Item>
ActionList<Item> ActionList<Item>::compacted() const {
    const Part& largest = parts_.front();
    const bool keep = 2 * size_of(largest) > slot_end() && slot_end() <= 2 * live_;
    ActionList next;
    if (keep) {
        next.parts_.push_back(largest);
        for (std::size_t i = 0; i < size_of(largest); ++i) next.live_ += is_live(largest, i) ? 1 : 0;
    }
    std::vector<Item> rest;
    for (Iterator item{this, next_live(keep ? size_of(largest) : 0)}; item != end(); ++item) rest.push_back(*item);
    next.push(std::move(rest));
    return next;
}

template class ActionList<AddFile>;
template class ActionList<RemoveFile>;

}  // namespace lagoa::delta
