#include "sample/impl/asset_list.h"

#include <array>
#include <set>

#include <fmt/format.h>

#include "sample/impl/hash.h"

namespace lagoa::sample {
namespace {

constexpr Micros kReal = 1'000'000;

struct KnownStock {
    const char *ticker, *long_name, *trading_name, *share_class, *listing, *sector;
    int start_price;
};

constexpr std::array kStocks = std::to_array<KnownStock>({
    {"PETR4", "Petroleo Brasileiro S.A. Petrobras", "PETROBRAS", "PN", "N2", "Energy Minerals", 21},
    {"VALE3", "Vale S.A.", "VALE", "ON", "NM", "Non-Energy Minerals", 48},
    {"ITUB4", "Itau Unibanco Holding S.A.", "ITAUUNIBANCO", "PN", "N1", "Finance", 24},
    {"BBDC4", "Banco Bradesco S.A.", "BRADESCO", "PN", "N1", "Finance", 19},
    {"ABEV3", "Ambev S.A.", "AMBEV S/A", "ON", "", "Consumer Non-Durables", 14},
    {"BBAS3", "Banco do Brasil S.A.", "BRASIL", "ON", "NM", "Finance", 28},
    {"WEGE3", "WEG S.A.", "WEG", "ON", "NM", "Producer Manufacturing", 22},
    {"MGLU3", "Magazine Luiza S.A.", "MAGAZ LUIZA", "ON", "NM", "Retail Trade", 9},
    {"B3SA3", "B3 S.A. - Brasil Bolsa Balcao", "B3", "ON", "NM", "Finance", 12},
    {"RENT3", "Localiza Rent a Car S.A.", "LOCALIZA", "ON", "NM", "Transportation", 35},
});

struct KnownFund {
    const char *ticker, *segment;
    int start_price;
};

// Funds without a segment exist, and so do cheap ones: both as on the real ranking.
constexpr std::array kFunds = std::to_array<KnownFund>({
    {"HGLG11", "Logística", 140},
    {"KNRI11", "Híbrido", 130},
    {"MXRF11", "Títulos e Val. Mob.", 10},
    {"XPML11", "Shoppings", 105},
    {"VISC11", "Shoppings", 110},
    {"BTLG11", "Logística", 100},
    {"XPLG11", "Logística", 104},
    {"HGRU11", "Varejo", 120},
    {"VILG11", "Logística", 95},
    {"BRCO11", "Logística", 108},
    {"LVBI11", "Logística", 112},
    {"HGBS11", "Shoppings", 190},
    {"MALL11", "", 102},
    {"PVBI11", "Lajes Corporativas", 98},
    {"HGRE11", "Lajes Corporativas", 125},
    {"RBRP11", "Híbrido", 60},
    {"RCRB11", "Lajes Corporativas", 130},
    {"KNCR11", "Títulos e Val. Mob.", 101},
    {"KNIP11", "Títulos e Val. Mob.", 95},
    {"HGCR11", "Títulos e Val. Mob.", 103},
    {"IRDM11", "Títulos e Val. Mob.", 80},
    {"CPTS11", "Títulos e Val. Mob.", 9},
    {"RBRR11", "Títulos e Val. Mob.", 93},
    {"VRTA11", "Títulos e Val. Mob.", 86},
    {"TRXF11", "", 101},
    {"ALZR11", "Logística", 11},
    {"GGRC11", "Logística", 11},
    {"HSML11", "Shoppings", 84},
    {"RBRF11", "Fundo de Fundos", 8},
    {"BCFF11", "Fundo de Fundos", 65},
});

std::string isin_of(std::string_view ticker, std::string_view type, std::uint64_t hash) {
    return fmt::format("BR{}{}{:0{}}", ticker.substr(0, 4), type, hash % 10, 6 - type.size());  // 12 characters
}

unsigned volatility(std::string_view ticker, unsigned least, unsigned spread) {
    return least + static_cast<unsigned>(pick(hash_text(ticker), spread));
}

Asset known_stock(const KnownStock& known) {
    return {.ticker = known.ticker,
            .kind = AssetKind::kStock,
            .long_name = known.long_name,
            .trading_name = known.trading_name,
            .share_class = known.share_class,
            .listing = known.listing,
            .sector = known.sector,
            .isin = isin_of(known.ticker, std::string_view(known.share_class) == "PN" ? "ACNPR" : "ACNOR", 1),
            .start_price = known.start_price * kReal,
            .volatility_ppm = volatility(known.ticker, 14'000, 8'000)};
}

Asset fund(std::string ticker, std::string segment, int start_price) {
    const std::string prefix = ticker.substr(0, 4);
    return {.ticker = ticker,
            .kind = AssetKind::kFund,
            .long_name = prefix + " Fundo de Investimento Imobiliario",
            .trading_name = "FII " + prefix,
            .share_class = "CI",
            .sector = std::move(segment),
            .isin = isin_of(ticker, "CTF", 2),
            .start_price = start_price * kReal,
            .volatility_ppm = volatility(ticker, 5'000, 4'000)};
}

/// `AAAA` … `ZZZZ`: the prefix of a generated ticker.
std::string prefix_of(std::uint64_t number) {
    std::string prefix(4, 'A');
    for (std::size_t i = 4; i-- > 0; number /= 26) prefix[i] = static_cast<char>('A' + number % 26);
    return prefix;
}

Asset generated_stock(std::string prefix, std::uint64_t hash) {
    const bool preferred = pick(hash, 2) == 0;
    const std::string ticker = prefix + (preferred ? '4' : '3');
    return {.ticker = ticker,
            .kind = AssetKind::kStock,
            .long_name = "Companhia Simulada " + prefix + " S.A.",
            .trading_name = "SIMUL " + prefix,
            .share_class = preferred ? "PN" : "ON",
            .listing = pick(mix(hash), 2) == 0 ? "NM" : "",
            .sector = "Miscellaneous",
            .isin = isin_of(prefix, preferred ? "ACNPR" : "ACNOR", hash),
            .start_price = static_cast<Micros>(5 + pick(mix(hash + 1), 75)) * kReal,
            .volatility_ppm = volatility(ticker, 14'000, 12'000)};
}

Asset coin(const char* ticker, const char* name, int start_price) {
    return {.ticker = ticker,
            .kind = AssetKind::kCoin,
            .long_name = name,
            .trading_name = name,
            .start_price = start_price * kReal,
            .volatility_ppm = 28'000};
}

}  // namespace

std::vector<Asset> list_assets(const MarketOptions& options) {
    std::vector<Asset> assets;
    std::set<std::string> prefixes;
    for (const auto& known : kStocks) prefixes.insert(std::string(known.ticker).substr(0, 4));
    for (const auto& known : kFunds) prefixes.insert(std::string(known.ticker).substr(0, 4));
    // 456,976 prefixes, visited in an order that depends on nothing: a larger market holds the smaller one.
    std::uint64_t visited = 0;
    const auto next_prefix = [&] {
        while (true) {
            std::string prefix = prefix_of((visited++ * 175'919 + 7) % 456'976);
            if (prefixes.insert(prefix).second) return prefix;
        }
    };

    for (std::size_t i = 0; i < options.stocks; ++i) {
        if (i < kStocks.size()) {
            assets.push_back(known_stock(kStocks[i]));
        } else {
            const std::string prefix = next_prefix();
            assets.push_back(generated_stock(prefix, hash_text(prefix)));
        }
    }
    assets.push_back({.ticker = "ROXO34",
                      .kind = AssetKind::kReceipt,
                      .long_name = "Nu Holdings Ltd.",
                      .trading_name = "NU HOLDINGS",
                      .share_class = "DRN",
                      .sector = "Finance",
                      .isin = "BRROXOBDR001",
                      .start_price = 8 * kReal,
                      .volatility_ppm = 19'000});
    visited = 200'000;  // funds take prefixes from elsewhere, so that their number changes no stock's
    for (std::size_t i = 0; i < options.funds; ++i) {
        assets.push_back(i < kFunds.size() ? fund(kFunds[i].ticker, kFunds[i].segment, kFunds[i].start_price)
                                           : fund(next_prefix() + "11", "Logística", 100));
    }
    assets.push_back(coin("BTC", "Bitcoin", 200'000));
    assets.push_back(coin("ETH", "Ethereum", 11'000));
    return assets;
}

}  // namespace lagoa::sample
