// Goal: declared selectors take exactly what a page says, and a page that changed or is another one is named,
// never an empty success. Method: the real pages of ../shared/data where they are, with the selectors of
// examples/b3; small pages for each way to change.
#include "ingest/html/extraction.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "ingest/impl/charset.h"
#include "ingest/source.h"

namespace lagoa::ingest {
namespace {

const std::filesystem::path kPages = "../shared/data/fii";

std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return std::move(text).str();
}

Result<Extraction> extract(std::string_view stream_yaml, std::string_view html, std::string_view item = "X") {
    const Document document = LAGOA_TRY(Document::parse("sources/x.yaml", stream_yaml));
    const Extractor extractor = LAGOA_TRY(Extractor::read(Declaration(document, "", document.root())));
    Page page = LAGOA_TRY(Page::parse(html));
    return extractor.extract(page, item);
}

/// A stream of examples/b3 on bytes as the site sends them.
Result<Extraction> extract_example(const char* source, std::string_view stream, std::string_view bytes,
                                   std::string_view item = "HGLG11") {
    const std::string file = fmt::format("examples/b3/sources/{}.yaml", source);
    const Document document = LAGOA_TRY(Document::parse(file, read(file)));
    const Source parsed = LAGOA_TRY(parse_source(source, document));
    const Extractor extractor = LAGOA_TRY(Extractor::read(stream_of(parsed, *parsed.find(stream), document.root())));
    const std::string html = LAGOA_TRY(decode_text(bytes, charset_of(nullptr, bytes, "")));
    Page page = LAGOA_TRY(Page::parse(html));
    return extractor.extract(page, item);
}

std::vector<json::Value> lines(const Extraction& extraction) {
    std::vector<json::Value> out;
    for (const auto line : split(trim(extraction.records), '\n')) out.push_back(json::parse(line).value());
    return out;
}

TEST(ExtractionOfRealPages, DetailPageOfAFund) {
    if (!std::filesystem::exists(kPages)) GTEST_SKIP() << "no recorded pages";
    const auto extraction = extract_example("fii_pages", "detail", read(kPages / "fundamentus/hglg11_details.html"));
    ASSERT_TRUE(extraction.has_value()) << extraction.error().message;
    EXPECT_EQ(extraction->count, 1u);
    EXPECT_TRUE(extraction->hit_nothing.empty()) << extraction->hit_nothing.front();
    const json::Value record = lines(*extraction).at(0);
    EXPECT_EQ(record.string_at("ticker"), "HGLG11");
    EXPECT_EQ(record.string_at("_item"), "HGLG11");
    EXPECT_EQ(record.string_at("manager_style"), "Ativa");
    EXPECT_TRUE(record.string_at("price").has_value());
    EXPECT_NE(record.string_at("revenue_12m"), record.string_at("revenue_3m"));
}

TEST(ExtractionOfRealPages, DividendsPageOfAFund) {
    if (!std::filesystem::exists(kPages)) GTEST_SKIP() << "no recorded pages";
    const auto extraction =
        extract_example("fii_pages", "dividends", read(kPages / "fundamentus/hglg11_dividends.html"));
    ASSERT_TRUE(extraction.has_value()) << extraction.error().message;
    EXPECT_GT(extraction->count, 50u);
    const json::Value first = lines(*extraction).at(0);
    EXPECT_EQ(first.string_at("last_date_prior"), "30/06/2026");
    EXPECT_EQ(first.string_at("label"), "Rendimento");
    EXPECT_EQ(first.string_at("_at"), "(//table[@id='resultado']//tr[td])[1]");
    for (const json::Value& record : lines(*extraction))
        EXPECT_TRUE(record.string_at("rate").has_value()) << json::dump(record);
}

TEST(ExtractionOfRealPages, APageThatSaysNotFoundWithStatus200IsAFailedScrape) {
    if (!std::filesystem::exists(kPages)) GTEST_SKIP() << "no recorded pages";
    const std::string page = read(kPages / "statusinvest_soft404_page.html");
    for (const auto* stream : {"detail", "dividends"}) {
        const auto extraction = extract_example("fii_pages", stream, page);
        ASSERT_FALSE(extraction.has_value()) << stream;
        EXPECT_EQ(extraction.error().code, ErrorCode::kDataRejected);
    }
    EXPECT_EQ(extract_example("fii_ranking", "ranking", page).error().code, ErrorCode::kDataRejected);
}

constexpr std::string_view kRows = R"(
rows: //table[@id='t']/tbody/tr
fields: {ticker: 'td[1]', price: 'td[2]', note: 'td[3]'}
required: [ticker, price]
)";

TEST(Extraction, RowsBecomeRecordsWithTheirPlace) {
    const auto extraction = extract(kRows,
                                    "<table id=t><tbody><tr><td> A\n  B </td><td>1,5&nbsp;</td></tr>"
                                    "<tr><td><a>C</a></td><td></td><td>\"x\"</td></tr></tbody></table>");
    ASSERT_TRUE(extraction.has_value()) << extraction.error().message;
    const auto records = lines(*extraction);
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].string_at("ticker"), "A B");
    EXPECT_EQ(records[0].string_at("price"), "1,5");
    EXPECT_TRUE(records[0].find("note")->is_null());
    EXPECT_TRUE(records[1].find("price")->is_null());
    EXPECT_EQ(records[1].string_at("note"), "\"x\"");
    EXPECT_EQ(records[1].string_at("_at"), "(//table[@id='t']/tbody/tr)[2]");
}

TEST(Extraction, AChangedPageNamesWhatHitNothing) {
    const auto no_table = extract(kRows, "<table id=u><tbody><tr><td>A</td></tr></tbody></table>");
    EXPECT_EQ(no_table.error().code, ErrorCode::kDataRejected);
    EXPECT_NE(no_table.error().message.find("//table[@id='t']"), std::string::npos);

    const auto no_price = extract(kRows, "<table id=t><tbody><tr><td>A</td></tr></tbody></table>");
    EXPECT_EQ(no_price.error().code, ErrorCode::kDataRejected);
    EXPECT_NE(no_price.error().message.find("price (td[2]): 0 hits"), std::string::npos) << no_price.error().message;

    const auto empty_price = extract(kRows, "<table id=t><tbody><tr><td>A<td> &nbsp; </tr></tbody></table>");
    EXPECT_NE(empty_price.error().message.find("price (td[2]): 1 hits, 0 with text"), std::string::npos)
        << empty_price.error().message;

    const auto optional = extract(kRows, "<table id=t><tbody><tr><td>A<td>1</tr></tbody></table>");
    ASSERT_TRUE(optional.has_value());
    EXPECT_EQ(optional->hit_nothing, std::vector<std::string>{"note (td[3])"});
}

TEST(Extraction, MinRowsMayAllowAnEmptyTable) {
    const std::string yaml = std::string(kRows) + "min_rows: 0\n";
    const auto extraction = extract(yaml, "<table id=t><tbody></tbody></table>");
    ASSERT_TRUE(extraction.has_value()) << extraction.error().message;
    EXPECT_EQ(extraction->count, 0u);
}

constexpr std::string_view kPairs = R"(
pairs: {label: "//td[@class='label']", label_text: span, value: "following-sibling::td[1]"}
fields: {price: {label: Price}, revenue: {label: Revenue}, before: {label: Revenue, nth: 2}}
required: [price]
)";

TEST(Extraction, PairsCountRepeatedLabels) {
    const auto extraction =
        extract(kPairs,
                "<table><tr><td class=label><span>Price</span><td>7<td class=label><span>Revenue</span><td>1"
                "<tr><td class=label><span>Revenue</span><td>2</table>");
    ASSERT_TRUE(extraction.has_value()) << extraction.error().message;
    const json::Value record = lines(*extraction).at(0);
    EXPECT_EQ(record.string_at("price"), "7");
    EXPECT_EQ(record.string_at("revenue"), "1");
    EXPECT_EQ(record.string_at("before"), "2");
}

TEST(Extraction, PairsNameTheLabelThatIsGone) {
    const auto renamed = extract(kPairs, "<table><tr><td class=label><span>Quote</span><td>7</table>");
    EXPECT_EQ(renamed.error().code, ErrorCode::kDataRejected);
    EXPECT_NE(renamed.error().message.find("price (label \"Price\"): 0 hits"), std::string::npos)
        << renamed.error().message;
    EXPECT_EQ(extract(kPairs, "<p>Sorry").error().code, ErrorCode::kDataRejected);
    EXPECT_EQ(extract(kPairs, "").error().code, ErrorCode::kDataRejected);
}

TEST(Extraction, DeclarationsThatCannotWorkAreRefused) {
    for (const auto* yaml :
         {"fields: {a: td}", "rows: //tr", "rows: //tr\nfields: {a: 'td['}", "rows: '//tr['\nfields: {a: td}",
          "rows: //tr\nfields: {_a: td}", "rows: //tr\nfields: {a: td}\nrequired: [b]",
          "rows: //tr\nfields: {a: td}\nmin_rows: -1", "rows: //tr\npairs: {label: //td, value: b}\nfields: {a: td}",
          "pairs: {label: //td}\nfields: {a: {label: A}}",
          "pairs: {label: //td, value: b}\nfields: {a: {label: A, nth: 0}}",
          "pairs: {label: //td, value: b}\nfields: {a: {lable: A}}"})
        EXPECT_EQ(extract(yaml, "<p>").error().code, ErrorCode::kInvalidConfig) << yaml;
}

// A hostile page or expression is bounded: deep nesting is cut, and an evaluation that would never end stops.
TEST(Extraction, IsBounded) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "<div>";
    EXPECT_FALSE(extract(kRows, deep).has_value());

    std::string wide = "<table id=t><tbody>";
    for (int i = 0; i < 3'000; ++i) wide += "<tr><td>a<td>b</tr>";
    const std::string quadratic =
        replace_all(kRows, "//table[@id='t']/tbody/tr", "//td[count(//td[count(//td) > 0]) > 0]");
    EXPECT_EQ(extract(quadratic, wide).error().code, ErrorCode::kResourceExhausted);
}

TEST(Charset, HeaderThenMetaThenDeclarationThenUtf8) {
    const std::string header = "text/html; charset=ISO-8859-1";
    const std::string plain = "text/html";
    EXPECT_EQ(charset_of(&header, "<meta charset=utf-8>", "utf-16"), "iso-8859-1");
    EXPECT_EQ(
        charset_of(&plain, "<meta name=a><META http-equiv='Content-Type' content=\"text/html; charset='x-a'\">", ""),
        "x-a");
    EXPECT_EQ(charset_of(&plain, "<meta charset=\"UTF-8\" />", "x"), "utf-8");
    EXPECT_EQ(charset_of(nullptr, "<p>", "x"), "x");
    EXPECT_EQ(charset_of(nullptr, "<p>", ""), "utf-8");
}

}  // namespace
}  // namespace lagoa::ingest
