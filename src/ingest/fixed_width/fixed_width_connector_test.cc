// Goal: a fixed-width file is landed once, whole and exact, and one that is cut or of another form is refused
// as a whole while the others go on. Method: small files in a directory; B3's real file of ../shared/data
// with the layout of examples/b3, whole and cut.
#include "ingest/fixed_width/fixed_width_connector.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/ingest_workbench.h"

namespace lagoa::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kYaml = R"(
kind: fixed_width
directory: ${DIRECTORY:-}
streams:
  - name: quotes
    files: Q_*.TXT
    record_bytes: 10
    header: {prefix: "00"}
    trailer: {prefix: "99", record_count: [3, 6]}
    record_prefix: "01"
    fields: {symbol: [3, 6], price: [7, 10]}
    tables: [{table: bronze.quotes}]
)";

const std::string kGood = "00 header \r\n01AB  0123\r\n01\xC7\xC3O 0456\r\n990004    \r\n";

class FixedWidthTest : public ::testing::Test {
protected:
    FixedWidthTest() { bench.environment["DIRECTORY"] = bench.directory.path().string(); }

    void write(std::string_view name, std::string_view bytes) {
        std::ofstream(bench.directory.path() / name, std::ios::binary | std::ios::trunc) << bytes;
    }

    Result<IngestResult> ingest() { return bench.ingest(kYaml); }

    test::IngestWorkbench bench;
};

TEST_F(FixedWidthTest, LandsTheFileVerbatimAndItsRecordsBeside) {
    write("Q_1.TXT", kGood);
    write("other.txt", "not asked for");

    const auto result = ingest();

    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->records, 2u);
    const Manifest manifest = bench.manifests().at(0);
    ASSERT_EQ(manifest.objects.size(), 2u);
    EXPECT_EQ(bench.landed(manifest.objects[0]), kGood);
    EXPECT_TRUE(manifest.objects[0].key.ends_with("/quotes-Q_1.TXT.txt")) << manifest.objects[0].key;
    EXPECT_EQ(manifest.objects[1].records_of, manifest.objects[0].key);
    EXPECT_EQ(bench.landed(manifest.objects[1]),
              "{\"symbol\":\"AB\",\"price\":\"0123\",\"_item\":\"Q_1.TXT\",\"_at\":\"byte 12\"}\n"
              "{\"symbol\":\"ÇÃO\",\"price\":\"0456\",\"_item\":\"Q_1.TXT\",\"_at\":\"byte 24\"}\n");
}

TEST_F(FixedWidthTest, LandsAFileOnceAndAgainWhenItChanged) {
    write("Q_1.TXT", kGood);
    EXPECT_EQ(ingest().value().sequence, 1u);
    EXPECT_EQ(ingest().value().sequence, 0u);
    write("Q_2.TXT", kGood);
    EXPECT_EQ(ingest().value().sequence, 2u);
    write("Q_1.TXT", replace_all(kGood, "0123", "0124"));
    EXPECT_EQ(ingest().value().sequence, 3u);
    EXPECT_EQ(ingest().value().sequence, 0u);
    EXPECT_EQ(bench.manifests().back().objects.at(0).item, "Q_1.TXT");
}

TEST_F(FixedWidthTest, ARefusedFileLeavesTheOthersAndIsTriedAgain) {
    write("Q_1.TXT", kGood.substr(0, kGood.size() - 12));
    write("Q_2.TXT", kGood);
    const auto result = ingest();
    ASSERT_TRUE(result.has_value()) << result.error().message;
    ASSERT_EQ(result->failures.size(), 1u);
    EXPECT_EQ(result->failures[0].item, "Q_1.TXT");
    EXPECT_EQ(result->failures[0].code, info(ErrorCode::kDataRejected).name);

    EXPECT_EQ(ingest().error().code, ErrorCode::kDataRejected);  // nothing else is new
    write("Q_1.TXT", kGood);
    EXPECT_EQ(ingest().value().sequence, 2u);
}

TEST_F(FixedWidthTest, RefusesWhatIsCutOrOfAnotherForm) {
    const std::string lf = replace_all(kGood, "\r\n", "\n");
    write("Q_1.TXT", lf.substr(0, lf.size() - 1));  // LF, and no end of the last line
    EXPECT_TRUE(ingest().has_value());
    const std::string bad[] = {"",
                               kGood.substr(0, 30),
                               replace_all(kGood, "990004", "990005"),
                               replace_all(kGood, "990004", "99four"),
                               replace_all(kGood, "00 header", "01 header"),
                               replace_all(kGood, "01AB", "02AB"),
                               kGood + "\r\n",
                               "00 header \r\n"};
    for (const std::string& bytes : bad) {
        write("Q_1.TXT", bytes);
        EXPECT_EQ(ingest().error().code, ErrorCode::kDataRejected) << bytes;
    }
}

TEST_F(FixedWidthTest, NoDirectoryOrNoFileIsNotFoundWithAHint) {
    EXPECT_EQ(ingest().error().code, ErrorCode::kNotFound);
    bench.environment["DIRECTORY"] = "/nonexistent/lagoa";
    EXPECT_EQ(ingest().error().code, ErrorCode::kNotFound);
    bench.environment.clear();
    const auto result = ingest();
    EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
    EXPECT_NE(result.error().hint.find("DIRECTORY"), std::string::npos);
}

TEST_F(FixedWidthTest, AFileOverTheLimitIsRefused) {
    write("Q_1.TXT", std::string((std::size_t{1} << 20) + 1, '0'));
    EXPECT_EQ(bench.ingest(replace_all(kYaml, "streams:", "limits: {max_file_mb: 1}\nstreams:")).error().code,
              ErrorCode::kResourceExhausted);
}

TEST_F(FixedWidthTest, RealFileOfB3) {
    const fs::path file = "../shared/data/b3/COTAHIST_D25062021.TXT";
    if (!fs::exists(file)) GTEST_SKIP() << "no recorded file";
    std::ostringstream yaml, bytes;
    yaml << std::ifstream("examples/b3/sources/b3_cotahist.yaml").rdbuf();
    bytes << std::ifstream(file, std::ios::binary).rdbuf();
    const std::string whole = std::move(bytes).str();
    bench.environment["B3_COTAHIST_DIR"] = bench.directory.path().string();

    write("COTAHIST_D25062021.TXT", whole);
    const auto result = bench.ingest(yaml.str());
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->records, 7518u);
    const Manifest manifest = bench.manifests().at(0);
    EXPECT_EQ(bench.landed(manifest.objects.at(0)), whole);
    const std::string records = bench.landed(manifest.objects.at(1));
    std::size_t round_lots = 0, funds = 0;
    for (const auto line : split(trim(records), '\n')) {
        const json::Value record = json::parse(line).value();
        round_lots += record.string_at("bdi_code") == "02";
        funds += record.string_at("bdi_code") == "12";
    }
    EXPECT_EQ(round_lots, 745u);
    EXPECT_EQ(funds, 244u);

    write("COTAHIST_D25062021.TXT", std::string_view(whole).substr(0, whole.size() - 5 * 247));
    EXPECT_EQ(bench.ingest(yaml.str()).error().code, ErrorCode::kDataRejected);
}

}  // namespace
}  // namespace lagoa::ingest
