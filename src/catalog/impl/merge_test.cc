// Goal: a merge's clean-up hides no stop request. Method: an interrupt before the source goes.
#include "catalog/impl/merge.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

TEST(MergeSource, AnInterruptBeforeItsEndIsForTheNextStatement) {
    const auto engine = Engine::open({}).value();
    const auto session = engine->connect().value();
    const Schema schema{{Field{.name = "k", .type = parse_sql_type("INTEGER").value()}}};
    auto source = MergeSource::make(*session, "SELECT 1 AS k", schema, {"k"}).value();
    session->interrupt();
    source.reset();
    EXPECT_EQ(session->value("SELECT 1").error().code, ErrorCode::kCancelled);
    EXPECT_EQ(session->value("SELECT count(*) FROM duckdb_tables() WHERE temporary").value(), "0");
}

}  // namespace
}  // namespace lagoa
