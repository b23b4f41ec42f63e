// Goal: records of landed objects become the right rows, pointers and verdicts; nothing damaged is read as whole,
// nothing that drifted as empty. Method: objects in a memory store, rows in a collector, no engine.
#include "ingest/impl/landing_rows.h"

#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "net/digest.h"
#include "store/memory_store.h"
#include "support/row_collector.h"

namespace lagoa::ingest {
namespace {

constexpr std::string_view kQuotes = R"({"results":[
 {"symbol":"PETR4","price":35.10,"name":"PETROBRAS \"PN\" \u00e9","extra":{"a":[1,2]},"history":[{"date":1750683600,"close":1.5},{"date":1750770000,"close":null}]},
 {"price":"7","history":[],"symbol":"VALE3"},
 {"symbol":null,"price":1.123,"history":[{"date":1750683600,"close":9}]}],
 "requestedAt":"2026-11-25T12:00:00.000Z"})";

std::string read_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return std::move(text).str();
}

class LandingRowsTest : public testing::Test {
protected:
    // A contract of `columns` ("name type[ key][ required]", comma-separated) and a source with one table mapping.
    void declare(const std::vector<std::pair<std::string, std::string>>& columns, const std::string& mapping) {
        std::string contract =
            "apiVersion: v3.1.0\nkind: DataContract\nid: bronze.t\nversion: '1'\nstatus: active\nschema:\n- name: t\n  "
            "properties:\n";
        for (const auto& [name, rest] : columns) contract += "  - {name: " + name + ", " + rest + "}\n";
        contract_ = parse_contract(Document::parse("bronze.t.odcs.yaml", contract).value()).value();
        const std::string source =
            "kind: http\nstreams:\n- name: s\n  tables:\n  - {table: bronze.t, " + mapping + "}\n";
        source_ = parse_source("x", Document::parse("x.yaml", source).value()).value();
        auto plan = make_plan(source_, source_.streams[0], 0, contract_, zone_);
        ASSERT_TRUE(plan.has_value()) << plan.error().message;
        plan_ = std::move(*plan);
    }

    // Lands `bytes` as the next object of the manifest.
    LandedObject& land(std::string_view bytes, RecordFormat format = RecordFormat::kJson) {
        LandedObject object{.key = "x/" + std::to_string(manifest_.objects.size()) + ".json",
                            .stream = "s",
                            .item = "PETR4",
                            .format = format,
                            .records_of = {},
                            .sha256 = net::sha256_hex(bytes),
                            .size_bytes = bytes.size(),
                            .records = 0,
                            .fetched = parse_instant("2026-11-25T02:30:00Z").value(),
                            .request = {},
                            .response = {}};
        EXPECT_TRUE(store_->put(object.key, bytes).has_value());
        return manifest_.objects.emplace_back(std::move(object));
    }

    Result<> load() {
        manifest_.sequence = 4;
        std::vector<Feed> feeds;
        const auto manifest = std::make_shared<const Manifest>(manifest_);
        for (const auto& object : manifest->objects) feeds.push_back({manifest, &object, &plan_});
        source_rows_ = std::make_unique<LandingRows>(*store_, std::move(feeds), contract_,
                                                     [] { return fail(ErrorCode::kInternal, "no session"); });
        rows_ = std::make_unique<test::RowCollector>(source_rows_->schema());
        return rows_->read_all(*source_rows_);
    }

    // One row as text: the columns of the contract.
    std::string row(std::size_t index) const {
        std::string out;
        for (std::size_t i = 0; i < contract_.columns.size(); ++i) out += (i > 0 ? "|" : "") + rows_->cell(index, i);
        return out;
    }
    std::string rules(std::size_t index) const {
        const std::string& verdict = rows_->cell(index, "_verdict");
        if (verdict == "NULL") return "";
        std::string out;
        const json::Value parsed = json::parse(verdict).value();
        for (const auto& rule : *parsed.array())
            out += rule.string_at("column").value_or("*") + ":" + *rule.string_at("rule") + " ";
        return out;
    }

    std::unique_ptr<ObjectStore> store_ = make_memory_store();
    TimeZone zone_ = TimeZone::load("America/Sao_Paulo").value();
    Contract contract_;
    Source source_;
    RecordPlan plan_;
    Manifest manifest_;
    std::unique_ptr<LandingRows> source_rows_;
    std::unique_ptr<test::RowCollector> rows_;
};

TEST_F(LandingRowsTest, ReadsRecordsOfAPath) {
    declare({{"symbol", "logicalType: string, required: true, primaryKey: true"},
             {"price", "physicalType: 'DECIMAL(9,2)'"},
             {"name", "logicalType: string"},
             {"asked", "logicalType: timestamp"},
             {"seen", "logicalType: date"},
             {"item", "logicalType: string"},
             {"market", "logicalType: string"}},
            "records: /results/*, columns: [{column: asked, from: /requestedAt}, {column: seen, from: _fetched, parse: "
            "instant_date}, "
            "{column: item, from: _item}, {column: market, constant: B3}]");
    land(kQuotes);
    ASSERT_TRUE(load().has_value());
    ASSERT_EQ(rows_->rows(), 3u);
    EXPECT_EQ(row(0), "PETR4|35.10|PETROBRAS \"PN\" é|2026-11-25T12:00:00.000000Z|2026-11-24|PETR4|B3");
    EXPECT_EQ(row(1), "VALE3|7.00|NULL|2026-11-25T12:00:00.000000Z|2026-11-24|PETR4|B3");
    EXPECT_EQ(rows_->cell(1, "_pointer"), "/results/1");
    EXPECT_EQ(rows_->cell(1, "_verdict"), "NULL");
    EXPECT_EQ(rows_->cell(1, "_record"), "NULL");
    EXPECT_EQ(rules(2), "symbol:required price:scale *:key ");
    EXPECT_EQ(rows_->cell(2, "_record"), R"({"symbol":null,"price":1.123,"history":[{"date":1750683600,"close":9}]})");
    EXPECT_EQ(rows_->cell(2, "_position"), "2");
    EXPECT_EQ(rows_->cell(2, "_sequence"), "4");
    EXPECT_EQ(rows_->cell(2, "_known_from"), "2026-11-25T02:30:00.000000Z");
    EXPECT_EQ(plan_.record().unmapped(), (std::vector<std::string>{"extra", "history"}));
}

TEST_F(LandingRowsTest, BindsValuesAboveTheRecordWhereverTheyStand) {
    declare({{"symbol", "logicalType: string"},
             {"day", "logicalType: date, primaryKey: true"},
             {"close", "logicalType: number"}},
            "records: '/results/*/history/*', columns: [{column: symbol, from: /results/*/symbol}, {column: day, from: "
            "date, parse: epoch_seconds}], skip_when_all_null: [close]");
    land(kQuotes);
    land(
        R"({"results":[{"history":[{"date":1750683600,"close":2}],"symbol":"A"},{"history":null},{"symbol":"B","history":[{"date":0,"close":3}]}]})");
    ASSERT_TRUE(load().has_value());
    ASSERT_EQ(rows_->rows(), 4u);
    EXPECT_EQ(row(0), "PETR4|2025-06-23|1.500000000000000000");
    EXPECT_EQ(row(1), "NULL|2025-06-23|9.000000000000000000");
    EXPECT_EQ(rows_->cell(1, "_pointer"), "/results/2/history/0");
    EXPECT_EQ(row(2), "A|2025-06-23|2.000000000000000000");
    EXPECT_EQ(row(3), "B|1969-12-31|3.000000000000000000");
    EXPECT_EQ(rows_->cell(3, "_feed"), "1");
    EXPECT_EQ(source_rows_->counts().skipped, 1u);
    EXPECT_EQ(source_rows_->counts().records, 5u);
}

TEST_F(LandingRowsTest, ReadsNestedMembersAndWholeTexts) {
    declare({{"a", "logicalType: integer"}, {"all", "logicalType: string"}, {"key", "logicalType: string"}},
            "records: '/*', columns: [{column: a, from: x/y}, {column: all, from: x}, {column: key, from: 'k~1k'}]");
    land(R"([{"x":{"y":1}},{"x":[ 1, {"y":2}]},{"x":{"z":1},"k/k":"v"},{"\u0078":{"y":5}}])");
    ASSERT_TRUE(load().has_value());
    ASSERT_EQ(rows_->rows(), 4u);
    EXPECT_EQ(row(0), "1|NULL|NULL");
    EXPECT_EQ(row(1), R"(NULL|[ 1, {"y":2}]|NULL)");
    EXPECT_EQ(row(2), "NULL|NULL|v");
    EXPECT_EQ(row(3), "5|NULL|NULL") << "a key may be written with escapes";
}

TEST_F(LandingRowsTest, ReadsLinesAndNamesTheirPlace) {
    declare({{"symbol", "logicalType: string, required: true"}, {"place", "logicalType: string"}},
            "columns: [{column: place, from: _at}]");
    land(
        "{\"symbol\":\"A\",\"_at\":\"line 2\"}\n\n{\"symbol\":\"B\"}\r\n{\"symbol\":\"C\"\n[1]\n{\"symbol\":\"D\"} "
        "x\n{\"symbol\":\"\xFF\"}\n{\"symbol\":\"E\"}",
        RecordFormat::kJsonLines);
    ASSERT_TRUE(load().has_value());
    ASSERT_EQ(rows_->rows(), 7u);
    EXPECT_EQ(row(0), "A|line 2");
    EXPECT_EQ(rows_->cell(0, "_pointer"), "line 2");
    EXPECT_EQ(row(1), "B|NULL");
    EXPECT_EQ(rows_->cell(1, "_pointer"), "/1");
    for (const std::size_t bad : {2u, 3u, 4u, 5u}) {
        EXPECT_EQ(rules(bad), "*:json ") << bad;
        EXPECT_EQ(row(bad), "NULL|NULL") << bad;
    }
    EXPECT_EQ(rows_->cell(2, "_record"), "{\"symbol\":\"C\"");
    EXPECT_EQ(rows_->cell(5, "_record"), "NULL") << "not UTF-8";
    EXPECT_EQ(row(6), "E|NULL");
}

TEST_F(LandingRowsTest, BrokenJsonIsARowAndNotSilence) {
    declare({{"a", "logicalType: integer"}}, "records: '/r/*'");
    const std::pair<std::string_view, std::size_t> texts[] = {
        {R"({"r":[{"a":1},{"a":2})", 3},
        {R"({"r":[{"a":1} {"a":2}]})", 2},
        {R"({"r":[{"a":1},{"a":tru}]})", 2},
        {R"({"r":[{"a":1},{"a":2,)", 2},
        {R"({"r":[{"a":"1]})", 1},
        {"", 1},
        {"\xFF", 1},
        {R"({"r":[{"a" 1}]})", 1},
        {"<html>not found</html>", 1},
    };
    for (const auto& [text, rows] : texts) {
        manifest_.objects.clear();
        land(text);
        ASSERT_TRUE(load().has_value()) << text;
        ASSERT_EQ(rows_->rows(), rows) << text;
        EXPECT_EQ(rules(rows - 1), "*:json ") << text;
        for (std::size_t i = 0; i + 1 < rows; ++i) EXPECT_EQ(rules(i), "") << text;
    }
    manifest_.objects.clear();
    land(R"({"r":[{"a":"\ud800"},7,null,{"a":8}]})");
    ASSERT_TRUE(load().has_value());
    ASSERT_EQ(rows_->rows(), 4u);
    EXPECT_EQ(rules(0), "a:json ");
    EXPECT_EQ(rules(1), "*:json ");
    EXPECT_EQ(rules(2), "*:json ");
    EXPECT_EQ(row(3), "8");
}

TEST_F(LandingRowsTest, AnAnswerWithoutThePathIsADrift) {
    declare({{"a", "logicalType: integer"}}, "records: '/r/*/list/*'");
    for (const auto* empty :
         {R"({"r":[]})", R"({"r":[{"list":[]}]})", R"({"r":null})", R"({"r":[{"list":null},{"list":[]}]})"}) {
        manifest_.objects.clear();
        land(empty);
        EXPECT_TRUE(load().has_value()) << empty;
    }
    for (const auto* drifted :
         {R"({"results":[]})", R"({"r":[{"lists":[]}]})", R"({"r":{"list":[]}})", R"([1])", R"({"r":[{"list":5}]})"}) {
        manifest_.objects.clear();
        land(drifted);
        const auto loaded = load();
        ASSERT_FALSE(loaded.has_value()) << drifted;
        EXPECT_EQ(loaded.error().code, ErrorCode::kDataRejected) << drifted;
    }
    land(R"({"r":[{"list":[{"a":1}]}]})");
    EXPECT_TRUE(load().has_value()) << "another answer of the stream has records";
    manifest_.objects.clear();
    declare({{"a", "logicalType: integer"}}, "records: '/r/*/list/*', optional: true");
    land(R"({"r":[{"lists":[]}]})");
    EXPECT_TRUE(load().has_value());
}

TEST_F(LandingRowsTest, DamageIsCorruption) {
    declare({{"a", "logicalType: integer"}}, "records: '/r/*'");
    land(R"({"r":[{"a":1}]})");
    ASSERT_TRUE(store_->put(manifest_.objects[0].key, R"({"r":[{"a":2}]})").has_value());
    EXPECT_EQ(load().error().code, ErrorCode::kCorruption);
    ASSERT_TRUE(store_->remove(manifest_.objects[0].key).has_value());
    EXPECT_EQ(load().error().code, ErrorCode::kCorruption);
}

TEST_F(LandingRowsTest, ReadsRecordedAnswersAgainstTheExamplesContracts) {
    struct Case {
        const char* contract;
        const char* source;
        std::size_t stream, table;
        const char* records;
        const char* file;
        std::size_t rows, bad;
    };
    const Case cases[] = {
        {"bronze.stocks", "brapi_stocks", 0, 0, "/*", "../shared/data/brapi/orig_stocks_fiis_quote_2024-05-17.json", 5,
         0},
        {"bronze.stocks", "brapi_stocks", 0, 0, "/*", "../shared/data/brapi/inoa-challenge/quote_1mo_2025-07-21.json",
         7, 0},
        {"bronze.prices", "brapi_history", 0, 0, "/*/historicalDataPrice/*",
         "../shared/data/brapi/inoa-challenge/quote_1mo_2025-07-21.json", 0, 0},
        {"bronze.crypto", "brapi_crypto", 0, 0, "/*", "../shared/data/brapi/orig_crypto_btc_2024-05-18.json", 1, 0},
    };
    if (!std::ifstream(cases[0].file)) GTEST_SKIP() << "the recordings are not here";
    for (const auto& c : cases) {
        const std::string contract = std::string("examples/b3/contracts/") + c.contract + ".odcs.yaml";
        const auto parsed = parse_contract(Document::parse(contract, read_file(contract)).value());
        ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
        contract_ = *parsed;
        const std::string path = std::string("examples/b3/sources/") + c.source + ".yaml";
        source_ = parse_source(c.source, Document::parse(path, read_file(path)).value()).value();
        // The recordings hold the list itself, without the envelope.
        TableMapping& mapping = source_.streams[c.stream].tables[c.table];
        mapping.records = c.records;
        for (auto& column : mapping.columns)
            if (column.from.starts_with("/results")) column.from.erase(0, 8);
        auto plan = make_plan(source_, source_.streams[c.stream], c.table, contract_, zone_);
        ASSERT_TRUE(plan.has_value()) << plan.error().message;
        plan_ = std::move(*plan);
        manifest_.objects.clear();
        land(read_file(c.file));
        ASSERT_TRUE(load().has_value()) << c.file;
        if (c.rows > 0) {
            EXPECT_EQ(rows_->rows(), c.rows) << c.file;
        }
        EXPECT_GT(rows_->rows(), 0u);
        std::size_t bad = 0;
        for (std::size_t i = 0; i < rows_->rows(); ++i) {
            bad += rules(i).empty() ? 0 : 1;
            EXPECT_EQ(rules(i), "") << c.file << " " << rows_->cell(i, "_verdict");
        }
        EXPECT_EQ(bad, c.bad) << c.file;
    }
}

// Bytes that nobody wrote: rows, broken rows or a refusal, never a crash, and never a row of a text that is no UTF-8.
TEST_F(LandingRowsTest, AnyBytesAreRowsOrARefusal) {
    declare({{"symbol", "logicalType: string"},
             {"day", "logicalType: date"},
             {"close", "logicalType: number"},
             {"a", "logicalType: string"}},
            "records: '/results/*/history/*', columns: [{column: symbol, from: /results/*/symbol}, {column: day, from: "
            "date, parse: epoch_seconds}, "
            "{column: a, from: /results/*/extra/a}]");
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    constexpr std::string_view kPieces[] = {
        "{",    "}",   "[", "]",  ",",    ":",    "\"",      "\\",
        "null", "tru", "-", "1e", "\xFF", "\xC3", "\\ud800", std::string_view("\0", 1)};
    for (int round = 0; round < 3'000; ++round) {
        std::string bytes(kQuotes);
        for (auto changes = 1 + random() % 4; changes > 0; --changes) {
            const std::size_t at = random() % (bytes.size() + 1);
            const std::size_t cut = std::min<std::size_t>(random() % 12, bytes.size() - at);
            bytes.replace(at, cut, random() % 2 == 0 ? "" : kPieces[random() % std::size(kPieces)]);
            if (random() % 16 == 0) bytes.resize(random() % (bytes.size() + 1));
        }
        manifest_.objects.clear();
        land(bytes, random() % 4 == 0 ? RecordFormat::kJsonLines : RecordFormat::kJson);
        const auto loaded = load();
        if (!loaded) {
            ASSERT_EQ(loaded.error().code, ErrorCode::kDataRejected) << "seed " << seed << ": " << bytes;
            continue;
        }
        for (std::size_t i = 0; i < rows_->rows(); ++i)
            for (std::size_t column = 0; column < source_rows_->schema().fields.size(); ++column)
                ASSERT_TRUE(is_utf8(rows_->cell(i, column))) << "seed " << seed << ": " << bytes;
    }
}

TEST_F(LandingRowsTest, RefusesMappingsThatCannotBe) {
    contract_.columns.clear();
    declare({{"a", "logicalType: integer"}}, "records: '/r/*'");
    const std::pair<const char*, const char*> bad[] = {{"columns", "[{column: b}]"},
                                                       {"columns", "[{column: a, from: /r/*}]"},
                                                       {"columns", "[{column: a, parse: date_dmy}]"},
                                                       {"skip_when_all_null", "[b]"}};
    for (const auto& [field, value] : bad) {
        const std::string text =
            std::string("kind: http\nstreams:\n- name: s\n  tables:\n  - {table: bronze.t, records: '/r/*', ") + field +
            ": " + value + "}\n";
        const Source source = parse_source("x", Document::parse("x.yaml", text).value()).value();
        const auto plan = make_plan(source, source.streams[0], 0, contract_, zone_);
        ASSERT_FALSE(plan.has_value()) << text;
        EXPECT_EQ(plan.error().code, ErrorCode::kInvalidConfig);
        EXPECT_TRUE(plan.error().message.starts_with("x.yaml:5: ")) << plan.error().message;
    }
}

}  // namespace
}  // namespace lagoa::ingest
