#include "delta/file_list.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "delta/impl/key_index.h"

namespace lagoa::delta {

template <class Item>
struct ActionList<Item>::Segment {
    Segment(std::vector<Item> of, std::vector<std::size_t> key_hashes) : items(std::move(of)) {
        if (key_hashes.size() != items.size()) return;
        std::call_once(made_, [&] { index_ = KeyIndex(std::move(key_hashes)); });
    }

    // Made when a file is first looked for, unless the hashes were known: most lists are only read.
    const KeyIndex& index() const {
        std::call_once(made_, [this] {
            std::vector<std::size_t> hashes;
            hashes.reserve(items.size());
            for (const Item& item : items) hashes.push_back(key_hash(item.path, item.deletion_vector));
            index_ = KeyIndex(std::move(hashes));
        });
        return index_;
    }

    const std::vector<Item> items;

private:
    mutable std::once_flag made_;
    mutable KeyIndex index_;
};

template <class Item>
ActionList<Item>::ActionList(std::vector<Item> items, std::vector<std::size_t> key_hashes) {
    if (!items.empty()) push(std::make_shared<const Segment>(std::move(items), std::move(key_hashes)));
}

template <class Item>
void ActionList<Item>::push(std::shared_ptr<const Segment> segment) {
    const std::size_t live = segment->items.size();
    push({.segment = std::move(segment), .dead = nullptr, .first = 0, .live = live});
}

template <class Item>
void ActionList<Item>::push(Part part) {
    if (part.live == 0) return;
    part.first = slot_end();
    live_ += part.live;
    parts_.push_back(std::move(part));
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
        const auto index = part.segment->index().find(hash, [&](std::size_t i) {
            const Item& item = part.segment->items[i];
            return is_live(part, i) && file_key(item.path, item.deletion_vector) == key;
        });
        if (index) return part.first + *index;
    }
    return std::nullopt;
}

template <class Item>
ActionList<Item> ActionList<Item>::with(std::vector<Item> added, std::span<const Slot> gone) const {
    std::vector<Slot> sorted(gone.begin(), gone.end());
    std::ranges::sort(sorted);
    ActionList next;
    std::size_t at = 0;
    for (Part part : parts_) {
        const Slot end = part.first + size_of(part);
        if (at < sorted.size() && sorted[at] < end) {
            auto dead = std::make_shared<std::vector<bool>>(part.dead ? *part.dead : std::vector<bool>(size_of(part)));
            for (; at < sorted.size() && sorted[at] < end; ++at) {
                const std::size_t index = sorted[at] - part.first;
                if ((*dead)[index]) continue;
                (*dead)[index] = true;
                --part.live;
            }
            part.dead = std::move(dead);
        }
        if (2 * part.live < size_of(part))  // mostly dead: what it keeps in memory is not worth it
            part = {.segment = merged({&part, 1}), .dead = nullptr, .first = 0, .live = part.live};
        next.push(std::move(part));
    }
    if (!added.empty()) {
        next.push(std::make_shared<const Segment>(std::move(added), std::vector<std::size_t>()));
        next.merge_tail();
    }
    return next;
}

// Each part ends up at least twice as large as the one after it.
template <class Item>
void ActionList<Item>::merge_tail() {
    std::size_t from = parts_.size() - 1;
    std::size_t live = parts_.back().live;
    while (from > 0 && parts_[from - 1].live < 2 * live) live += parts_[--from].live;
    if (from + 1 == parts_.size()) return;
    auto segment = merged(std::span(parts_).subspan(from));
    parts_.resize(from);
    live_ -= live;
    push(std::move(segment));
}

template <class Item>
auto ActionList<Item>::merged(std::span<const Part> parts) -> std::shared_ptr<const Segment> {
    std::vector<Item> items;
    std::vector<std::size_t> hashes;
    for (const Part& part : parts) {
        const std::vector<std::size_t>& known = part.segment->index().hashes();
        for (std::size_t i = 0; i < size_of(part); ++i) {
            if (!is_live(part, i)) continue;
            items.push_back(part.segment->items[i]);
            hashes.push_back(known[i]);
        }
    }
    return std::make_shared<const Segment>(std::move(items), std::move(hashes));
}

template class ActionList<AddFile>;
template class ActionList<RemoveFile>;

std::size_t key_hash(const std::string& path, const std::optional<DeletionVector>& deletion_vector) {
    // Most paths are their own key.
    if (!deletion_vector && path.find('%') == std::string::npos && !path.starts_with("file:/"))
        return std::hash<std::string_view>()(path);
    return std::hash<std::string_view>()(file_key(path, deletion_vector));
}

}  // namespace lagoa::delta
