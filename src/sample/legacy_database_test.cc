// Goal: the legacy database has its rows, lets its reader only read, and leaves nothing behind, even when
// its owner is killed. Method: a real server; libpq as any client would use it. Skipped without PostgreSQL.
#include "sample/legacy_database.h"

#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/clock.h"
#include "support/temp_dir.h"

namespace lagoa::sample {
namespace {

using std::chrono::year;

constexpr LegacyOptions kPeriod{.first_day = Day{year{2023} / 1 / 2}, .last_day = Day{year{2024} / 6 / 28}};

std::set<std::string> legacy_folders() {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
        if (entry.path().filename().string().starts_with("lagoa-legacy-")) found.insert(entry.path());
    }
    return found;
}

/// The first column of a query's rows, or its SQLSTATE as the only one.
std::vector<std::string> query(const std::string& dsn, const std::string& sql) {
    std::vector<std::string> values;
    PGconn* connection = PQconnectdb(dsn.c_str());
    EXPECT_EQ(PQstatus(connection), CONNECTION_OK) << PQerrorMessage(connection);
    PGresult* result = PQexec(connection, sql.c_str());
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        for (int i = 0; i < PQntuples(result); ++i) values.emplace_back(PQgetvalue(result, i, 0));
    } else if (const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE)) {
        values.emplace_back(state);
    }
    PQclear(result);
    PQfinish(connection);
    return values;
}

std::string one(const std::string& dsn, const std::string& sql) {
    const auto values = query(dsn, sql);
    return values.size() == 1 ? values[0] : "(" + std::to_string(values.size()) + " rows)";
}

// Clusters of a test lie in a folder of its own: others run beside it.
class LegacyDatabaseTest : public testing::Test {
protected:
    LegacyDatabaseTest() {
        // PostgreSQL runs as another user, who must come through.
        std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
        setenv("TMPDIR", folder_.path().c_str(), 1);
    }
    ~LegacyDatabaseTest() override { unsetenv("TMPDIR"); }

    test::TempDir folder_;
};

TEST_F(LegacyDatabaseTest, HoldsTheMarketAndGoesAway) {
    const Market market({});
    auto database = LegacyDatabase::start(market, kPeriod);
    if (!database && database.error().code == ErrorCode::kNotFound) GTEST_SKIP() << database.error().message;
    ASSERT_TRUE(database.has_value()) << database.error().message;
    const std::string dsn = (*database)->dsn();

    std::size_t sessions = 0;
    for (const Candle& candle : market.history(*market.find("PETR4"), kPeriod.last_day).candles) {
        sessions += candle.day >= kPeriod.first_day;
    }
    EXPECT_EQ(one(dsn, "SELECT count(DISTINCT date) FROM stocks_historical WHERE symbol = 'PETR4'"),
              std::to_string(sessions));
    EXPECT_EQ(one(dsn, "SELECT count(DISTINCT symbol) FROM stocks_historical"), "11");
    EXPECT_EQ(one(dsn, "SELECT max(date) FROM stocks_historical"), "2024-06-28");
    EXPECT_NE(one(dsn, "SELECT count(*) - count(DISTINCT (date, symbol)) FROM stocks_historical"), "0")
        << "a row entered twice";
    EXPECT_NE(one(dsn, "SELECT count(*) FROM dividends_table"), "0");
    EXPECT_EQ(one(dsn, "SELECT max(scale(rate)) FROM dividends_table"), "8");
    EXPECT_EQ(one(dsn, "SELECT count(*) FROM infla_selic_historical"), "18");
    EXPECT_EQ(one(dsn,
                  "SELECT string_agg(column_name, ',' ORDER BY ordinal_position) FROM information_schema.columns "
                  "WHERE table_name = 'dividends_table'"),
              "approvedon,symbol,assetissued,isincode,label,lastdateprior,paymentdate,rate,relatedto,remarks");
    const Candle last = market.history(*market.find("VALE3"), kPeriod.last_day).candles.back();
    EXPECT_EQ(one(dsn,
                  "SELECT (close * 1000000)::bigint FROM stocks_historical WHERE symbol = 'VALE3' AND date = "
                  "'2024-06-28' LIMIT 1"),
              std::to_string(last.close));
    EXPECT_EQ(one(dsn, "DELETE FROM stocks_historical"), "42501") << "insufficient privilege";
    EXPECT_EQ(one(dsn, "SELECT usesuper FROM pg_user WHERE usename = current_user"), "f");

    database->reset();
    EXPECT_EQ(PQping(dsn.c_str()), PQPING_NO_RESPONSE);
    EXPECT_TRUE(legacy_folders().empty());
}

TEST_F(LegacyDatabaseTest, DiesWithAKilledOwner) {
    int channel[2];
    ASSERT_EQ(pipe(channel), 0);
    const pid_t owner = fork();
    if (owner == 0) {
        const Market market({.stocks = 1});
        auto database = LegacyDatabase::start(market, kPeriod);
        const std::string text = database ? (*database)->dsn() : "none";
        if (write(channel[1], text.data(), text.size()) < 0) _exit(1);
        pause();
        _exit(0);
    }
    char buffer[512];
    const ssize_t got = read(channel[0], buffer, sizeof buffer);
    kill(owner, SIGKILL);
    waitpid(owner, nullptr, 0);
    close(channel[0]);
    close(channel[1]);
    ASSERT_GT(got, 0);
    const std::string dsn(buffer, static_cast<std::size_t>(got));
    if (dsn == "none") GTEST_SKIP() << "no PostgreSQL";

    bool gone = false;
    for (int i = 0; i < 500 && !gone; ++i) {
        gone = PQping(dsn.c_str()) == PQPING_NO_RESPONSE && legacy_folders().empty();
        if (!gone) system_clock().sleep(std::chrono::milliseconds(20));  // another process's end has no event of ours
    }
    EXPECT_TRUE(gone);
}

// A killed start leaves its folder: no supervisor stands by yet. The next start removes it.
TEST_F(LegacyDatabaseTest, StartRemovesWhatKilledStartsLeft) {
    const pid_t dead = fork();
    if (dead == 0) _exit(0);
    waitpid(dead, nullptr, 0);
    const auto make = [&](const char* name, const std::string& owner) {
        std::filesystem::create_directories(folder_.path() / name / "data");
        if (!owner.empty()) std::ofstream(folder_.path() / name / "owner") << owner;
        return folder_.path() / name;
    };
    const auto left = make("lagoa-legacy-aaaaaa", std::to_string(dead));
    const auto used = make("lagoa-legacy-bbbbbb", std::to_string(getpid()));
    const auto unknown = make("lagoa-legacy-cccccc", "");
    const auto unreadable = make("lagoa-legacy-dddddd", "-1");
    const auto other = make("lagoa-other-aaaaaa", std::to_string(dead));
    const Market market({.stocks = 1});
    const auto database = LegacyDatabase::start(market, kPeriod);
    if (!database && database.error().code == ErrorCode::kNotFound) GTEST_SKIP() << "no PostgreSQL";
    ASSERT_TRUE(database.has_value()) << database.error().message;
    EXPECT_FALSE(std::filesystem::exists(left));
    for (const auto& kept : {used, unknown, unreadable, other}) EXPECT_TRUE(std::filesystem::exists(kept)) << kept;
}

}  // namespace
}  // namespace lagoa::sample
