// Goal: whatever rows go out of a table and come in, its next version has exactly the rows it should, keeps the ids of
// those that only moved, and its change data feed is the difference of versions row by row. Method: random changes
// (seeded) on each kind of table beside a model that is a map; the log looked into; stores that fail at every
// operation; changes that contradict the table.
#include "catalog/impl/row_changes.h"

#include <algorithm>
#include <ostream>
#include <random>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "catalog/duckdb/held_snapshot.h"
#include "catalog/duckdb/staging.h"
#include "catalog/impl/row_copy.h"
#include "catalog/lake.h"
#include "delta/stats.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"
#include "store/memory_store.h"
#include "support/faulty_store.h"

namespace lagoa {
namespace {

using test::FaultyStore;

const TableName kTable{"silver", "t"};
const Cut kHead{.base = Cut::Base::kHead, .pins = {}};
constexpr const char* kUrl = "lagoa://silver/t";

struct Row {
    std::string p;
    std::int64_t v = 0;
    bool operator==(const Row&) const = default;
};
using Rows = std::map<std::int64_t, Row>;  // by k

struct Kind {
    const char* name;
    std::map<std::string, std::string> properties;
    std::vector<std::string> partition_by = {};
};

void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}

const std::vector<Kind>& kinds() {
    static const std::map<std::string, std::string> kAll = {{"delta.columnMapping.mode", "id"},
                                                            {"delta.enableDeletionVectors", "true"},
                                                            {"delta.enableChangeDataFeed", "true"},
                                                            {"delta.enableRowTracking", "true"},
                                                            {"delta.enableInCommitTimestamps", "true"}};
    static const std::vector<Kind> all = {
        {"plain", {}},
        {"partitioned", {}, {"p"}},
        {"mapped_and_partitioned", {{"delta.columnMapping.mode", "name"}}, {"p"}},
        {"deletion_vectors", {{"delta.enableDeletionVectors", "true"}}},
        {"row_tracking", {{"delta.enableRowTracking", "true"}}, {"p"}},
        {"change_feed", {{"delta.enableChangeDataFeed", "true"}}},
        {"change_feed_partitioned", {{"delta.enableChangeDataFeed", "true"}}, {"p"}},
        {"change_feed_with_vectors", {{"delta.enableChangeDataFeed", "true"}, {"delta.enableDeletionVectors", "true"}}},
        {"everything", kAll},
        {"everything_partitioned", kAll, {"p"}},
        {"writer_4_with_feed", {{"delta.minWriterVersion", "4"}, {"delta.enableChangeDataFeed", "true"}}},
        {"writer_6_mapped",
         {{"delta.minReaderVersion", "2"},
          {"delta.minWriterVersion", "6"},
          {"delta.columnMapping.mode", "name"},
          {"delta.enableChangeDataFeed", "true"}},
         {"p"}},
    };
    return all;
}

bool has_feed(const Kind& kind) {
    return kind.properties.contains("delta.enableChangeDataFeed");
}

// A table in a lake of its own, and what rows it should have.
class Table {
public:
    explicit Table(std::shared_ptr<ObjectStore> store) : store_(std::move(store)) {
        engine_ = Engine::open({}).value();
        lake_ =
            Lake::open({.zones = {{"silver", store_}}, .log = make_memory_store(), .engine = engine_.get()}).value();
        session_ = lake_->connect(kHead).value();
    }

    void create(const Kind& kind, int files, int rows_in_each) {
        for (int file = 0; file < files; ++file) {
            WriteRequest request{.table = kTable,
                                 .select = fmt::format("SELECT range AS k, 'p' || range % 3 AS p, range * 10 AS v FROM "
                                                       "range({}, {})",
                                                       file * rows_in_each, (file + 1) * rows_in_each)};
            if (file == 0) {
                request.partition_by = kind.partition_by;
                request.properties = kind.properties;
            }
            const auto written = lake_->write(*session_, request);
            ASSERT_TRUE(written) << written.error().message;
        }
        for (std::int64_t k = 0; k < files * rows_in_each; ++k) rows[k] = {fmt::format("p{}", k % 3), k * 10};
        next_k_ = files * rows_in_each;
    }

    // Random changes of the table as `seen` has it; of the model too.
    RowChanges change(std::mt19937& random, const delta::Snapshot& seen, int percent) {
        const auto chance = [&](int of_hundred) { return std::uniform_int_distribution(0, 99)(random) < of_hundred; };
        std::map<std::int64_t, std::pair<delta::Slot, std::uint64_t>> places;
        const HeldSnapshot held(*session_, std::make_shared<const delta::Snapshot>(seen), kUrl, location());
        const auto found =
            session_->rows(fmt::format("SELECT k, file_index AS f, file_row_number AS n FROM {}", held.sql()));
        EXPECT_TRUE(found) << found.error().message;
        for (const json::Object& object : *found) {
            const json::Value row(object);
            places[*row.int64_at("k")] = {static_cast<delta::Slot>(*row.int64_at("f")),
                                          static_cast<std::uint64_t>(*row.int64_at("n"))};
        }
        EXPECT_EQ(places.size(), rows.size());

        std::map<delta::Slot, std::pair<std::vector<std::uint64_t>, std::vector<std::uint64_t>>> going;
        std::vector<std::string> updated;
        const Rows before = rows;
        std::set<delta::Slot> whole;
        for (const auto& [k, place] : places)
            if (chance(1)) whole.insert(place.first);
        for (const auto& [k, row] : before) {
            const auto [slot, place] = places.at(k);
            if (whole.contains(slot) || chance(percent)) {
                going[slot].first.push_back(place);
                rows.erase(k);
            } else if (chance(percent)) {
                going[slot].second.push_back(place);
                rows[k] = {chance(30) ? "p9" : row.p, row.v + 1};
                updated.push_back(select_of(k, rows[k], fmt::format("{}", k)));
            }
        }
        std::vector<std::string> inserted;
        for (int i = 0; i < 3; ++i) {
            rows[next_k_] = {fmt::format("p{}", next_k_ % 4), next_k_};
            inserted.push_back(select_of(next_k_, rows[next_k_], "NULL"));
            ++next_k_;
        }
        RowChanges changes;
        for (const auto& [slot, places_in] : going)
            changes.going.emplace(delta::file_key(seen.files[slot].path, {}),
                                  GoingRows{.deleted = delta::DeletedRows(places_in.first),
                                            .updated = delta::DeletedRows(places_in.second)});
        stage(seen, updated, AddedKind::kUpdated, changes);
        stage(seen, inserted, AddedKind::kInserted, changes);
        return changes;
    }

    Result<SettledRows> settle(const RowChanges& changes) {
        const auto base = snapshot();
        const SettleTarget target{
            .location = location(), .url = kUrl, .base = base, .metadata = base->metadata, .protocol = base->protocol};
        return settle_rows(*session_, target, changes);
    }

    delta::Version commit(const SettledRows& settled) {
        const auto version = delta::commit(location(), snapshot(),
                                           {.adds = settled.adds, .removes = settled.removes, .cdc = settled.cdc});
        EXPECT_TRUE(version) << version.error().message;
        return version.value_or(-1);
    }

    Rows read(const std::string& from = "silver.t") {
        Rows found;
        const auto objects = lake_->connect(kHead).value()->rows("SELECT k, p, v FROM " + from);
        EXPECT_TRUE(objects) << objects.error().message;
        for (const json::Object& object : *objects) {
            const json::Value row(object);
            found[*row.int64_at("k")] = {*row.string_at("p"), *row.int64_at("v")};
        }
        EXPECT_EQ(found.size(), objects->size()) << "one row twice";
        return found;
    }

    // k → (row id, version that last changed it)
    std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> ids() {
        std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> found;
        const auto objects =
            lake_->connect(kHead).value()->rows("SELECT k, _row_id AS i, _row_commit_version AS v FROM silver.t");
        EXPECT_TRUE(objects) << objects.error().message;
        for (const json::Object& object : *objects) {
            const json::Value row(object);
            found[*row.int64_at("k")] = {*row.int64_at("i"), *row.int64_at("v")};
        }
        return found;
    }

    // `k type p v` of each change of `version`, sorted.
    std::vector<std::string> changes_of(delta::Version version) {
        std::vector<std::string> found;
        const auto objects = lake_->connect(kHead).value()->rows(
            fmt::format("SELECT k || ' ' || _change_type || ' ' || p || ' ' || v AS c FROM delta_changes('{0}', {1}, "
                        "{1}) ORDER BY c",
                        kUrl, version));
        EXPECT_TRUE(objects) << objects.error().message;
        for (const json::Object& object : *objects) found.push_back(*json::Value(object).string_at("c"));
        return found;
    }

    std::set<std::string> data_files() {
        std::set<std::string> keys;
        const auto objects = store_->list("t/").value();
        for (const ObjectInfo& object : objects)
            if (!object.key.starts_with("t/_delta_log/")) keys.insert(object.key);
        return keys;
    }

    delta::TableLocation location() { return lake_->locate(kTable).value(); }
    std::shared_ptr<const delta::Snapshot> snapshot() { return lake_->snapshot(kTable, kHead).value(); }
    Session& session() { return *session_; }

    Rows rows;

private:
    std::string select_of(std::int64_t k, const Row& row, const std::string& id_of) const {
        return fmt::format("SELECT {}::BIGINT AS k, '{}' AS p, {}::BIGINT AS v, {} AS id_of", k, row.p, row.v, id_of);
    }

    void stage(const delta::Snapshot& seen, const std::vector<std::string>& selects, AddedKind kind,
               RowChanges& changes) {
        if (selects.empty()) return;
        StagingTarget target{.location = location(),
                             .url = kUrl,
                             .metadata = seen.metadata,
                             .hidden = row_tracking_columns(seen.metadata),
                             .tight_bounds = delta::has_feature(seen.protocol, "deletionVectors"),
                             .partition = {}};
        const HeldSnapshot held(*session_, std::make_shared<const delta::Snapshot>(seen), kUrl, location());
        const std::string union_of = fmt::format("{}", fmt::join(selects, " UNION ALL "));
        const std::string select =
            target.hidden.empty()
                ? fmt::format("SELECT k, p, v FROM ({})", union_of)
                : fmt::format(
                      "SELECT n.k, n.p, n.v, t._row_id, NULL::BIGINT FROM ({}) AS n LEFT JOIN {} AS t ON "
                      "n.id_of = t.k",
                      union_of, held.sql());
        const auto staged = stage_rows(*session_, select, target);
        ASSERT_TRUE(staged) << staged.error().message;
        for (const delta::AddFile& file : staged->files) changes.added.push_back({.file = file, .kind = kind});
    }

    std::shared_ptr<ObjectStore> store_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Lake> lake_;
    std::unique_ptr<Session> session_;
    std::int64_t next_k_ = 0;
};

std::vector<std::string> difference(const Rows& before, const Rows& after) {
    std::vector<std::string> changes;
    const auto add = [&](std::int64_t k, std::string_view type, const Row& row) {
        changes.push_back(fmt::format("{} {} {} {}", k, type, row.p, row.v));
    };
    for (const auto& [k, row] : before) {
        const auto now = after.find(k);
        if (now == after.end()) add(k, "delete", row);
        if (now == after.end() || now->second == row) continue;
        add(k, "update_preimage", row);
        add(k, "update_postimage", now->second);
    }
    for (const auto& [k, row] : after)
        if (!before.contains(k)) add(k, "insert", row);
    std::ranges::sort(changes);
    return changes;
}

class RowChangesTest : public testing::TestWithParam<Kind> {};

TEST_P(RowChangesTest, RandomChangesLeaveExactlyTheRowsAndTellThemInTheFeed) {
    const Kind& kind = GetParam();
    const std::uint32_t seed = 20'261'125;
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    Table table(make_memory_store());
    table.create(kind, 4, 60);
    const bool tracks_rows = kind.properties.contains("delta.enableRowTracking");
    const bool writes_vectors = kind.properties.contains("delta.enableDeletionVectors");
    for (int round = 0; round < 8; ++round) {
        SCOPED_TRACE(fmt::format("round {}", round));
        const Rows before = table.rows;
        const auto ids_before = tracks_rows ? table.ids() : decltype(table.ids()){};
        const auto base = table.snapshot();
        const RowChanges changes = table.change(random, *base, round % 3 == 0 ? 2 : 20);
        const auto settled = table.settle(changes);
        ASSERT_TRUE(settled) << settled.error().message;
        const delta::Version version = table.commit(*settled);

        EXPECT_EQ(table.read(), table.rows);
        EXPECT_EQ(table.read(fmt::format("silver.t AT (VERSION => {})", base->version)), before);
        if (has_feed(kind)) {
            EXPECT_EQ(table.changes_of(version), difference(before, table.rows));
        }
        for (const delta::AddFile& file : table.snapshot()->files) {
            EXPECT_TRUE(writes_vectors || !file.deletion_vector);
            if (!file.deletion_vector) continue;
            EXPECT_TRUE(delta::parse_row_count(file.stats)) << file.stats;
            EXPECT_FALSE(delta::FileStats::parse(file.stats)->tight_bounds());
        }
        const auto ids = tracks_rows ? table.ids() : decltype(table.ids()){};
        for (const auto& [k, id] : ids_before) {
            if (!table.rows.contains(k)) continue;
            EXPECT_EQ(ids.at(k).first, id.first) << k;
            EXPECT_EQ(ids.at(k).second, before.at(k) == table.rows.at(k) ? id.second : version) << k;
        }
        std::set<std::int64_t> distinct;
        for (const auto& [k, id] : ids) EXPECT_TRUE(distinct.insert(id.first).second) << k;
        EXPECT_EQ(settled->counts.change_files > 0, !settled->cdc.empty());
        if (testing::Test::HasFailure()) return;
    }
}

TEST_P(RowChangesTest, StatementsOfOneTransactionComeOneOnTopOfTheOther) {
    const Kind& kind = GetParam();
    std::mt19937 random(7);
    Table table(make_memory_store());
    table.create(kind, 3, 40);
    const auto base = table.snapshot();
    RowChanges all;
    for (int statement = 0; statement < 4; ++statement) {
        SCOPED_TRACE(fmt::format("statement {}", statement));
        const auto seen = with_changes(table.location(), *base, all);
        if (has_feed(kind) && statement > 0) {
            // The feed would have to tell of rows that no version ever had.
            RowChanges own;
            own.going[delta::file_key(all.added.front().file.path, {})] = {};
            own.added = all.added;
            EXPECT_EQ(with_changes(table.location(), *base, own).error().code, ErrorCode::kUnsupported);
            return;
        }
        ASSERT_TRUE(seen) << seen.error().message;
        all.append(table.change(random, **seen, 15));
        const HeldSnapshot now(table.session(), with_changes(table.location(), *base, all).value(), kUrl,
                               table.location());
        const auto rows = table.session().value("SELECT count(*) || ' ' || sum(v) FROM " + now.sql());
        std::int64_t sum = 0;
        for (const auto& [k, row] : table.rows) sum += row.v;
        EXPECT_EQ(rows->value_or("NULL"), fmt::format("{} {}", table.rows.size(), sum));
    }
    const auto settled = table.settle(all);
    ASSERT_TRUE(settled) << settled.error().message;
    EXPECT_EQ(table.commit(*settled), base->version + 1);
    EXPECT_EQ(table.read(), table.rows);
}

TEST_P(RowChangesTest, AFailureLeavesNothingOfItsOwn) {
    const Kind& kind = GetParam();
    const std::shared_ptr<ObjectStore> disk = make_memory_store();
    {
        Table table(disk);
        table.create(kind, 3, 30);
    }
    for (int at = 1;; ++at) {
        SCOPED_TRACE(fmt::format("operation {}", at));
        std::mt19937 random(3);
        std::set<std::string> staged;
        bool tripped = false;
        {
            Table table(disk);
            for (std::int64_t k = 0; k < 90; ++k) table.rows[k] = {fmt::format("p{}", k % 3), k * 10};
            const RowChanges changes = table.change(random, *table.snapshot(), 20);
            staged = table.data_files();
            // The store fails from here on: the same table through another lake.
            const auto faulty =
                std::make_shared<FaultyStore>(*disk, FaultyStore::Fault{.kind = FaultyStore::Kind::kFail, .at = at});
            Table failing(faulty);
            const auto settled = failing.settle(changes);
            tripped = faulty->tripped();
            EXPECT_EQ(settled.has_value(), !tripped);
            if (!settled) {
                EXPECT_EQ(table.data_files(), staged);
            }
        }
        if (!tripped || testing::Test::HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, RowChangesTest, testing::ValuesIn(kinds()),
                         [](const auto& tested) { return std::string(tested.param.name); });

// ------------------------------------------------------------------ one thing at a time

delta::DeletedRows places(std::vector<std::uint64_t> rows) {
    return delta::DeletedRows(rows);
}

TEST(RowChanges, WholeFilesAreRemovedWithoutReading) {
    for (const char* vectors : {"false", "true"}) {
        Table table(make_memory_store());
        table.create({"", {{"delta.enableDeletionVectors", vectors}, {"delta.enableChangeDataFeed", "true"}}}, 2, 3);
        RowChanges changes;
        changes.going[delta::file_key(table.snapshot()->files.begin()->path, {})].deleted = places({0, 1, 2});
        const auto before = table.data_files();
        const auto settled = table.settle(changes);
        ASSERT_TRUE(settled) << settled.error().message;
        EXPECT_TRUE(settled->adds.empty());
        EXPECT_TRUE(settled->cdc.empty()) << "the removed file says it";
        EXPECT_EQ(settled->removes.size(), 1U);
        EXPECT_EQ(settled->counts.files_removed, 1U);
        EXPECT_EQ(settled->counts.deleted, 3U);
        EXPECT_EQ(table.data_files(), before);
        const delta::Version version = table.commit(*settled);
        EXPECT_EQ(table.changes_of(version),
                  (std::vector<std::string>{"0 delete p0 0", "1 delete p1 10", "2 delete p2 20"}));
    }
}

TEST(RowChanges, AWholeFileIsToldByChangeFilesWhereAnotherNeedsThem) {
    Table table(make_memory_store());
    table.create({"", {{"delta.enableChangeDataFeed", "true"}}}, 2, 2);
    RowChanges changes;
    auto file = table.snapshot()->files.begin();
    changes.going[delta::file_key(file->path, {})].deleted = places({0, 1});
    ++file;
    changes.going[delta::file_key(file->path, {})].deleted = places({1});
    const auto settled = table.settle(changes);
    ASSERT_TRUE(settled) << settled.error().message;
    EXPECT_FALSE(settled->cdc.empty());
    for (const delta::CdcFile& cdc : settled->cdc) EXPECT_TRUE(cdc.path.starts_with("_change_data/")) << cdc.path;
    EXPECT_EQ(table.changes_of(table.commit(*settled)),
              (std::vector<std::string>{"0 delete p0 0", "1 delete p1 10", "3 delete p0 30"}));
}

TEST(RowChanges, VectorsGrowUntilTheFileGoes) {
    Table table(make_memory_store());
    table.create({"", {{"delta.enableDeletionVectors", "true"}}}, 1, 3);
    for (std::uint64_t place = 0; place < 3; ++place) {
        RowChanges changes;
        changes.going[delta::file_key(table.snapshot()->files.begin()->path, {})].deleted = places({place});
        const auto settled = table.settle(changes);
        ASSERT_TRUE(settled) << settled.error().message;
        EXPECT_EQ(settled->counts.copied, 0U);
        EXPECT_EQ(settled->counts.deletion_vectors_added, place < 2 ? 1U : 0U);
        EXPECT_EQ(settled->counts.deletion_vectors_updated, place == 1 ? 1U : 0U);
        EXPECT_EQ(settled->counts.deletion_vectors_removed, place > 0 ? 1U : 0U);
        EXPECT_EQ(settled->counts.files_removed, place == 2 ? 1U : 0U);
        EXPECT_EQ(settled->written.size(), place < 2 ? 1U : 0U);
        table.commit(*settled);
    }
    EXPECT_TRUE(table.snapshot()->files.empty());
}

TEST(RowChanges, OneFileHasAllVectorsOfACommit) {
    Table table(make_memory_store());
    table.create({"", {{"delta.enableDeletionVectors", "true"}}}, 3, 2'000);
    RowChanges changes;
    std::vector<std::uint64_t> odd;
    for (std::uint64_t place = 1; place < 2'000; place += 2) odd.push_back(place);
    for (const delta::AddFile& file : table.snapshot()->files)
        changes.going[delta::file_key(file.path, {})].deleted = places(odd);
    const auto settled = table.settle(changes);
    ASSERT_TRUE(settled) << settled.error().message;
    EXPECT_EQ(settled->written.size(), 1U);
    EXPECT_EQ(settled->adds.size(), 3U);
    table.commit(*settled);
    EXPECT_EQ(table.read().size(), 3'000U);
}

TEST(RowChanges, FilesWithoutStatisticsAreCounted) {
    for (const char* vectors : {"false", "true"}) {
        Table table(make_memory_store());
        table.create({"", {{"delta.enableDeletionVectors", vectors}}}, 2, 3);
        const auto base = table.snapshot();
        delta::CommitRequest bare{.operation = "OPTIMIZE"};
        for (delta::AddFile file : base->files) {
            bare.removes.push_back(remove_of(file));
            const std::string copy = "bare-" + file.path;
            const std::string bytes = table.location().store->get("t/" + delta::decode_path(file.path)).value();
            ASSERT_TRUE(table.location().store->put("t/" + delta::decode_path(copy), bytes));
            file.path = copy;
            file.stats.clear();
            bare.adds.push_back(file);
        }
        ASSERT_TRUE(delta::commit(table.location(), base, bare));
        RowChanges changes;
        auto file = table.snapshot()->files.begin();
        changes.going[delta::file_key(file->path, {})].deleted = places({0, 1, 2});
        ++file;
        changes.going[delta::file_key(file->path, {})].deleted = places({1});
        const auto settled = table.settle(changes);
        ASSERT_TRUE(settled) << settled.error().message;
        EXPECT_EQ(settled->adds.size(), 1U);
        EXPECT_EQ(delta::parse_row_count(settled->adds[0].stats), settled->adds[0].deletion_vector ? 3 : 2);
        table.commit(*settled);
        EXPECT_EQ(table.read().size(), 2U);
    }
}

TEST(RowChanges, WhatTheTableDoesNotHaveIsRefused) {
    Table table(make_memory_store());
    table.create({"", {}}, 1, 3);
    RowChanges changes;
    changes.going["nowhere.parquet"].deleted = places({0});
    EXPECT_EQ(table.settle(changes).error().code, ErrorCode::kInternal);
    changes.going.clear();
    changes.going[delta::file_key(table.snapshot()->files.begin()->path, {})].deleted = places({0, 1, 2, 3});
    EXPECT_EQ(table.settle(changes).error().code, ErrorCode::kCorruption);
}

TEST(RowChanges, MetricsHaveSparksNames) {
    const RowCounts counts{
        .inserted = 1, .updated = 2, .deleted = 3, .unmatched = {.deleted = 2, .updated = 0}, .copied = 4};
    const auto merge = row_metrics("MERGE", counts, 9);
    EXPECT_EQ(json::Value(merge).int64_at("numSourceRows"), 9);
    EXPECT_EQ(json::Value(merge).int64_at("numOutputRows"), 7);
    EXPECT_EQ(json::Value(merge).int64_at("numTargetRowsMatchedUpdated"), 2);
    EXPECT_EQ(json::Value(merge).int64_at("numTargetRowsDeleted"), 3);
    EXPECT_EQ(json::Value(merge).int64_at("numTargetRowsMatchedDeleted"), 1);
    EXPECT_EQ(json::Value(merge).int64_at("numTargetRowsNotMatchedBySourceDeleted"), 2);
    EXPECT_EQ(row_metrics("MERGE", counts).find("numSourceRows"), nullptr) << "they were not counted";
    EXPECT_EQ(json::Value(row_metrics("DELETE", counts)).int64_at("numDeletedRows"), 3);
    EXPECT_EQ(json::Value(row_metrics("UPDATE", counts)).int64_at("numUpdatedRows"), 2);
    EXPECT_EQ(json::Value(row_metrics("WRITE", counts)).int64_at("numOutputRows"), 7);
}

}  // namespace
}  // namespace lagoa
