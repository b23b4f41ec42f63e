// Goal: a job knows what it read, runs again only when that changed, and holds its rows to the contract.
// Method: a lake on memory stores, tables written by Lake::write.
#include "jobs/run.h"

#include <gtest/gtest.h>

#include "engine/statement.h"
#include "store/memory_store.h"

namespace lagoa::jobs {
namespace {

class Job : public testing::Test {
protected:
    void SetUp() override {
        engine_ = Engine::open({}).value();
        LakeOptions options{.zones = {}, .log = make_memory_store(), .engine = engine_.get(), .clock = &system_clock()};
        for (const auto* zone : {"bronze", "silver", "quarantine"}) options.zones[zone] = make_memory_store();
        lake_ = Lake::open(std::move(options)).value();
        put("SELECT 'PETR4' AS symbol, 1::DECIMAL(18,2) AS price, now() AS _known_from, '' AS _run, '' AS _object, '' "
            "AS _pointer");
    }

    void put(const std::string& select) {
        const auto session = lake_->connect(head()).value();
        const auto written = lake_->write(
            *session,
            {.table = {"bronze", "prices"}, .select = select, .properties = {{"lagoa.businessKey", R"(["symbol"])"}}});
        ASSERT_TRUE(written.has_value()) << written.error().message;
    }

    Result<JobResult> run(const std::string& select, const std::string& header = "") {
        const auto job = parse_sql_job("copy", "/* lagoa\ntarget: silver.copy\n" + header + "*/\n" + select).value();
        return run_sql_job({.project = &project_,
                            .lake = lake_.get(),
                            .cut = head(),
                            .clock = &system_clock(),
                            .stop = {},
                            .run = "r1"},
                           job);
    }

    std::string value(const std::string& sql) {
        return lake_->connect(head()).value()->value(sql).value().value_or("NULL");
    }

    static Cut head() { return {.base = Cut::Base::kHead, .pins = {}}; }

    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Lake> lake_;
    Project project_;
};

TEST_F(Job, NamesItsInputsThroughViewsAliasesAndSubqueries) {
    const auto session = lake_->connect(head()).value();
    const std::vector<std::string> expected = {"bronze.prices"};
    for (const auto* sql : {"SELECT * FROM bronze.prices", "SELECT p.symbol FROM bronze.prices_current AS p",
                            "SELECT 1 WHERE EXISTS (SELECT 1 FROM lake.bronze.prices x)",
                            "WITH a AS (SELECT * FROM bronze.prices) SELECT * FROM a JOIN a b USING (symbol)"}) {
        const auto read = references(*session, sql);
        ASSERT_TRUE(read.has_value()) << sql << ": " << read.error().message;
        EXPECT_EQ(read->tables, expected) << sql;
        EXPECT_TRUE(read->only_tables) << sql;
    }
    EXPECT_EQ(references(*session, "SELECT 1; SELECT 2").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Job, KnowsThatFilesTheClockAndChanceDecideRowsToo) {
    const auto session = lake_->connect(head()).value();
    for (const auto* sql :
         {"SELECT symbol, now() AS at FROM bronze.prices", "SELECT * FROM bronze.prices WHERE random() < 0.5",
          "SELECT * FROM bronze.prices, range(3)", "SELECT current_date AS day",
          "SELECT count(*) FROM bronze.prices GROUP BY _known_from::DATE = current_date",
          "SELECT a.symbol FROM bronze.prices a LEFT JOIN bronze.prices b ON b._known_from::DATE = current_date",
          "SELECT a.symbol FROM bronze.prices a JOIN bronze.prices b ON a.symbol = b.symbol AND b._known_from < now()",
          "SELECT max(_known_from - now()) FROM bronze.prices", "SELECT symbol FROM bronze.prices ORDER BY random()",
          "SELECT symbol FROM bronze.prices LIMIT (random() * 10)::BIGINT",
          "SELECT row_number() OVER (ORDER BY random()) FROM bronze.prices",
          "SELECT symbol FROM bronze.prices TABLESAMPLE 50%",
          "SELECT symbol FROM bronze.prices WHERE EXISTS (SELECT 1 FROM bronze.prices b GROUP BY now())"})
        EXPECT_FALSE(references(*session, sql).value().only_tables) << sql;
    EXPECT_TRUE(run("SELECT current_date AS day")->committed);
    EXPECT_TRUE(run("SELECT current_date AS day")->committed);
}

TEST_F(Job, RunsAgainOnlyWhenItsInputsOrItsTextChanged) {
    const std::string select = "SELECT p.symbol, p.price FROM bronze.prices_current p";
    EXPECT_TRUE(run(select)->committed);
    const auto again = run(select).value();
    EXPECT_FALSE(again.committed);
    EXPECT_EQ(again.version, 0);
    put("SELECT 'VALE3' AS symbol, 2::DECIMAL(18,2) AS price, now() AS _known_from, '' AS _run, '' AS _object, '' AS "
        "_pointer");
    EXPECT_TRUE(run(select)->committed);
    EXPECT_EQ(value("SELECT count(*) FROM silver.copy"), "2");
    EXPECT_TRUE(run(select + " WHERE symbol = 'VALE3'")->committed);
    EXPECT_EQ(value("SELECT count(*) FROM silver.copy"), "1");
}

// Every line of the header and of the contract decides what is written.
TEST_F(Job, RunsAgainWhenItsHeaderOrContractChanged) {
    const auto contract = [&](const std::string& options) {
        const std::string text =
            "apiVersion: v3.1.0\nkind: DataContract\nid: silver.copy\nversion: 1.0.0\nstatus: active\nschema:\n"
            "  - name: copy\n    properties:\n      - {name: symbol, logicalType: string}\n"
            "      - {name: price, logicalType: number, physicalType: 'DECIMAL(18,2)'" +
            options + "}\n";
        project_.contracts[{"silver", "copy"}] =
            parse_contract(Document::parse("silver.copy.odcs.yaml", text).value()).value();
    };
    contract("");
    const std::string select = "SELECT symbol, price FROM bronze.prices UNION ALL SELECT 'ABEV3', -1";
    EXPECT_TRUE(run(select)->committed);
    EXPECT_FALSE(run(select)->committed);
    for (const std::string header :
         {"mode: merge\nkey: [symbol]\n", "mode: merge\nkey: [symbol, price]\n", "partition_by: [symbol]\n"}) {
        EXPECT_TRUE(run(select, header)->committed) << header;
        EXPECT_FALSE(run(select, header)->committed) << header;
    }
    EXPECT_TRUE(run(select)->committed);
    contract(", logicalTypeOptions: {minimum: 0}");
    const auto held = run(select).value();
    EXPECT_TRUE(held.committed);
    EXPECT_EQ(held.rows_quarantined, 1u);
    EXPECT_FALSE(run(select)->committed);
}

// A run that failed publishes nothing: the next one that succeeds, or has nothing to do, names what was refused.
TEST_F(Job, TellsOfRowsThatAnEarlierRunRefused) {
    const std::string select = "SELECT symbol, price FROM bronze.prices";
    EXPECT_EQ(run(select)->quarantine_version, std::nullopt);
    project_.contracts[{"silver", "copy"}] = {
        .table = {"silver", "copy"},
        .version = "1",
        .file = "c",
        .columns = {{.name = "symbol", .type = {}, .required = true},
                    {.name = "price", .type = Type::decimal(18, 2), .required = true}}};
    EXPECT_EQ(run("SELECT 'BAD3' AS symbol, NULL AS price").error().code, ErrorCode::kDataRejected);
    EXPECT_EQ(run(select)->quarantine_version, 0);
    const auto idle = run(select).value();
    EXPECT_FALSE(idle.committed);
    EXPECT_EQ(idle.quarantine_version, 0);
}

TEST_F(Job, SendsRowsThatBreakTheContractToQuarantineOnce) {
    project_.contracts[{"silver", "copy"}] = {
        .table = {"silver", "copy"},
        .version = "1.0.0",
        .file = "contracts/silver.copy.odcs.yaml",
        .columns = {{.name = "symbol", .type = {}, .required = true},
                    {.name = "price", .type = Type::decimal(18, 2), .required = true}}};
    const std::string select = "SELECT symbol, price FROM bronze.prices UNION ALL SELECT 'BAD3', NULL";
    const auto first = run(select).value();
    EXPECT_EQ(first.rows_in, 2u);
    EXPECT_EQ(first.rows_out, 1u);
    EXPECT_EQ(first.rows_quarantined, 1u);
    put("SELECT 'VALE3' AS symbol, 2::DECIMAL(18,2) AS price, now() AS _known_from, '' AS _run, '' AS _object, '' AS "
        "_pointer");
    EXPECT_EQ(run(select)->rows_quarantined, 1u);
    EXPECT_EQ(value("SELECT count(*) || ' ' || any_value(json_extract_string(rules, '$[0].rule')) || ' ' || "
                    "any_value(json_extract_string(record, '$.symbol')) FROM quarantine.copy"),
              "1 required BAD3");
}

TEST_F(Job, WritesNothingWhenATableRuleIsBroken) {
    project_.contracts[{"silver", "copy"}] = {
        .table = {"silver", "copy"},
        .version = "1.0.0",
        .file = "c",
        .columns = {{.name = "symbol", .type = {}}},
        .rules = {
            {.name = "one_row", .query = "SELECT count(*) - 1 FROM silver.copy", .must_be = 0, .severity = "error"}}};
    EXPECT_TRUE(run("SELECT symbol FROM bronze.prices")->committed);
    const auto broken = run("SELECT symbol FROM bronze.prices UNION ALL SELECT 'X'");
    ASSERT_FALSE(broken.has_value());
    EXPECT_EQ(broken.error().code, ErrorCode::kDataRejected);
    EXPECT_EQ(value("SELECT count(*) FROM silver.copy"), "1");
}

TEST_F(Job, RefusesColumnsThatTheContractDoesNotKnowOrThatAreMissing) {
    project_.contracts[{"silver", "copy"}] = {
        .table = {"silver", "copy"}, .version = "1", .file = "c", .columns = {{.name = "symbol", .type = {}}}};
    EXPECT_EQ(run("SELECT symbol, price FROM bronze.prices").error().code, ErrorCode::kDataRejected);
    EXPECT_EQ(run("SELECT price AS other FROM bronze.prices").error().code, ErrorCode::kDataRejected);
}

TEST_F(Job, NamesWhatDoesNotBind) {
    EXPECT_FALSE(run("SELECT nothing FROM bronze.prices").has_value());
    EXPECT_FALSE(run("SELECT * FROM bronze.nothing").has_value());
}

}  // namespace
}  // namespace lagoa::jobs
