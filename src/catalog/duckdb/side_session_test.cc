// Goal: what a commit queries beside its statement stops when the statement is stopped. Method: a query that would not
// end, beside a connection that is interrupted before, and one while it runs.
#include "catalog/duckdb/side_session.h"

#include <gtest/gtest.h>

#include "engine/duckdb/access.h"

namespace lagoa {
namespace {

constexpr const char* kEndless =
    "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE (a.range ^ b.range) = -1";

TEST(SideSession, StopsWithItsStatement) {
    const auto engine = Engine::open({}).value();
    const auto session = engine->connect().value();
    {
        SideSession side(context(*session), engine->connect().value());
        EXPECT_EQ((*side).value("SELECT 1").value(), "1");
        const std::jthread stop([&] { context(*session).Interrupt(); });
        EXPECT_EQ((*side).execute(kEndless).error().code, ErrorCode::kCancelled);
    }
    SideSession late(context(*session), engine->connect().value());
    EXPECT_EQ((*late).execute(kEndless).error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace lagoa
