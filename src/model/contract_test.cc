// Goal: an ODCS contract becomes typed columns, key and rules; what is misspelt or would not be enforced is
// refused with file, line and the fix. Method: texts in, values or errors out.
#include "model/contract.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace lagoa {
namespace {

constexpr std::string_view kText = R"yaml(apiVersion: v3.1.0
kind: DataContract
id: bronze.stocks
version: 1.2.0
status: active
description: {purpose: Quotes.}
schema:
  - name: stocks
    physicalName: stocks
    properties:
      - {name: symbol, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 2, logicalTypeOptions: {pattern: "[A-Z0-9]+", maxLength: 12}}
      - {name: at, logicalType: timestamp, primaryKey: true, primaryKeyPosition: 1, description: When.}
      - {name: price, logicalType: number, physicalType: "DECIMAL(18,6)", logicalTypeOptions: {minimum: 0, maximum: 1000000.5}}
      - name: currency
        logicalType: string
        quality:
          - {metric: invalidValues, arguments: {validValues: [BRL, USD]}, mustBe: 0}
          - {type: library, metric: nullValues, mustBe: 0}
          - {type: sql, query: "SELECT count(*) FROM ${object} WHERE ${property} = 'USD'", mustBe: 0, severity: warning}
      - {name: volume, logicalType: integer}
      - {name: free, logicalType: number}
    quality:
      - {name: priced, type: sql, query: "SELECT count(*) FROM {object} WHERE price IS NULL", mustBe: 0}
      - {type: text, description: Prices are delayed by 15 minutes.}
)yaml";

Result<Contract> parse(std::string_view text, const std::string& file = "contracts/bronze.stocks.odcs.yaml") {
    return parse_contract(Document::parse(file, text).value());
}

TEST(Contract, IsReadWhole) {
    const Contract contract = parse(kText).value();
    EXPECT_EQ(contract.table.text(), "bronze.stocks");
    EXPECT_EQ(contract.version, "1.2.0");
    EXPECT_EQ(contract.description, "Quotes.");
    EXPECT_EQ(contract.key(), (std::vector<std::string>{"at", "symbol"}));
    ASSERT_EQ(contract.columns.size(), 6u);
    const auto& symbol = *contract.find("SYMBOL");
    EXPECT_TRUE(symbol.required);
    EXPECT_EQ(symbol.pattern, "[A-Z0-9]+");
    EXPECT_EQ(symbol.max_length, 12);
    EXPECT_EQ(to_sql(contract.find("at")->type), "TIMESTAMP WITH TIME ZONE");
    EXPECT_EQ(to_sql(contract.find("price")->type), "DECIMAL(18,6)");
    EXPECT_EQ(contract.find("price")->maximum->text, "1000000.5");
    EXPECT_EQ(to_sql(contract.find("volume")->type), "BIGINT");
    EXPECT_EQ(to_sql(contract.find("free")->type), "DECIMAL(38,18)");
    EXPECT_EQ(contract.find("nothing"), nullptr);
    const auto& currency = *contract.find("currency");
    EXPECT_TRUE(currency.required);
    EXPECT_EQ(currency.one_of, (std::vector<std::string>{"BRL", "USD"}));
    ASSERT_EQ(contract.rules.size(), 2u);
    EXPECT_EQ(contract.rules[0].query, "SELECT count(*) FROM {object} WHERE \"currency\" = 'USD'");
    EXPECT_EQ(contract.rules[0].severity, "warning");
    EXPECT_EQ(contract.rules[1].name, "priced");
    EXPECT_EQ(contract.rules[1].severity, "error");
    EXPECT_EQ(contract.schema().find("at")->metadata.find("comment")->string()[0], "When.");
    EXPECT_FALSE(contract.schema().find("symbol")->nullable);
}

TEST(Contract, RefusesAMisspeltFieldWithLineAndFix) {
    const auto contract = parse(replace_all(kText, "required: true", "requried: true"));
    ASSERT_FALSE(contract.has_value());
    EXPECT_EQ(contract.error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(contract.error().message,
              "contracts/bronze.stocks.odcs.yaml:11: /schema/0/properties/0/requried: no such field");
    EXPECT_EQ(contract.error().hint, "Write required.");
}

TEST(Contract, RefusesWhatItWouldNotEnforceOrUnderstand) {
    const std::pair<std::string_view, std::string_view> changes[] = {
        {"apiVersion: v3.1.0", "apiVersion: v2.2.2"},
        {"kind: DataContract", "kind: Contract"},
        {"id: bronze.stocks", "id: bronze.quotes"},
        {"id: bronze.stocks", "id: stocks"},
        {"version: 1.2.0", "tags: []"},
        {"- name: stocks", "- name: quotes"},
        {"name: symbol", "name: _run"},
        {"name: volume", "name: Price"},
        {"primaryKeyPosition: 2", "primaryKeyPosition: 3"},
        {"primaryKeyPosition: 2", "primaryKeyPosition: 1"},
        {"DECIMAL(18,6)", "MONEY"},
        {"logicalType: timestamp", "logicalType: object"},
        {"minimum: 0", "exclusiveMinimum: 0"},
        {"minimum: 0", "minimum: none"},
        {"minimum: 0", "pattern: x"},
        {"metric: invalidValues", "metric: duplicateValues"},
        {"validValues: [BRL, USD]", "validValues: []"},
        {"mustBe: 0, severity", "mustBeLessThan: 9, severity"},
        {"severity: warning", "severity: loud"},
        {"FROM {object} WHERE price", "FROM other WHERE price"},
        {"type: text", "type: txet"},
        {"required: true", "required: yes"},
    };
    for (const auto& [from, to] : changes) {
        ASSERT_NE(kText.find(from), std::string_view::npos) << from;
        const auto contract = parse(replace_all(kText, from, to));
        ASSERT_FALSE(contract.has_value()) << to;
        EXPECT_EQ(contract.error().code, ErrorCode::kInvalidConfig) << to;
    }
    EXPECT_EQ(parse(kText, "contracts/bronze.crypto.odcs.yaml").error().code, ErrorCode::kInvalidConfig);
}

}  // namespace
}  // namespace lagoa
