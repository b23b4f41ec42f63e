// Goal: a contract's rules are asked of the relation given, and nothing else is mistaken for the table.
// Method: rules as a contract writes them, run over temporary tables of a session.
#include "catalog/contract_check.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

struct ContractCheckTest : testing::Test {
    std::unique_ptr<Engine> engine = Engine::open({}).value();
    std::unique_ptr<Session> session = engine->connect().value();

    void SetUp() override {
        ASSERT_TRUE(
            session->execute("CREATE TEMP TABLE fresh AS SELECT 0::DECIMAL(9,2) AS price; CREATE SCHEMA silver; "
                             "CREATE TABLE silver.stocks_refined AS SELECT 7 AS x; "
                             "CREATE TABLE silver.stocks AS SELECT 9 AS price"));
    }

    // kInternal stands for success.
    ErrorCode check(const std::string& query, std::int64_t must_be = 0) {
        Contract contract;
        contract.table = {"silver", "stocks"};
        contract.rules = {{.name = "rule", .query = query, .must_be = must_be}};
        const auto checked = check_rules(*session, contract, "temp.main.fresh");
        return checked ? ErrorCode::kInternal : checked.error().code;
    }
};

TEST_F(ContractCheckTest, TheTablesNameStandsForTheRelation) {
    for (const char* table : {"${table}", "{object}", "silver.stocks", "Silver.STOCKS", "lake.silver.stocks"})
        EXPECT_EQ(check(std::string("SELECT count(*) FROM ") + table + " WHERE price <> 0"), ErrorCode::kInternal)
            << table;
    EXPECT_EQ(check("SELECT count(*) FROM (FROM silver.stocks)", 1), ErrorCode::kInternal);
    EXPECT_EQ(check("SELECT count(*) FROM silver.stocks", 5), ErrorCode::kDataRejected);
}

TEST_F(ContractCheckTest, ALongerNameIsAnotherTable) {
    EXPECT_EQ(check("SELECT sum(x) FROM silver.stocks_refined", 7), ErrorCode::kInternal);
    EXPECT_EQ(check("SELECT count(*) FROM other_silver.stocks"), ErrorCode::kNotFound);
}

TEST_F(ContractCheckTest, ValuesAreComparedAsNumbers) {
    EXPECT_EQ(check("SELECT sum(price) FROM silver.stocks"), ErrorCode::kInternal);  // 0.00
    EXPECT_EQ(check("SELECT 0.4"), ErrorCode::kDataRejected);
    EXPECT_EQ(check("SELECT NULL::BIGINT"), ErrorCode::kDataRejected);
    EXPECT_EQ(check("SELECT 0; "), ErrorCode::kInternal);
    EXPECT_EQ(check("SELECT 0 -- of the rows"), ErrorCode::kInternal);
    EXPECT_EQ(check("SELECT 0, 0"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(check("SELECT range FROM range(2)"), ErrorCode::kInvalidArgument);
}

TEST_F(ContractCheckTest, ASelectThatEndsInACommentConforms) {
    Contract contract;
    contract.table = {"silver", "stocks"};
    contract.columns = {{.name = "price", .type = parse_sql_type("DECIMAL(18,4)").value()}};
    const auto select = conform(*session, "SELECT price FROM fresh -- all of them", contract);
    ASSERT_TRUE(select) << select.error().message;
    EXPECT_EQ(session->value(*select).value(), "0.0000");
}

}  // namespace
}  // namespace lagoa
