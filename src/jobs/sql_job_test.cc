// Goal: a job's header is read whole, and what is wrong in it is named with its line.
#include "jobs/sql_job.h"

#include <gtest/gtest.h>

namespace lagoa::jobs {
namespace {

TEST(SqlJob, ReadsHeaderAndSelect) {
    const auto job = parse_sql_job(
        "stocks_refined",
        "/* lagoa\ntarget: silver.stocks_refined\nmode: merge\nkey: [symbol, trade_date]\n*/\nSELECT 1 AS a;\n");
    ASSERT_TRUE(job.has_value()) << job.error().message;
    EXPECT_EQ(job->target.text(), "silver.stocks_refined");
    EXPECT_EQ(job->mode, WriteMode::kMerge);
    EXPECT_EQ(job->key, (std::vector<std::string>{"symbol", "trade_date"}));
    EXPECT_EQ(job->select, "SELECT 1 AS a");
}

TEST(SqlJob, OverwritesUnlessToldOtherwise) {
    EXPECT_EQ(parse_sql_job("a", "/* lagoa\ntarget: gold.a\n*/ select 1")->mode, WriteMode::kOverwrite);
}

TEST(SqlJob, NamesFileLineAndField) {
    const auto job = parse_sql_job("a", "/* lagoa\ntarget: silver.a\nmodus: append\n*/ select 1");
    EXPECT_EQ(job.error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(job.error().message, "jobs/a.sql:3: /modus: no such field");
}

TEST(SqlJob, RefusesWhatCannotRun) {
    for (const auto* text :
         {"select 1", "/* lagoa\nmode: append\n*/ select 1", "/* lagoa\ntarget: silver.a\n*/ ;",
          "/* lagoa\ntarget: silver.a\nmode: merge\n*/ select 1", "/* lagoa\ntarget: Silver\n*/ select 1",
          "/* lagoa\ntarget: silver.a\nmode: replace\n*/ select 1"})
        EXPECT_EQ(parse_sql_job("a", text).error().code, ErrorCode::kInvalidConfig) << text;
}

}  // namespace
}  // namespace lagoa::jobs
