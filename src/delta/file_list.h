// The live files (or tombstones) of a table at one version.
//
// Versions of one table share most of their files, so a list is a sequence of immutable segments: following a
// commit adds one segment with its files and, if it removes some, copies one bit for each file beside those. Segments
// at the end are made one as they get as large as their neighbours, so that there are few of them and each file is
// copied a few times in its life.
#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/actions.h"

namespace lagoa::delta {

/// A file's place in one list. Places of files that are gone stay empty, so they are not dense.
using Slot = std::size_t;

/// `Item` is AddFile or RemoveFile. Immutable, cheap to copy; iterates in the order of the log.
template <class Item>
class ActionList {
public:
    class Iterator {
    public:
        using value_type = Item;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        Iterator(const ActionList* list, Slot slot) : list_(list), slot_(slot) {}
        const Item& operator*() const { return (*list_)[slot_]; }
        const Item* operator->() const { return &(*list_)[slot_]; }
        Iterator& operator++() {
            slot_ = list_->next_live(slot_ + 1);
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++*this;
            return before;
        }
        bool operator==(const Iterator& other) const { return slot_ == other.slot_; }
        Slot slot() const { return slot_; }

    private:
        const ActionList* list_ = nullptr;
        Slot slot_ = 0;
    };

    ActionList() = default;
    /// `key_hashes`: of the items (see key_hash), if the caller has them; then the list can be searched at once.
    explicit ActionList(std::vector<Item> items, std::vector<std::size_t> key_hashes = {});

    std::size_t size() const { return live_; }
    bool empty() const { return live_ == 0; }
    /// One past the last slot.
    Slot slot_end() const;
    bool contains(Slot slot) const;
    /// Precondition: contains(slot).
    const Item& operator[](Slot slot) const;
    Iterator begin() const { return {this, next_live(0)}; }
    Iterator end() const { return {this, slot_end()}; }

    /// The slot of the file known by `key` (see file_key).
    std::optional<Slot> find(std::string_view key) const;

    /// This list without the files of `gone` (slots of this list), with `added` at its end. Of one key there may be one
    /// file only: what `added` brings anew is among `gone`.
    ActionList with(std::vector<Item> added, std::span<const Slot> gone) const;

private:
    struct Segment;
    struct Part {
        std::shared_ptr<const Segment> segment;         // shared with the lists of other versions
        std::shared_ptr<const std::vector<bool>> dead;  // by index in the segment; nullptr: all live
        Slot first = 0;
        std::size_t live = 0;
    };

    static std::size_t size_of(const Part& part);
    static bool is_live(const Part& part, std::size_t index);
    const Part& part_of(Slot slot) const;
    Slot next_live(Slot slot) const;
    void push(std::shared_ptr<const Segment> segment);
    void push(Part part);
    // The live items of `parts` as one segment.
    static std::shared_ptr<const Segment> merged(std::span<const Part> parts);
    void merge_tail();

    std::vector<Part> parts_;  // none without a live item
    std::size_t live_ = 0;
};

using FileList = ActionList<AddFile>;
using TombstoneList = ActionList<RemoveFile>;

extern template class ActionList<AddFile>;
extern template class ActionList<RemoveFile>;

/// What lists are searched by: the hash of file_key(path, deletion_vector).
std::size_t key_hash(const std::string& path, const std::optional<DeletionVector>& deletion_vector);

}  // namespace lagoa::delta
