// Goal: YAML project files become typed values, and complaints name file, line and field.
#include "codec/document.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

constexpr auto kText = R"(# a source
name: brapi_stocks
rate: 0.10
quoted: "10"
tickers: [PETR4, VALE3]
nested:
  deep: {on: true, off: ~}
)";

TEST(Document, TypesPlainScalarsOnly) {
    const auto document = Document::parse("sources/a.yaml", kText).value();
    EXPECT_EQ(
        json::dump(document.root()),
        R"({"name":"brapi_stocks","rate":0.10,"quoted":"10","tickers":["PETR4","VALE3"],"nested":{"deep":{"on":true,"off":null}}})");
}

TEST(Document, NamesFileLineAndField) {
    const auto document = Document::parse("sources/a.yaml", kText).value();
    EXPECT_EQ(document.line_of("/nested/deep/on"), 7);
    EXPECT_EQ(document.line_of("/nested/missing"), 6);
    const Error error = document.fail_at("/tickers/1", "no such ticker", "Write PETR4.").error();
    EXPECT_EQ(error.code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(error.message, "sources/a.yaml:5: /tickers/1: no such ticker");
}

TEST(Document, ReadsTextsAndTakesNullForAbsent) {
    const auto document = Document::parse("a.yaml", kText).value();
    EXPECT_EQ(document.text_at("/rate").value(), "0.10");
    EXPECT_EQ(document.text_at("/missing").value(), "");
    EXPECT_EQ(document.at("/nested/deep/off"), nullptr);
    EXPECT_EQ(document.text_at("/tickers").error().code, ErrorCode::kInvalidConfig);
}

TEST(Document, RefusesBadYaml) {
    for (const auto* bad : {"a: [1", "a: 1\na: 2", "a: \xC1", "\tb: 1"})
        EXPECT_EQ(Document::parse("x.yaml", bad).error().code, ErrorCode::kInvalidConfig) << bad;
}

}  // namespace
}  // namespace lagoa
