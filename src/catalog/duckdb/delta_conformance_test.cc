// Goal: delta('PATH') reads tables that many other programs wrote, row for row, and refuses by name what
// it does not support. Method: every read case of the conformance set beside the project is compared with
// its expected rows inside the engine (EXCEPT ALL both ways).

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
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

std::string table_sql(const json::Value& read_case) {
    const auto version = read_case.int64_at("version");
    return fmt::format("delta({}{})", quote_literal((kTables / *read_case.string_at("table")).string()),
                       version ? fmt::format(", version => {}", *version) : "");
}

// An empty text if the rows are the expected ones.
Result<std::string> difference(Session& session, const std::string& table, const std::string& expected) {
    const auto ours = LAGOA_TRY(session.describe("SELECT * FROM " + table));
    const auto theirs = LAGOA_TRY(session.describe("SELECT * FROM " + expected));
    const auto same_name = [](const Column& a, const Column& b) { return a.name == b.name; };
    if (!std::ranges::equal(ours, theirs, same_name)) return "other columns";
    for (const auto& [from, less] : {std::pair{table, expected}, std::pair{expected, table}}) {
        const auto rows = LAGOA_TRY(session.value(
            fmt::format("SELECT count(*) FROM (SELECT * FROM {} EXCEPT ALL SELECT * FROM {})", from, less)));
        if (rows != "0") return fmt::format("{} rows of {} are not in the other", *rows, from);
    }
    return "";
}

TEST(DeltaConformance, ReadsWhatOthersWrote) {
    if (!std::filesystem::exists(kTables / "manifest.json")) GTEST_SKIP() << "the conformance tables are not here";
    const auto manifest = json::parse(read_file(kTables / "manifest.json"));
    ASSERT_TRUE(manifest) << manifest.error().message;
    auto engine = Engine::open({});
    ASSERT_TRUE(engine) << engine.error().message;
    ASSERT_TRUE(register_delta_function(**engine));
    auto session = (*engine)->connect();
    ASSERT_TRUE(session);

    int equal = 0, refused = 0;
    for (const json::Value& read_case : *manifest->find("cases")->array()) {
        if (read_case.string_at("kind") != "read") continue;
        const std::string id = *read_case.string_at("id");
        const std::string table = table_sql(read_case);
        if (read_case.string_at("expect") == "error") {
            EXPECT_FALSE((*session)->execute("SELECT * FROM " + table)) << id << " must be refused";
            ++refused;
            continue;
        }
        const std::string expected =
            "read_parquet(" + quote_literal((kTables / *read_case.string_at("expected")).string()) + ")";
        const auto result = difference(**session, table, expected);
        if (!result) {
            ADD_FAILURE() << id << ": " << result.error().message;
        } else if (!result->empty()) {
            ADD_FAILURE() << id << ": " << *result;
        } else {
            ++equal;
        }
    }
    std::cout << equal << " read equal, " << refused << " rightly refused\n";
}

}  // namespace
}  // namespace lagoa
