// Goal: what a statement read of the table that it writes decides which commits of others it stands beside, also where
// the optimiser knew from the log what a scan would find. Method: a table of cases, each a block with one statement on
// a table, another session's statement before its COMMIT, and whether that stands.

#include "base/text.h"
#include "catalog/duckdb/lake_change_fixture_test.h"

namespace lagoa {
namespace {

using test::LakeChangeFixture;
using test::table_kinds;
using test::TableKind;

// Table `none` is empty; `some` has a file of the keys 1 to 3 and one of 11 to 13. All have n = 0.
constexpr std::string_view kCases = R"(
    # Who found nothing would have found what came meanwhile.
    none | UPDATE t SET n = 1                                     | INSERT INTO t VALUES (1, 0)  | conflict
    none | DELETE FROM t WHERE k < 5                              | INSERT INTO t VALUES (1, 0)  | conflict
    none | DELETE FROM t WHERE false                              | INSERT INTO t VALUES (1, 0)  | conflict
    some | UPDATE t SET n = 1 WHERE k > 1000                      | INSERT INTO t VALUES (2000, 0) | conflict
    some | UPDATE t SET n = 1 WHERE k > 1000                      | INSERT INTO t VALUES (4, 0)  | stands
    none | MERGE INTO t USING (SELECT 7 AS k) s ON t.k = s.k WHEN NOT MATCHED THEN INSERT VALUES (7, 7) | INSERT INTO t VALUES (7, 0) | conflict
    none | MERGE INTO t USING (SELECT 7 AS k) s ON t.k = s.k WHEN MATCHED THEN DELETE | INSERT INTO t VALUES (7, 0) | conflict

    # Rows made of the table's own rows.
    none | INSERT INTO t SELECT k + 1, 0 FROM t                   | INSERT INTO t VALUES (1, 0)  | conflict
    none | INSERT INTO t SELECT count(*), 0 FROM t                | INSERT INTO t VALUES (1, 0)  | conflict
    some | INSERT INTO t SELECT count(*), 0 FROM t                | INSERT INTO t VALUES (1, 0)  | conflict
    some | INSERT INTO t SELECT max(k) + 1, 0 FROM t              | INSERT INTO t VALUES (99, 0) | conflict
    some | INSERT INTO t SELECT max(k) + 1, 0 FROM t              | DELETE FROM t WHERE k = 13   | conflict
    some | INSERT INTO t SELECT k, 0 FROM t WHERE k > 1000        | INSERT INTO t VALUES (2000, 0) | conflict
    some | INSERT INTO t SELECT count(*), 0 FROM other            | INSERT INTO t VALUES (1, 0)  | stands
    some | INSERT INTO t VALUES (50, 0)                           | DELETE FROM t WHERE k < 50   | stands

    # A row that was found and let alone: that it goes matters to who inserts what is not found.
    some | MERGE INTO t USING (SELECT 2 AS k) s ON t.k = s.k WHEN NOT MATCHED THEN INSERT VALUES (2, 9) | DELETE FROM t WHERE k = 2 | conflict
    some | MERGE INTO t USING (SELECT 2 AS k) s ON t.k = s.k WHEN NOT MATCHED THEN INSERT VALUES (2, 9) | DELETE FROM t WHERE k = 12 | stands
    some | MERGE INTO t USING (SELECT 2 AS k) s ON t.k = s.k WHEN NOT MATCHED THEN INSERT VALUES (2, 9) | UPDATE t SET n = 1 WHERE k = 11 | stands
    some | DELETE FROM t WHERE k = 2 AND n > 5                    | DELETE FROM t WHERE k = 2    | stands
)";

class TableReadsTest : public LakeChangeFixture {
protected:
    void make(const std::string& table, const TableKind& kind) {
        const auto session = connect();
        run(*session, "CREATE OR REPLACE TABLE bronze.other AS SELECT 1 AS x");
        run(*session, fmt::format("CREATE OR REPLACE TABLE bronze.t (k BIGINT, n BIGINT) {}", kind.properties));
        if (table != "some") return;
        for (const int first : {1, 11})
            run(*session, fmt::format("INSERT INTO bronze.t SELECT {0} + i, 0 FROM range(3) r(i)", first));
    }
};

TEST_F(TableReadsTest, DecideWhatIsAConflict) {
    int cases = 0;
    for (const std::string_view line : split(kCases, '\n')) {
        const auto parts = split(trim(line), '|');
        if (parts.size() != 4) continue;
        ++cases;
        for (const TableKind& kind : table_kinds()) {
            SCOPED_TRACE(fmt::format("{}: {}", kind.name, trim(line)));
            make(std::string(trim(parts[0])), kind);
            const auto one = connect();
            const auto two = connect();
            run(*one, "USE lake.bronze; BEGIN; " + std::string(parts[1]) + "; INSERT INTO t VALUES (100, 0)");
            run(*two, "USE lake.bronze; " + std::string(parts[2]));
            const auto done = one->execute("COMMIT");
            EXPECT_EQ(done ? "stands" : info(done.error().code).name, trim(parts[3]))
                << (done ? "" : done.error().message);
        }
    }
    EXPECT_EQ(cases, 19);
}

}  // namespace
}  // namespace lagoa
