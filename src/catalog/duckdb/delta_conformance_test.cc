// Goal: delta('PATH') and delta_changes('PATH', …) read tables that many other programs wrote, row for row, and
// refuse by name what they do not support. Method: every case of the conformance set beside the project is compared
// with its expected rows inside the engine (EXCEPT ALL both ways).

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "catalog/duckdb/delta_changes.h"
#include "catalog/duckdb/delta_function.h"
#include "engine/engine.h"

namespace lagoa {
namespace {

const std::filesystem::path kTables = "../shared/delta";

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string path_of(const json::Value& test_case) {
    return quote_literal((kTables / *test_case.string_at("table")).string());
}

std::string table_sql(const json::Value& read_case) {
    const auto version = read_case.int64_at("version");
    return fmt::format("delta({}{})", path_of(read_case), version ? fmt::format(", version => {}", *version) : "");
}

std::string changes_sql(const json::Value& feed_case) {
    const auto end = feed_case.int64_at("end");
    return fmt::format("delta_changes({}, {}{})", path_of(feed_case), feed_case.int64_at("start").value(),
                       end ? fmt::format(", {}", *end) : "");
}

// An empty text if the rows are the expected ones; `compared` are the columns whose values count.
Result<std::string> difference(Session& session, const std::string& table, const std::string& expected,
                               const std::string& compared = "*") {
    const auto ours = LAGOA_TRY(session.describe("SELECT * FROM " + table));
    const auto theirs = LAGOA_TRY(session.describe("SELECT * FROM " + expected));
    const auto same_name = [](const Column& a, const Column& b) { return a.name == b.name; };
    if (!std::ranges::equal(ours, theirs, same_name)) return "other columns";
    for (const auto& [from, less] : {std::pair{table, expected}, std::pair{expected, table}}) {
        const auto rows = LAGOA_TRY(session.value(fmt::format(
            "SELECT count(*) FROM (SELECT {0} FROM {1} EXCEPT ALL SELECT {0} FROM {2})", compared, from, less)));
        if (rows != "0") return fmt::format("{} rows of {} are not in the other", *rows, from);
    }
    return "";
}

class DeltaConformance : public testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(kTables / "manifest.json")) GTEST_SKIP() << "the conformance tables are not here";
        auto manifest = json::parse(read_file(kTables / "manifest.json"));
        ASSERT_TRUE(manifest) << manifest.error().message;
        manifest_ = std::move(*manifest);
        auto engine = Engine::open({});
        ASSERT_TRUE(engine) << engine.error().message;
        engine_ = std::move(*engine);
        ASSERT_TRUE(register_delta_function(*engine_));
        ASSERT_TRUE(register_delta_changes(*engine_));
        auto session = engine_->connect();
        ASSERT_TRUE(session);
        session_ = std::move(*session);
    }

    // How many cases of `kind` read equal; the others fail or must be refused.
    void run(std::string_view kind, const std::function<std::string(const json::Value&)>& sql,
             const std::string& compared) {
        int equal = 0, refused = 0;
        for (const json::Value& test_case : *manifest_.find("cases")->array()) {
            if (test_case.string_at("kind") != kind) continue;
            const std::string id = *test_case.string_at("id");
            const std::string table = sql(test_case);
            if (test_case.string_at("expect") == "error") {
                EXPECT_FALSE(session_->execute("SELECT * FROM " + table)) << id << " must be refused";
                ++refused;
                continue;
            }
            const std::string expected =
                "read_parquet(" + quote_literal((kTables / *test_case.string_at("expected")).string()) + ")";
            const auto result = difference(*session_, table, expected, compared);
            if (!result) {
                ADD_FAILURE() << id << ": " << result.error().message;
            } else if (!result->empty()) {
                ADD_FAILURE() << id << ": " << *result;
            } else {
                ++equal;
            }
        }
        EXPECT_GT(equal, 0);
        std::cout << equal << " read equal, " << refused << " rightly refused\n";
    }

    json::Value manifest_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Session> session_;
};

TEST_F(DeltaConformance, ReadsWhatOthersWrote) {
    run("read", table_sql, "*");
}

TEST_F(DeltaConformance, ReadsTheChangesOfOthers) {
    run("cdf", changes_sql, "* EXCLUDE (_commit_timestamp)");
}

}  // namespace
}  // namespace lagoa
