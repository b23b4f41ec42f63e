// Goal: a list of files says the same after any history of versions, and the versions before it are untouched.
// Method: random changes, from a seed that a failure prints, done to a list and to a plain vector beside it.
#include "delta/file_list.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace lagoa::delta {
namespace {

// A file is told from one of the same path by its size here, so that a replaced one is seen.
AddFile file(std::string path, std::int64_t size, bool has_vector = false) {
    AddFile add;
    add.path = std::move(path);
    add.size_bytes = size;
    if (has_vector)
        add.deletion_vector =
            DeletionVector{.storage_type = "u", .path_or_inline = "v", .offset = 1, .size_bytes = 9, .cardinality = 1};
    return add;
}

std::string key_of(const AddFile& add) {
    return file_key(add.path, add.deletion_vector);
}

class Model {
public:
    explicit Model(unsigned seed) : random_(seed) {}

    // One commit: some files go, some come, and some come that were there. Now and then most of them go.
    void change() {
        std::vector<Slot> gone;
        std::vector<AddFile> added;
        std::vector<AddFile> kept;
        const std::size_t odds = below(12) == 0 ? 90 : below(20);
        std::size_t at = 0;
        for (auto entry = list_.begin(); entry != list_.end(); ++entry, ++at) {
            if (below(100) < odds)
                gone.push_back(entry.slot());
            else
                kept.push_back(expected_[at]);
        }
        std::ranges::shuffle(gone, random_);
        for (std::size_t left = below(30); left > 0; --left) added.push_back(new_file());
        if (!expected_.empty() && below(3) == 0) replace(kept, gone, added);
        list_ = list_.with(added, gone);
        expected_ = std::move(kept);
        expected_.insert(expected_.end(), added.begin(), added.end());
    }

    void check() { check(list_, expected_); }

    static void check(const FileList& list, const std::vector<AddFile>& expected) {
        ASSERT_EQ(list.size(), expected.size());
        ASSERT_EQ(list.empty(), expected.empty());
        std::size_t at = 0;
        for (auto entry = list.begin(); entry != list.end(); ++entry, ++at) {
            ASSERT_LT(at, expected.size());
            ASSERT_TRUE(list.contains(entry.slot()));
            ASSERT_EQ(entry->path, expected[at].path);
            ASSERT_EQ(entry->size_bytes, expected[at].size_bytes);
            ASSERT_EQ(&list[entry.slot()], &*entry);
            const auto found = list.find(key_of(*entry));
            ASSERT_TRUE(found);
            ASSERT_EQ(*found, entry.slot());
        }
        ASSERT_EQ(at, expected.size());
        ASSERT_FALSE(list.contains(list.slot_end()));
        ASSERT_FALSE(list.find("no such file"));
    }

    void check_absent_ones() {
        for (int n = 0; n < next_; ++n) {
            const std::string key = key_of(file(name(n), 0, n % 5 == 0));
            const bool there = std::ranges::find(expected_, key, key_of) != expected_.end();
            ASSERT_EQ(list_.find(key).has_value(), there) << key;
        }
    }

    const FileList& list() const { return list_; }
    const std::vector<AddFile>& expected() const { return expected_; }

private:
    std::size_t below(std::size_t bound) { return random_() % bound; }
    static std::string name(int number) { return fmt::format("part%20{}", number); }

    AddFile new_file() {
        const int number = next_++;
        return file(name(number), number, number % 5 == 0);
    }

    // Adds a file that is live, which takes it from its place to the end.
    void replace(std::vector<AddFile>& kept, std::vector<Slot>& gone, std::vector<AddFile>& added) {
        if (kept.empty()) return;
        const std::size_t at = below(kept.size());
        AddFile again = kept[at];
        again.size_bytes += 1'000'000;
        gone.push_back(list_.find(key_of(again)).value());
        kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(at));
        added.push_back(std::move(again));
    }

    std::mt19937 random_;
    int next_ = 0;
    FileList list_;
    std::vector<AddFile> expected_;
};

TEST(FileList, IsWhatAPlainListWouldBe) {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        Model model(seed);
        for (int step = 0; step < 60; ++step) {
            model.change();
            ASSERT_NO_FATAL_FAILURE(model.check());
        }
        ASSERT_NO_FATAL_FAILURE(model.check_absent_ones());
    }
}

TEST(FileList, OlderVersionsStayAsTheyWere) {
    Model model(7);
    std::vector<std::pair<FileList, std::vector<AddFile>>> versions;
    for (int step = 0; step < 60; ++step) {
        model.change();
        versions.emplace_back(model.list(), model.expected());
    }
    for (const auto& [list, expected] : versions) ASSERT_NO_FATAL_FAILURE(Model::check(list, expected));
}

TEST(FileList, FindsByTheHashesItWasGiven) {
    std::vector<AddFile> files;
    std::vector<std::size_t> hashes;
    for (int i = 0; i < 100; ++i) {
        files.push_back(file(fmt::format("file:///a%20b/{}", i), i, i % 2 == 0));
        hashes.push_back(key_hash(files.back().path, files.back().deletion_vector));
    }
    const FileList list(files, hashes);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(list.find(key_of(file(fmt::format("/a b/{}", i), 0, i % 2 == 0))), static_cast<Slot>(i));
    EXPECT_FALSE(list.find("/a b/0"));  // it has a deletion vector
}

TEST(FileList, AFollowedLogHasFewPartsToSearch) {
    // 1,000 commits of one file each on a large table: each file is copied a few times, not at every commit.
    std::vector<AddFile> files;
    for (int i = 0; i < 20'000; ++i) files.push_back(file(fmt::format("old{}", i), i));
    FileList list(std::move(files));
    const AddFile* const first = &*list.begin();
    for (int i = 0; i < 1'000; ++i) list = list.with({file(fmt::format("new{}", i), i)}, {});
    EXPECT_EQ(list.size(), 21'000U);
    EXPECT_EQ(&*list.begin(), first);  // the large part is shared, not copied
    EXPECT_TRUE(list.find("new0") && list.find("new999") && list.find("old0"));
}

}  // namespace
}  // namespace lagoa::delta
