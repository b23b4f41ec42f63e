// Goal: DELETE, UPDATE, MERGE and a block of them happen as a whole or not at all, whichever operation of the store
// fails, loses its answer, or is the last before the process dies; a statement that only failed leaves no file. Method:
// the sweep of faulty_store.h over each statement on tables that copy rows, that mark them by deletion vectors, and
// that tell their changes.
#include <ostream>
#include <set>

#include <gtest/gtest.h>

#include "catalog/lake.h"
#include "delta/deletion_vector.h"
#include "store/memory_store.h"
#include "support/faulty_store.h"
#include "support/store_objects.h"

namespace lagoa {
namespace {

using test::copy_of;
using test::data_files;
using test::FaultyStore;

const Cut kHead{.base = Cut::Base::kHead, .pins = {}};

/// One process over a store that outlives it.
class Process {
public:
    explicit Process(std::shared_ptr<ObjectStore> store) {
        engine_ = Engine::open({.threads = 1}).value();
        lake_ =
            Lake::open({.zones = {{"silver", std::move(store)}}, .log = make_memory_store(), .engine = engine_.get()})
                .value();
    }

    /// In a session of its own, which ends with the first error.
    Result<> run(const std::vector<std::string>& statements) {
        const auto session = LAGOA_TRY(lake_->connect(kHead));
        for (const std::string& statement : statements) LAGOA_TRY(session->execute(statement));
        return {};
    }

    std::string rows() {
        const auto session = lake_->connect(kHead).value();
        const auto text =
            session->value("SELECT string_agg(concat_ws('|', k, p, v), ';' ORDER BY k, p, v) FROM silver.t");
        return text ? text->value_or("") : "error: " + text.error().message;
    }

    std::shared_ptr<const delta::Snapshot> snapshot() { return lake_->snapshot({"silver", "t"}, kHead).value(); }

    /// What the newest version says that it changed, as the same text.
    std::string changed(const std::string& type) {
        const auto session = lake_->connect(kHead).value();
        const auto newest = snapshot()->version;
        const auto text = session->value(fmt::format(
            "SELECT string_agg(concat_ws('|', k, p, v), ';' ORDER BY k, p, v) FROM delta_changes('lagoa://silver/t', "
            "{0}, {0}) WHERE _change_type = '{1}'",
            newest, type));
        return text ? text->value_or("") : "error: " + text.error().message;
    }

private:
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Lake> lake_;
};

struct Change {
    const char* name;
    std::vector<std::string> statements;
};

const std::vector<Change>& changes() {
    static const std::vector<Change> all = {
        {"delete", {"DELETE FROM silver.t WHERE k % 3 = 0 OR k > 190"}},
        {"update", {"UPDATE silver.t SET v = v || '!' WHERE k % 5 = 1"}},
        {"merge",
         {"MERGE INTO silver.t AS t USING (SELECT range * 7 AS k, 'p' || range % 3 AS p, 'm' AS v FROM range(40)) AS s "
          "ON t.k = s.k WHEN MATCHED AND t.k % 2 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET v = s.v "
          "WHEN NOT MATCHED THEN INSERT VALUES (s.k, s.p, s.v)"}},
        {"block",
         {"BEGIN", "DELETE FROM silver.t WHERE k < 10", "UPDATE silver.t SET v = 'u' WHERE k % 4 = 3",
          "INSERT INTO silver.t VALUES (1000, 'p0', 'i')", "COMMIT"}},
    };
    return all;
}

struct Kind {
    const char* name;
    const char* properties;
};

void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all = {
        {"copies", ""},
        {"vectors", ", 'delta.enableDeletionVectors' = 'true'"},
        {"feed", ", 'delta.enableChangeDataFeed' = 'true', 'delta.enableRowTracking' = 'true'"},
        {"feed_and_vectors", ", 'delta.enableChangeDataFeed' = 'true', 'delta.enableDeletionVectors' = 'true'"},
    };
    return all;
}

std::shared_ptr<ObjectStore> make_table(const Kind& kind) {
    std::shared_ptr<ObjectStore> store = make_memory_store();
    const auto made = Process(store).run(
        {fmt::format("CREATE TABLE silver.t (k BIGINT, p VARCHAR, v VARCHAR) PARTITIONED BY (p) WITH "
                     "('delta.checkpointInterval' = '3'{})",
                     kind.properties),
         "INSERT INTO silver.t SELECT range, 'p' || range % 2, 'a' FROM range(100)",
         "INSERT INTO silver.t SELECT range, 'p' || range % 2, 'b' FROM range(100, 200)"});
    EXPECT_TRUE(made) << made.error().message;
    return store;
}

class StatementCrashSweep : public testing::TestWithParam<Kind> {
protected:
    void sweep(const Change& change, FaultyStore::Fault fault) {
        const auto disk = make_table(GetParam());
        const std::string before = Process(disk).rows();
        const auto once = copy_of(*disk);
        const auto ran = Process(once).run(change.statements);
        ASSERT_TRUE(ran) << ran.error().message;
        const std::string after = Process(once).rows();
        ASSERT_NE(after, before);
        const bool has_feed = std::string_view(GetParam().properties).find("ChangeDataFeed") != std::string_view::npos;
        const std::string deleted = has_feed ? Process(once).changed("delete") : "";

        for (fault.at = 1;; ++fault.at) {
            SCOPED_TRACE(fmt::format("{} on {}, operation {}", change.name, GetParam().name, fault.at));
            const auto store = copy_of(*disk);
            const auto faulty = std::make_shared<FaultyStore>(*store, fault);
            const auto done = Process(faulty).run(change.statements);
            const std::string found = Process(store).rows();
            EXPECT_TRUE(found == after || (!done && found == before)) << found;
            if (!done && found == before && fault.kind == FaultyStore::Kind::kFail) {
                EXPECT_EQ(data_files(*store), data_files(*disk));
            }
            if (found == before) {
                const auto again = Process(store).run(change.statements);
                EXPECT_TRUE(again) << again.error().message;
            }
            Process end(store);
            EXPECT_EQ(end.rows(), after);
            if (has_feed) {
                EXPECT_EQ(end.changed("delete"), deleted);
            }
            if (HasFailure()) return;
            if (!faulty->tripped()) {
                EXPECT_TRUE(done) << done.error().message;
                EXPECT_GT(fault.at, 2);
                return;
            }
        }
    }
};

TEST_P(StatementCrashSweep, OneOperationFails) {
    for (const Change& change : changes())
        sweep(change, {.kind = FaultyStore::Kind::kFail, .at = 0, .code = ErrorCode::kResourceExhausted});
}
TEST_P(StatementCrashSweep, TheProcessDies) {
    for (const Change& change : changes()) sweep(change, {.kind = FaultyStore::Kind::kCrash, .at = 0});
}
TEST_P(StatementCrashSweep, OneAnswerIsLost) {
    for (const Change& change : changes())
        sweep(change, {.kind = FaultyStore::Kind::kOutcomeUnknown, .at = 0, .code = ErrorCode::kDeadlineExceeded});
}

// Rows that a block wrote and changed again are copied, or are gone before anyone saw them.
TEST(StatementFiles, ABlockLeavesNoFileThatItsCommitDoesNotName) {
    for (const Kind& kind : {kinds()[0], kinds()[1]}) {
        SCOPED_TRACE(kind.name);
        const auto store = make_table(kind);
        auto known = data_files(*store);
        Process process(store);
        const auto done =
            process.run({"BEGIN", "INSERT INTO silver.t SELECT range, 'p' || range % 2, 'n' FROM range(1000, 1010)",
                         "INSERT INTO silver.t SELECT range, 'p7', 'gone' FROM range(2000, 2010)",
                         "UPDATE silver.t SET v = v || '+' WHERE k > 195 AND k < 1005",
                         "DELETE FROM silver.t WHERE p = 'p7'", "DELETE FROM silver.t WHERE k = 1009", "COMMIT"});
        ASSERT_TRUE(done) << done.error().message;
        EXPECT_TRUE(
            process.rows().ends_with("199|p1|b+;1000|p0|n+;1001|p1|n+;1002|p0|n+;1003|p1|n+;1004|p0|n+;"
                                     "1005|p1|n;1006|p0|n;1007|p1|n;1008|p0|n"))
            << process.rows();
        for (const delta::AddFile& file : process.snapshot()->files) {
            known.insert("t/" + delta::decode_path(file.path));
            if (file.deletion_vector && file.deletion_vector->storage_type == "u")
                known.insert("t/" + delta::deletion_vector_path(*file.deletion_vector).value());
        }
        EXPECT_EQ(data_files(*store), known);
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, StatementCrashSweep, testing::ValuesIn(kinds()),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace lagoa
