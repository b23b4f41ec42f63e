// Goal: what the state file promises: durable, all or nothing, versioned, named errors. Method: real files in a
// directory of their own; processes that die in the middle; a WAL cut at many places, as a power failure leaves it.
#include "state/database.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "support/temp_dir.h"

namespace lagoa::state {
namespace {

std::int64_t count_of(Database& database, std::string_view table) {
    return as_int(database.query("SELECT count(*) FROM " + std::string(table)).value()[0][0]);
}

Result<> add_row(Database& database, const std::string& row_json) {
    const std::array<Cell, 2> row = {std::string("ops.t"), row_json};
    LAGOA_TRY(database.execute("INSERT INTO pending_rows (table_name, row_json) VALUES (?, ?)", row));
    return {};
}

TEST(Database, KeepsValuesOfEveryKindAcrossOpens) {
    const test::TempDir dir;
    const auto file = dir.path() / "state.db";
    {
        auto database = Database::open(file).value();
        ASSERT_TRUE(database->execute("CREATE TABLE t (a, b, c, d)").has_value());
        const std::array<Cell, 4> row = {std::int64_t{-1}, 1.5, std::string("a\0b", 3), Cell()};
        ASSERT_EQ(database->execute("INSERT INTO t VALUES (?, ?, ?, ?)", row).value(), 1);
    }
    auto database = Database::open(file).value();
    const auto rows = database->query("SELECT a, b, c, d FROM t").value();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0], (Row{std::int64_t{-1}, 1.5, std::string("a\0b", 3), Cell()}));
    EXPECT_EQ(as_text(rows[0][3]), "");
    EXPECT_EQ(as_int(rows[0][3]), 0);
}

TEST(Database, RefusesANewerFormatByName) {
    const test::TempDir dir;
    const auto file = dir.path() / "state.db";
    ASSERT_TRUE(Database::open(file).value()->execute("INSERT INTO format VALUES (999, 'later')").has_value());
    const auto opened = Database::open(file);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(opened.error().message.find("999"), std::string::npos);
}

TEST(Database, RefusesWhatIsNotItsOwn) {
    const test::TempDir dir;
    const auto text = dir.path() / "text";
    std::ofstream(text) << std::string(4096, 'x');
    EXPECT_EQ(Database::open(text).error().code, ErrorCode::kCorruption);

    const auto other = dir.path() / "other.db";
    ASSERT_TRUE(Database::open(other).value()->execute("DROP TABLE format").has_value());
    EXPECT_EQ(Database::open(other).error().code, ErrorCode::kCorruption);

    EXPECT_EQ(Database::open(dir.path() / "no" / "such" / "folder.db").error().code, ErrorCode::kUnavailable);
}

TEST(Database, TransactionIsAllOrNothing) {
    const test::TempDir dir;
    auto database = Database::open(dir.path() / "state.db").value();
    const auto failed = database->transaction([](Database& inside) -> Result<> {
        LAGOA_TRY(add_row(inside, "1"));
        return fail(ErrorCode::kDataRejected, "no");
    });
    EXPECT_EQ(failed.error().code, ErrorCode::kDataRejected);
    EXPECT_EQ(count_of(*database, "pending_rows"), 0);

    const auto kept = database->transaction([](Database& inside) -> Result<> {
        LAGOA_TRY(add_row(inside, "1"));
        const auto inner = inside.transaction([](Database& deeper) -> Result<> {
            LAGOA_TRY(add_row(deeper, "2"));
            return fail(ErrorCode::kDataRejected, "only the inner one");
        });
        EXPECT_FALSE(inner.has_value());
        return {};
    });
    ASSERT_TRUE(kept.has_value());
    EXPECT_EQ(count_of(*database, "pending_rows"), 1);
}

TEST(Database, FullDiskIsNamedAndLosesNothing) {
    const test::TempDir dir;
    auto database = Database::open(dir.path() / "state.db").value();
    ASSERT_TRUE(add_row(*database, "first").has_value());
    const auto pages = as_int(database->query("PRAGMA page_count").value()[0][0]);
    ASSERT_TRUE(database->execute("PRAGMA max_page_count = " + std::to_string(pages)).has_value());

    const auto full = database->transaction([](Database& inside) -> Result<> {
        for (int i = 0; i < 100; ++i) LAGOA_TRY(add_row(inside, std::string(4096, 'x')));
        return {};
    });
    ASSERT_FALSE(full.has_value());
    EXPECT_EQ(full.error().code, ErrorCode::kResourceExhausted);
    EXPECT_EQ(count_of(*database, "pending_rows"), 1);

    ASSERT_TRUE(database->execute("PRAGMA max_page_count = 100000").has_value());
    EXPECT_TRUE(add_row(*database, "second").has_value());
}

TEST(Database, NamesMisuse) {
    const test::TempDir dir;
    auto database = Database::open(dir.path() / "state.db").value();
    EXPECT_EQ(database->execute("NOT SQL").error().code, ErrorCode::kInternal);
    EXPECT_EQ(database->execute("").error().code, ErrorCode::kInternal);
    EXPECT_EQ(database->execute("DELETE FROM runs WHERE id = ?").error().code, ErrorCode::kInternal);
}

TEST(Database, AWriterThatDiesInsideATransactionLeavesNothing) {
    const test::TempDir dir;
    const auto file = dir.path() / "state.db";
    for (int rows = 1; rows <= 4; ++rows) {  // dies after the k-th write
        const pid_t child = fork();
        if (child == 0) {
            const auto database = Database::open(file).value();
            const auto unreachable = database->transaction([&](Database& inside) -> Result<> {
                for (int i = 0; i < rows; ++i) LAGOA_TRY(add_row(inside, "lost"));
                _exit(0);
            });
            _exit(unreachable ? 1 : 2);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_EQ(WEXITSTATUS(status), 0);
        auto database = Database::open(file).value();
        EXPECT_EQ(count_of(*database, "pending_rows"), rows - 1);
        ASSERT_TRUE(add_row(*database, "kept").has_value());
    }
}

TEST(Database, AnyCutOfTheLogKeepsWholeTransactions) {
    const test::TempDir dir;
    const auto file = dir.path() / "state.db";
    auto database = Database::open(file).value();
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(database
                        ->transaction([](Database& inside) -> Result<> {
                            LAGOA_TRY(add_row(inside, std::string(3000, 'a')));
                            LAGOA_TRY(add_row(inside, std::string(3000, 'b')));
                            return {};
                        })
                        .has_value());

    const auto wal = dir.path() / "state.db-wal";
    const auto size = std::filesystem::file_size(wal);
    std::int64_t before = 0;
    for (std::uintmax_t cut = 0; cut <= size; cut += 4099) {
        const auto copy = dir.path() / "copy.db";
        std::filesystem::remove(dir.path() / "copy.db-shm");
        std::filesystem::copy_file(file, copy, std::filesystem::copy_options::overwrite_existing);
        std::filesystem::copy_file(wal, dir.path() / "copy.db-wal", std::filesystem::copy_options::overwrite_existing);
        std::filesystem::resize_file(dir.path() / "copy.db-wal", cut);
        auto opened = Database::open(copy);
        ASSERT_TRUE(opened.has_value()) << cut << ": " << opened.error().message;
        const auto rows = count_of(**opened, "pending_rows");
        EXPECT_EQ(rows % 2, 0) << "half a transaction at " << cut;
        EXPECT_GE(rows, before) << "a longer log knows fewer rows at " << cut;
        before = rows;
    }
    EXPECT_GE(before, 8);
}

}  // namespace
}  // namespace lagoa::state
