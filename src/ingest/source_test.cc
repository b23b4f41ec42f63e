// Goal: a source's declaration becomes streams and mappings; a wrong one is refused with file, line and fix.
// Method: texts in, values or errors out; the example project's sources all parse.
#include "ingest/source.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"

namespace lagoa::ingest {
namespace {

constexpr std::string_view kText = R"yaml(kind: http
base_url: https://example.org
retired_streams: [quote]
streams:
  - name: history
    path: /api/quote/{items}
    items: [PETR4]
    tables:
      - table: bronze.prices
        records: /results/*/historicalDataPrice/*
        skip_when_all_null: [open, close]
        optional: true
        columns: &shared
          - {column: symbol, from: /results/*/symbol, trim: true}
          - {column: trade_date, from: date, parse: epoch_seconds}
          - {columns: [open, close], parse: pt_br}
          - {column: market, constant: B3}
          - {column: seen, from: _fetched}
  - name: other
    tables:
      - {table: bronze.more, records: /results/*/historicalDataPrice/*, columns: *shared}
)yaml";

Result<Source> parse(std::string_view text) {
    return parse_source("brapi", Document::parse("sources/brapi.yaml", text).value());
}

TEST(Source, IsReadWhole) {
    const Source source = parse(kText).value();
    EXPECT_EQ(source.kind, "http");
    ASSERT_EQ(source.streams.size(), 2u);
    EXPECT_EQ(source.find("history")->declaration.string_at("path"), "/api/quote/{items}");
    EXPECT_EQ(source.find("nothing"), nullptr);
    EXPECT_TRUE(source.is_retired("quote"));
    EXPECT_FALSE(source.is_retired("history"));
    const TableMapping& prices = source.streams[0].tables.at(0);
    EXPECT_TRUE(prices.optional);
    EXPECT_EQ(prices.skip_when_all_null, (std::vector<std::string>{"open", "close"}));
    ASSERT_EQ(prices.columns.size(), 6u);
    EXPECT_EQ(prices.columns[0].from, "/results/*/symbol");
    EXPECT_TRUE(prices.columns[0].trim);
    EXPECT_EQ(prices.columns[1].parse, Parse::kEpochSeconds);
    EXPECT_EQ(prices.columns[3].column, "close");
    EXPECT_EQ(prices.columns[3].parse, Parse::kPtBr);
    EXPECT_EQ(prices.columns[4].constant, "B3");
    EXPECT_EQ(source.streams[1].tables.at(0).columns.size(), 6u);
}

TEST(Source, RefusesWhatItDoesNotUnderstand) {
    const std::pair<std::string_view, std::string_view> changes[] = {
        {"kind: http", "kind:"},
        {"name: other", "name: history"},
        {"name: other", "name: Other Stream"},
        {"table: bronze.prices", "table: silver.prices"},
        {"table: bronze.prices", "tabel: bronze.prices"},
        {"records: /results/*/historicalDataPrice/*\n", "records: results\n"},
        {"parse: epoch_seconds", "parse: epoch"},
        {"from: /results/*/symbol", "from: /answers/*/symbol"},
        {"from: _fetched", "from: _fetch"},
        {"columns: [open, close]", "columns: [open, close], from: x"},
        {"columns: [open, close]", "columns: [open, symbol]"},
        {"constant: B3", "constant: B3, from: x"},
        {"trim: true", "trim: yes"},
        {"optional: true", "optional: [1]"},
        {"retired_streams: [quote]", "retired_streams: quote"},
        {"retired_streams: [quote]", "retired_streams: [other]"},
    };
    for (const auto& [from, to] : changes) {
        ASSERT_NE(kText.find(from), std::string_view::npos) << from;
        const auto source = parse(replace_all(kText, from, to));
        ASSERT_FALSE(source.has_value()) << to;
        EXPECT_EQ(source.error().code, ErrorCode::kInvalidConfig) << to;
    }
    const Error error = parse(replace_all(kText, "parse: epoch_seconds", "parse: epoch")).error();
    EXPECT_TRUE(error.message.starts_with("sources/brapi.yaml:15: /streams/0/tables/0/columns/1/parse: "))
        << error.message;
    EXPECT_NE(error.hint.find("epoch_seconds"), std::string::npos);
}

TEST(Source, ExamplesParse) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("examples/b3/sources")) {
        std::ostringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        const auto source =
            parse_source(entry.path().stem().string(), Document::parse(entry.path().string(), text.str()).value());
        ASSERT_TRUE(source.has_value()) << source.error().message;
        ++count;
    }
    EXPECT_GE(count, 7u);
}

}  // namespace
}  // namespace lagoa::ingest
