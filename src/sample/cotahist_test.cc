// Goal: the file obeys the official layout and its counts, and agrees with the market.
// Method: read it back by position; the key must be unique.
#include "sample/cotahist.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace lagoa::sample {
namespace {

constexpr Day kSession{std::chrono::year{2026} / 11 / 24};

TEST(Cotahist, HasTheLayoutAndTheCounts) {
    const Market market({.stocks = 50});
    const std::string file = cotahist_file(market, kSession);
    ASSERT_EQ(file.size() % 247, 0u);
    const std::size_t records = file.size() / 247;
    std::set<std::string> keys;
    std::size_t round_lots = 0, funds = 0, terms = 0;
    for (std::size_t i = 0; i < records; ++i) {
        const std::string record = file.substr(i * 247, 247);
        ASSERT_EQ(record.substr(245), "\r\n") << i;
        const auto field = [&](std::size_t first, std::size_t last) {
            return record.substr(first - 1, last - first + 1);
        };
        if (i == 0) {
            EXPECT_EQ(field(1, 31), "00COTAHIST.2026BOVESPA 20261124");
        } else if (i + 1 == records) {
            EXPECT_EQ(field(1, 31), "99COTAHIST.2026BOVESPA 20261124");
            EXPECT_EQ(std::stoul(field(32, 42)), records);
        } else {
            EXPECT_EQ(field(1, 10), "0120261124");
            EXPECT_TRUE(keys.insert(field(3, 10) + field(13, 27) + field(50, 52)).second) << record;
            for (std::size_t at = 57; at < 148; at += 13) {
                EXPECT_EQ(field(at, at + 12).find_first_not_of("0123456789"), std::string::npos) << record;
            }
            EXPECT_LE(std::stoll(field(83, 95)), std::stoll(field(109, 121)));
            EXPECT_GT(std::stoll(field(153, 170)), 0);
            EXPECT_EQ(field(211, 217), "0000001");
            EXPECT_EQ(field(231, 232), "BR");
            round_lots += field(11, 12) == "02";
            funds += field(11, 12) == "12";
            terms += field(25, 27) == "030";
        }
    }
    EXPECT_EQ(round_lots, 51u);
    EXPECT_EQ(funds, 30u);
    EXPECT_GT(terms, 0u);
    EXPECT_EQ(terms % 3, 0u);
}

TEST(Cotahist, PricesAreTheDaysUnadjustedOnes) {
    const Market market({});
    const std::string file = cotahist_file(market, kSession);
    const Candle candle = market.history(*market.find("PETR4"), kSession).candles.back();
    const std::size_t at = file.find("02PETR4 ") - 10;
    EXPECT_EQ(std::stoll(file.substr(at + 108, 13)) * 10'000, candle.close);
    EXPECT_EQ(file, cotahist_file(Market({}), kSession));
}

TEST(Cotahist, IsWrittenUnderItsOfficialName) {
    const auto folder = std::filesystem::path(testing::TempDir()) / "cotahist_test";
    const Market market({.stocks = 2, .funds = 1});
    ASSERT_TRUE(write_cotahist(market, kSession, folder).has_value());
    ASSERT_TRUE(write_cotahist(market, kSession, folder).has_value()) << "again";
    std::ifstream in(folder / "COTAHIST_D24112026.TXT", std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), cotahist_file(market, kSession));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
    std::filesystem::remove_all(folder);
    const auto impossible = write_cotahist(market, kSession, "/proc/nowhere");
    ASSERT_FALSE(impossible.has_value());
    EXPECT_EQ(impossible.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace lagoa::sample
