#include "sample/cotahist.h"

#include <fstream>

#include <fmt/format.h>

#include "base/check.h"
#include "base/int128.h"
#include "sample/impl/decimal_text.h"

namespace lagoa::sample {
namespace {

constexpr std::size_t kRecordBytes = 245;

/// What differs between the records of one asset.
struct Lot {
    std::string_view bdi;     // 02 round lot, 12 fund, 96 odd lot, 62 term
    std::string_view market;  // 010 cash, 020 odd lot, 030 term
    std::string_view code_suffix;
    int term_days = 0;
    int share = 1;  // of the day's volume, one in so many
};

std::string finished(std::string record) {
    LAGOA_CHECK(record.size() <= kRecordBytes, "a COTAHIST record is too long");
    record.resize(kRecordBytes, ' ');
    return record + "\r\n";
}

/// (11)V99 digits of a price.
std::string price(Micros micros) {
    return fmt::format("{:013}", micros / 10'000);
}

std::string record(const Asset& asset, const Candle& candle, const Lot& lot) {
    const Micros average = (candle.open + candle.high + candle.low + candle.close) / 40'000 * 10'000;
    const std::int64_t quantity = std::max<std::int64_t>(1, candle.volume / lot.share);
    const auto value_cents = static_cast<std::int64_t>(Int128{average} * quantity / 10'000);
    const std::string specification = fmt::format("{:<8}{}", asset.share_class, asset.listing);
    return finished(
        fmt::format("01{}{}{:<12}{}{:<12}{:<10}{}{:<4}{}{}{}{}{}{}{}{:05}{:018}{:018}{}0{}{:07}{}{:<12}{}",
                    compact_date(candle.day), lot.bdi, asset.ticker + std::string(lot.code_suffix), lot.market,
                    asset.trading_name, specification, lot.term_days == 0 ? "   " : fmt::format("{:03}", lot.term_days),
                    "R$", price(candle.open), price(candle.high), price(candle.low), price(average),
                    price(candle.close), price(std::max<Micros>(candle.close - 10'000, 10'000)), price(candle.close),
                    std::min<std::int64_t>(99'999, 1 + quantity / 300), quantity, value_cents, std::string(13, '0'),
                    "99991231", 1, std::string(13, '0'), asset.isin, "101"));
}

}  // namespace

std::string cotahist_name(Day session) {
    const std::chrono::year_month_day date(session);
    return fmt::format("COTAHIST_D{:02}{:02}{:04}.TXT", static_cast<unsigned>(date.day()),
                       static_cast<unsigned>(date.month()), static_cast<int>(date.year()));
}

std::string cotahist_file(const Market& market, Day session) {
    const std::chrono::year_month_day date(session);
    const std::string name = fmt::format("COTAHIST.{:04}BOVESPA ", static_cast<int>(date.year()));
    std::string file = finished("00" + name + compact_date(session));
    std::size_t records = 1;
    const auto add = [&](const Asset& asset, const Candle& candle, const Lot& lot) {
        file += record(asset, candle, lot);
        ++records;
    };
    for (const Asset& asset : market.assets()) {
        if (asset.kind == AssetKind::kCoin) continue;
        const History history = market.history(asset, session);
        const Candle& candle = history.candles.back();
        if (candle.day != session) continue;
        add(asset, candle, {.bdi = asset.kind == AssetKind::kFund ? "12" : "02", .market = "010"});
        if (asset.kind != AssetKind::kStock) continue;
        add(asset, candle, {.bdi = "96", .market = "020", .code_suffix = "F", .share = 90});
        if (market.draw(asset.ticker, session, "term", 3) != 0) continue;
        for (const int days : {30, 60, 90}) {
            add(asset, candle, {.bdi = "62", .market = "030", .code_suffix = "T", .term_days = days, .share = 400});
        }
    }
    return file + finished(fmt::format("99{}{}{:011}", name, compact_date(session), records + 1));
}

Result<> write_cotahist(const Market& market, Day session, const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const auto path = folder / cotahist_name(session);
    const auto unfinished = folder / (cotahist_name(session) + ".part");
    std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
    out << cotahist_file(market, session);
    out.close();
    if (!out) return fail(ErrorCode::kUnavailable, "writing {}: the folder cannot be written", path.string());
    std::filesystem::rename(unfinished, path, error);
    if (error) return fail(ErrorCode::kUnavailable, "writing {}: {}", path.string(), error.message());
    return {};
}

}  // namespace lagoa::sample
