// Goal: whatever is missing, cut or changed in a log, and whatever a clean-up takes away while it is read, the table is
// right or the read fails; it is never another table. Method: cuts and flipped bits of each kind of file that has a
// substitute; stores that clean up, or drop the table, between a listing and what is read after it.
#include <functional>

#include <gtest/gtest.h>

#include "delta/snapshot.h"
#include "support/delta_table.h"
#include "support/faulty_store.h"

namespace lagoa::delta {
namespace {

using test::DeltaTable;
using Paths = std::vector<std::string>;

constexpr std::string_view kManifest = "00000000000000000012.checkpoint.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.json";
constexpr std::string_view kCompaction = "00000000000000000001.00000000000000000008.compacted.json";

// Versions 0 to `last`: version n appends fn; a checkpoint every 10.
void fill(DeltaTable& table, Version last) {
    ASSERT_TRUE(table.create());
    for (Version version = 1; version <= last; ++version)
        ASSERT_EQ(table.commit(DeltaTable::append({fmt::format("f{:02}", version)})).value(), version);
}

std::string line_of_adds(Version first, Version last) {
    std::string lines;
    for (Version version = first; version <= last; ++version)
        lines += fmt::format(R"({{"add":{{"path":"f{:02}","partitionValues":{{}},"size":100}}}})"
                             "\n",
                             version);
    return lines;
}

// The checkpoint of version 12 in its second form: a manifest with one sidecar.
void put_v2_checkpoint(DeltaTable& table) {
    const auto snapshot = read_snapshot(table.location(), 12).value();
    std::string sidecar = line_of_adds(1, 12);
    sidecar.pop_back();
    ASSERT_TRUE(table.store().put(DeltaTable::log_key("_sidecars/s.parquet"), "PAR1\n" + sidecar + "\nPAR1"));
    ASSERT_TRUE(table.store().put(DeltaTable::log_key(kManifest),
                                  R"({"checkpointMetadata":{"version":12}}
{"sidecar":{"path":"s.parquet","sizeInBytes":9,"modificationTime":1}}
{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["v2Checkpoint"],"writerFeatures":["v2Checkpoint"]}}
{"metaData":{"id":"i","format":{"provider":"parquet"},"schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[]}})"));
}

// Puts versions of `key` that are cut short, close by close at its end; those that end with a line look whole if
// `lines`.
void with_each_cut(DeltaTable& table, const std::string& key, bool lines, const std::function<void()>& check) {
    const std::string whole = table.store().get(key).value();
    for (std::size_t size = 0; size < whole.size(); size += size + 40 < whole.size() ? 7 : 1) {
        if (lines && size > 0 && (whole[size] == '\n' || whole[size - 1] == '\n')) continue;
        SCOPED_TRACE(fmt::format("{} cut to {} of {} bytes", key, size, whole.size()));
        ASSERT_TRUE(table.store().put(key, whole.substr(0, size)));
        check();
        if (::testing::Test::HasFailure()) return;
    }
    ASSERT_TRUE(table.store().put(key, whole));
    check();
}

TEST(LogDamage, NoCutOfWhatHasASubstituteChangesTheTable) {
    DeltaTable table;
    fill(table, 14);
    const Paths expected = table.files();
    ASSERT_EQ(expected.size(), 14U);
    const auto check = [&] { EXPECT_EQ(table.files(), expected); };

    with_each_cut(table, DeltaTable::log_key("_last_checkpoint"), false, check);
    with_each_cut(table, DeltaTable::checkpoint_key(10), false, check);
    put_v2_checkpoint(table);
    with_each_cut(table, DeltaTable::log_key(kManifest), true, check);
    with_each_cut(table, DeltaTable::log_key("_sidecars/s.parquet"), false, check);
    ASSERT_TRUE(table.store().remove(DeltaTable::log_key("_sidecars/s.parquet")));
    check();
    ASSERT_TRUE(table.store().remove(DeltaTable::log_key(kManifest)));
    ASSERT_TRUE(table.store().remove(DeltaTable::checkpoint_key(10)));
    ASSERT_TRUE(table.store().put(DeltaTable::log_key(kCompaction), line_of_adds(1, 8)));
    with_each_cut(table, DeltaTable::log_key(kCompaction), true, check);
}

TEST(LogDamage, NoCutOfACommitIsAnotherTable) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    ASSERT_TRUE(table.store().put(DeltaTable::commit_key(1), line_of_adds(1, 1)));
    const std::string whole = line_of_adds(1, 1);
    for (std::size_t size = 1; size + 1 < whole.size(); ++size) {
        ASSERT_TRUE(table.store().put(DeltaTable::commit_key(1), whole.substr(0, size)));
        const auto read = read_snapshot(table.location());
        ASSERT_FALSE(read) << size;
        EXPECT_EQ(read.error().code, ErrorCode::kCorruption) << size;
    }
}

TEST(LogDamage, NoBitOfTheHintChangesTheTable) {
    DeltaTable table;
    fill(table, 12);
    const Paths expected = table.files();
    const std::string key = DeltaTable::log_key("_last_checkpoint");
    for (const std::string& whole :
         {table.store().get(key).value(), std::string(R"({"version":10,"parts":3,"size":9})"),
          std::string(R"({"version":10,"v2Checkpoint":{"path":"gone.parquet","sidecarFiles":[]}})")}) {
        for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
            std::string damaged = whole;
            damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
            ASSERT_TRUE(table.store().put(key, damaged));
            ASSERT_EQ(table.files(), expected) << damaged;
            ASSERT_EQ(newest_version(table.location()).value(), 12) << damaged;
        }
    }
}

TEST(LogDamage, ABitOfACommitGivesATableOrAnError) {
    DeltaTable table;
    fill(table, 2);
    const std::string key = DeltaTable::commit_key(0);
    const std::string whole = table.store().get(key).value();
    int failed = 0;
    for (std::size_t bit = 0; bit < 8 * whole.size(); bit += 5) {
        std::string damaged = whole;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        ASSERT_TRUE(table.store().put(key, damaged));
        const auto read = read_snapshot(table.location());
        if (read) continue;  // a change inside of a text: a log has no checksum of its own
        ++failed;
        ASSERT_TRUE(read.error().code == ErrorCode::kCorruption || read.error().code == ErrorCode::kUnsupported)
            << read.error().message << ": " << damaged;
    }
    EXPECT_GT(failed, 100);
}

// Does something to the table right before or after a listing of it, once, or after every one.
class MeddledStore final : public test::FaultyStore {
public:
    explicit MeddledStore(ObjectStore& inner) : FaultyStore(inner) {}

    void after_listing(std::function<void()> meddle, bool always = false) {
        meddle_ = std::move(meddle);
        always_ = always;
    }
    void before_listing(std::function<void()> meddle) { before_ = std::move(meddle); }
    int listings() const { return listings_; }

    Result<std::vector<ObjectInfo>> list(std::string_view prefix, std::string_view after) override {
        if (before_) std::exchange(before_, {})();
        auto listed = FaultyStore::list(prefix, after);
        ++listings_;
        if (meddle_) (always_ ? meddle_ : std::exchange(meddle_, {}))();
        return listed;
    }

private:
    std::function<void()> before_;
    std::function<void()> meddle_;
    bool always_ = false;
    int listings_ = 0;
};

void remove_log(DeltaTable& table, Version first, Version last) {
    for (Version version = first; version <= last; ++version) {
        ASSERT_TRUE(table.store().remove(DeltaTable::commit_key(version)));
        ASSERT_TRUE(table.store().remove(DeltaTable::checkpoint_key(version)));
    }
}

void drop(DeltaTable& table) {
    const auto objects = table.store().list("stocks/").value();
    for (const auto& object : objects) ASSERT_TRUE(table.store().remove(object.key));
}

TEST(LogRaces, ALogCleanedUpBehindANewCheckpointIsListedAgain) {
    DeltaTable table;
    fill(table, 5);
    MeddledStore store(table.store());
    store.after_listing([&] {
        for (Version version = 6; version <= 22; ++version)
            ASSERT_TRUE(table.commit(DeltaTable::append({fmt::format("f{:02}", version)})));
        remove_log(table, 0, 19);
    });
    const auto snapshot = read_snapshot(table.location(&store));
    ASSERT_TRUE(snapshot) << snapshot.error().message;
    EXPECT_EQ((*snapshot)->version, 22);
    EXPECT_EQ((*snapshot)->files.size(), 22U);
}

TEST(LogRaces, AVersionThatIsCleanedUpMeanwhileIsNotFound) {
    DeltaTable table;
    fill(table, 22);
    MeddledStore store(table.store());
    store.after_listing([&] { remove_log(table, 0, 19); });
    const auto snapshot = read_snapshot(table.location(&store), 5);
    ASSERT_FALSE(snapshot);
    EXPECT_EQ(snapshot.error().code, ErrorCode::kNotFound);
}

TEST(LogRaces, CleaningUpWithoutEndIsNotWaitedOut) {
    DeltaTable table;
    fill(table, 3);
    MeddledStore store(table.store());
    Version next = 4;
    store.after_listing(
        [&] {  // what was listed is always gone
            ASSERT_TRUE(table.commit(DeltaTable::append({"x" + std::to_string(next)})));
            ASSERT_TRUE(write_checkpoint(table.location(), *read_snapshot(table.location()).value(), table.clock()));
            remove_log(table, 0, next - 1);
            ++next;
        },
        true);
    const auto snapshot = read_snapshot(table.location(&store));
    ASSERT_FALSE(snapshot);
    EXPECT_TRUE(snapshot.error().code == ErrorCode::kUnavailable || snapshot.error().code == ErrorCode::kCorruption);
    EXPECT_LE(store.listings(), 10);
}

TEST(LogRaces, ACommitThatTheListingMissedIsRead) {
    // A folder that is being written to may list version 4 and not 3.
    DeltaTable table;
    fill(table, 4);
    class Forgetful final : public test::FaultyStore {
    public:
        using FaultyStore::FaultyStore;
        Result<std::vector<ObjectInfo>> list(std::string_view prefix, std::string_view after) override {
            auto listed = FaultyStore::list(prefix, after);
            std::erase_if(*listed, [](const ObjectInfo& object) { return object.key == DeltaTable::commit_key(3); });
            return listed;
        }
    } store(table.store());
    EXPECT_EQ(read_snapshot(table.location(&store)).value()->files.size(), 4U);
}

TEST(LogRaces, ATableDroppedAndMadeAgainIsReadAnew) {
    for (const int commits : {1, 3, 9}) {  // fewer than were known, as many, more
        DeltaTable table;
        fill(table, 3);
        const auto known = read_snapshot(table.location()).value();
        drop(table);
        ASSERT_TRUE(table.create());
        for (int i = 1; i <= commits; ++i) ASSERT_TRUE(table.commit(DeltaTable::append({fmt::format("new{}", i)})));
        const auto now = refresh(table.location(), known).value();
        EXPECT_EQ(now->version, commits);
        EXPECT_NE(now->metadata.id, known->metadata.id);
        EXPECT_EQ(now->files.size(), static_cast<std::size_t>(commits));
        EXPECT_FALSE(now->files.find("f01"));
    }
    DeltaTable table;
    fill(table, 3);
    const auto known = read_snapshot(table.location()).value();
    drop(table);
    EXPECT_EQ(refresh(table.location(), known).error().code, ErrorCode::kNotFound);
}

TEST(LogRaces, RefreshFollowsThroughACleanUp) {
    for (const bool before : {true, false}) {  // between its first questions and its listing, or after that
        SCOPED_TRACE(before);
        DeltaTable table;
        fill(table, 3);
        const auto known = read_snapshot(table.location()).value();
        for (Version version = 4; version <= 22; ++version)
            ASSERT_TRUE(table.commit(DeltaTable::append({fmt::format("f{:02}", version)})));
        MeddledStore store(table.store());
        const auto clean_up = [&] { remove_log(table, 0, 19); };
        before ? store.before_listing(clean_up) : store.after_listing(clean_up);
        const auto now = refresh(table.location(&store), known);
        ASSERT_TRUE(now) << now.error().message;
        EXPECT_EQ((*now)->version, 22);
        EXPECT_EQ((*now)->files.size(), 22U);
    }
}

TEST(LogRaces, RefreshGoesToTheVersionAskedFor) {
    DeltaTable table;
    fill(table, 12);
    const auto known = read_snapshot(table.location(), 3).value();
    for (const Version version : {0, 3, 4, 9, 12})
        EXPECT_EQ(refresh(table.location(), known, version).value()->version, version);
    EXPECT_EQ(refresh(table.location(), known, 3).value(), known);
    EXPECT_EQ(refresh(table.location(), known, 9).value()->files.size(), 9U);
    EXPECT_EQ(refresh(table.location(), known, 13).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(refresh(table.location(), known).value()->version, 12);
}

}  // namespace
}  // namespace lagoa::delta
