// Goal: statements that change rows mean in the lake what they mean in DuckDB. Method: random statements, alone and in
// blocks that commit or roll back, on a small table of every kind and on a plain DuckDB table beside it; equal rows
// after each. The seed is printed; LAGOA_SEED replays it.

#include <cstdlib>
#include <iostream>
#include <random>

#include "catalog/duckdb/lake_change_fixture_test.h"

namespace lagoa {
namespace {

using test::LakeChangeFixture;
using test::table_kinds;
using test::TableKind;

std::uint64_t seed() {
    const char* const given = std::getenv("LAGOA_SEED");
    return given == nullptr ? std::random_device{}() : std::strtoull(given, nullptr, 10);
}

// Statements about a table that they name as `{}`.
class Statements {
public:
    explicit Statements(std::mt19937_64& random) : random_(random) {}

    std::string next() {
        switch (random_() % 9) {
            case 0:
            case 1:
                return fmt::format("INSERT INTO {{}} SELECT i % 40, 'i' || i, {} FROM range({}, {}) r(i)", partition(),
                                   random_() % 50, 50 + random_() % 20);
            case 2:
                return "DELETE FROM {} WHERE " + condition("");
            case 3:
                return fmt::format("DELETE FROM {{}} AS t USING {} s WHERE t.k = s.k AND {}", source(),
                                   condition("t."));
            case 4:
                return fmt::format("UPDATE {{}} SET {} WHERE {}", assignment(""), condition(""));
            case 5:
                return fmt::format("UPDATE {{}} AS t SET v = s.v FROM {} s WHERE t.k = s.k AND {}", source(),
                                   condition("t."));
            default:
                return merge();
        }
    }

private:
    std::string number() { return std::to_string(random_() % 40); }
    std::string partition() { return random_() % 4 == 0 ? "NULL" : fmt::format("'p{}'", random_() % 3); }
    // With one row for each key, so that no target row has two.
    std::string source() {
        return fmt::format(
            "(SELECT CASE WHEN i = 3 THEN NULL ELSE {} + i END AS k, 's' || i AS v, {} AS p FROM range({}) "
            "r(i))",
            random_() % 30, partition(), 4 + random_() % 12);
    }
    std::string condition(const std::string& table) {
        switch (random_() % 6) {
            case 0:
                return fmt::format("{}k = {}", table, number());
            case 1:
                return fmt::format("{}k BETWEEN {} AND {}", table, random_() % 20, 15 + random_() % 20);
            case 2:
                return table + "k IS NULL";
            case 3:
                return fmt::format("{}p = 'p{}'", table, random_() % 3);
            case 4:
                return fmt::format("({0}p IS NULL OR {0}k % 3 = {1})", table, random_() % 3);
            default:
                return fmt::format("{}v < 'i{}'", table, random_() % 60);
        }
    }
    std::string assignment(const std::string& table) {
        switch (random_() % 4) {
            case 0:
                return fmt::format("v = coalesce({}v, '') || 'u'", table);
            case 1:
                return "p = " + partition();
            case 2:
                return fmt::format("k = {}k + 1, p = {}", table, partition());
            default:
                return "k = NULL";
        }
    }
    std::string merge() {
        std::string text = fmt::format("MERGE INTO {{}} AS t USING {} s ON t.k = s.k", source());
        if (random_() % 2 == 0) text += fmt::format(" WHEN MATCHED AND {} THEN DELETE", condition("t."));
        if (random_() % 3 != 0) text += fmt::format(" WHEN MATCHED AND {} THEN DO NOTHING", condition("t."));
        text += fmt::format(" WHEN MATCHED THEN UPDATE SET {}", assignment("t."));
        if (random_() % 2 == 0) text += " WHEN NOT MATCHED AND s.k IS NULL THEN INSERT (v) VALUES (s.v)";
        if (random_() % 2 == 0) text += " WHEN NOT MATCHED THEN INSERT VALUES (s.k, s.v, s.p)";
        if (random_() % 3 == 0)
            text +=
                fmt::format(" WHEN NOT MATCHED BY SOURCE AND {} THEN UPDATE SET {}", condition("t."), assignment("t."));
        if (random_() % 4 == 0) text += fmt::format(" WHEN NOT MATCHED BY SOURCE AND {} THEN DELETE", condition("t."));
        return text;
    }

    std::mt19937_64& random_;
};

class LakeChangePropertyTest : public LakeChangeFixture {
protected:
    static std::string on(const std::string& statement, const char* table) {
        return fmt::format(fmt::runtime(statement), table);
    }
    static std::string contents(Session& session, const char* table) {
        return rows(session,
                    fmt::format("SELECT (coalesce(k, -1), coalesce(v, '-'), coalesce(p, '-')) FROM {}", table));
    }
};

TEST_F(LakeChangePropertyTest, StatementsMeanWhatTheyMeanInDuckDb) {
    constexpr int kStatements = 40;
    const std::uint64_t first = seed();
    std::cerr << "seed " << first << "\n";
    for (std::size_t i = 0; i < table_kinds().size() * 2; ++i) {
        const TableKind& kind = table_kinds()[i / 2];
        std::mt19937_64 random(first + i);
        Statements statements(random);
        const auto session = connect();
        const char* const columns = "(k BIGINT, v VARCHAR, p VARCHAR)";
        run(*session, fmt::format("CREATE OR REPLACE TABLE memory.main.plain {}", columns));
        run(*session, fmt::format("CREATE OR REPLACE TABLE bronze.t {} {} {}", columns,
                                  i % 2 == 0 ? "" : "PARTITIONED BY (p)", kind.properties));
        std::string log;
        for (int n = 0; n < kStatements; ++n) {
            // DuckDB writes one database in a transaction: the plain table is changed after the lake's.
            const int length = random() % 4 == 0 ? 3 : 1;
            const bool rolls_back = length > 1 && random() % 3 == 0;
            std::vector<std::string> block;
            for (int k = 0; k < length; ++k) block.push_back(statements.next());
            if (length > 1) run(*session, "BEGIN");
            bool refused = false;
            for (const std::string& statement : block) {
                log += statement + ";\n";
                const auto done = session->execute(on(statement, "bronze.t"));
                // A row that the block itself wrote may not go again where there is a change feed.
                if (done) continue;
                EXPECT_EQ(done.error().code, ErrorCode::kUnsupported) << done.error().message << "\n" << log;
                std::cerr << done.error().message << "\n";
                refused = true;
                break;
            }
            if (length > 1) {
                const auto ended = session->execute(rolls_back || refused ? "ROLLBACK" : "COMMIT");
                if (!ended) {
                    EXPECT_EQ(ended.error().code, ErrorCode::kUnsupported) << ended.error().message;
                }
                refused |= !ended;
            }
            if (!rolls_back && !refused)
                for (const std::string& statement : block) run(*session, on(statement, "memory.main.plain"));
            ASSERT_EQ(contents(*session, "bronze.t"), contents(*session, "memory.main.plain"))
                << kind.name << ", seed " << first << "\n"
                << log;
        }
    }
}

}  // namespace
}  // namespace lagoa
