#include "sample/impl/api_routes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <expected>
#include <set>

#include <fmt/ranges.h>

#include "base/text.h"
#include "sample/impl/decimal_text.h"
#include "sample/impl/hash.h"
#include "sample/impl/json_answer.h"
#include "sample/impl/market_time.h"
#include "sample/impl/quote_body.h"

namespace lagoa::sample {
namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 13> kRanges = {"1d", "2d", "5d", "7d",  "1mo", "3mo", "6mo",
                                                      "1y", "2y", "5y", "10y", "ytd", "max"};
constexpr std::array<std::string_view, 3> kServedIntervals = {"1d", "1wk", "1mo"};

/// A value, or the answer that says why there is none.
template <class T>
using Wanted = std::expected<T, net::ServerResponse>;

std::unexpected<net::ServerResponse> refuse(int status, std::string_view code, std::string_view message) {
    return std::unexpected(error_answer(status, code, message));
}

std::string parameter_or(const net::ServerRequest& request, std::string_view name, std::string_view otherwise) {
    const std::string* value = request.parameter(name);
    return value == nullptr || value->empty() ? std::string(otherwise) : *value;
}

Wanted<bool> flag(const net::ServerRequest& request, std::string_view name) {
    const std::string value = parameter_or(request, name, "false");
    if (value == "true" || value == "false") return value == "true";
    return refuse(400, "INVALID_PARAMETER", fmt::format("O campo '{}' aceita true ou false", name));
}

Wanted<std::string> one_of(const net::ServerRequest& request, std::string_view name, std::string_view otherwise,
                           std::initializer_list<std::string_view> values) {
    std::string value = parameter_or(request, name, otherwise);
    if (std::ranges::find(values, value) != values.end()) return value;
    return refuse(417, "", fmt::format("o valor de '{}' não existe; use um destes: {}", name, fmt::join(values, ",")));
}

Wanted<QuoteParameters> quote_parameters(const net::ServerRequest& request, const ApiContext& context) {
    QuoteParameters parameters;
    const bool asked = request.parameter("range") != nullptr || request.parameter("interval") != nullptr;
    const std::string range = parameter_or(request, "range", asked ? "1d" : "");
    parameters.interval = parameter_or(request, "interval", "1d");
    if (std::ranges::find(kServedIntervals, parameters.interval) == kServedIntervals.end()) {
        return refuse(400, "INVALID_INTERVAL",
                      fmt::format("Campo 'interval' inválido; aqui existem {}", fmt::join(kServedIntervals, ", ")));
    }
    const Day today = market_day(context.options.now);
    if (!range.empty()) {
        const auto first = first_day_of(range, today, context.options.first_day);
        const std::string_view longest = limits_of(context.options.plan).longest_range;
        if (!first || *first < first_day_of(longest, today, context.options.first_day)) {
            return refuse(400, "INVALID_RANGE",
                          fmt::format("Campo 'range' inválido ou além do plano, que vai até {}; existem {}", longest,
                                      fmt::join(kRanges, ", ")));
        }
        parameters.range = range;
        parameters.first_day = *first;
    }
    const auto fundamental = flag(request, "fundamental");
    if (!fundamental) return std::unexpected(fundamental.error());
    const auto dividends = flag(request, "dividends");
    if (!dividends) return std::unexpected(dividends.error());
    parameters.fundamental = *fundamental;
    parameters.dividends = *dividends;
    return parameters;
}

/// The envelope that all quotes come in. `took` is text in older answers and a number in newer ones.
net::ServerResponse enveloped(json::Array results, const net::ServerRequest& request, const ApiContext& context) {
    const auto took = static_cast<std::int64_t>(pick(hash_text(request.path), 900));
    const bool as_text = request.parameter("range") == nullptr;
    json::Object body =
        json::make_object({{"results", std::move(results)},
                           {"requestedAt", millisecond_text(context.clock.now())},
                           {"took", as_text ? json::Value(std::to_string(took) + "ms") : json::Value(took)}});
    return context.recordings != nullptr ? recorded_answer(std::move(body)) : simulated_answer(std::move(body));
}

net::ServerResponse quotes(const net::ServerRequest& request, const ApiContext& context) {
    const std::string_view names = std::string_view(request.path).substr(kQuotePath.size());
    const auto tickers = split(names, ',');
    const PlanLimits& plan = limits_of(context.options.plan);
    if (tickers.size() > plan.tickers_per_request) {
        return error_answer(
            400, "QUOTES_PER_REQUEST_EXCEEDED",
            fmt::format("O plano {} permite {} ativos por requisição", plan.name, plan.tickers_per_request));
    }
    if (request.parameter("modules") != nullptr) {
        return error_answer(400, "INVALID_MODULES", "O mercado simulado não tem módulos");
    }
    const auto parameters = quote_parameters(request, context);
    if (!parameters) return parameters.error();

    json::Array results;
    for (const std::string_view ticker : tickers) {
        const json::Value* recorded = nullptr;
        const Asset* asset = nullptr;
        if (context.recordings != nullptr) {
            const bool with_history = !parameters->range.empty() && parameters->range != "1d";
            recorded = context.recordings->quote(ticker, with_history);
        } else {
            asset = context.market.find(ticker);
            if (asset != nullptr && asset->kind == AssetKind::kCoin) asset = nullptr;
        }
        if (recorded == nullptr && asset == nullptr) {  // the others are lost with it
            return error_answer(404, "NOT_FOUND", fmt::format("O ativo {} não existe neste mercado", ticker));
        }
        results.push_back(recorded != nullptr ? *recorded
                                              : quote_body(context.market, *asset, *parameters, context.options.now));
    }
    return enveloped(std::move(results), request, context);
}

net::ServerResponse coins(const net::ServerRequest& request, const ApiContext& context) {
    const std::string names = parameter_or(request, "coin", "");
    if (names.empty()) return error_answer(417, "", "Falta o parâmetro obrigatório `coin`");
    const auto currency = one_of(request, "currency", "BRL", {"BRL", "USD"});
    if (!currency) return currency.error();
    const auto parameters = quote_parameters(request, context);
    if (!parameters) return parameters.error();

    json::Array found;
    for (const std::string_view name : split(names, ',')) {
        if (context.recordings != nullptr) {
            if (const json::Value* recorded = context.recordings->coin(name)) found.push_back(*recorded);
        } else if (const Asset* asset = context.market.find(name);
                   asset != nullptr && asset->kind == AssetKind::kCoin) {
            found.push_back(coin_body(context.market, *asset, *currency, *parameters, context.options.now));
        }
    }
    // Unlike quotes: what is unknown is left out, and only if nothing is left is that an error, without a flag.
    if (found.empty()) return simulated_answer(json::make_object({{"message", "Nenhuma moeda com esse nome"}}), 404);
    json::Object body = json::make_object({{"coins", std::move(found)}});
    return context.recordings != nullptr ? recorded_answer(std::move(body)) : simulated_answer(std::move(body));
}

bool matches(const Asset& asset, std::string_view search) {
    return search.empty() || to_lower(asset.ticker).find(to_lower(search)) != std::string::npos;
}

net::ServerResponse available(const net::ServerRequest& request, const ApiContext& context) {
    const std::string search = parameter_or(request, "search", "");
    json::Array stocks;
    for (const Asset& asset : context.market.assets()) {
        if (asset.kind != AssetKind::kCoin && matches(asset, search)) stocks.emplace_back(asset.ticker);
    }
    return simulated_answer(json::make_object({{"indexes", json::Array()}, {"stocks", std::move(stocks)}}));
}

net::ServerResponse available_coins(const ApiContext& context) {
    json::Array names;
    for (const Asset& asset : context.market.assets()) {
        if (asset.kind == AssetKind::kCoin) names.emplace_back(asset.ticker);
    }
    return simulated_answer(json::make_object({{"coins", std::move(names)}}));
}

/// A number from 1 to a million, `otherwise` if it is absent.
Wanted<std::size_t> count(const net::ServerRequest& request, std::string_view name, std::size_t otherwise) {
    const std::string text = parameter_or(request, name, std::to_string(otherwise));
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size() && value >= 1 && value <= 1'000'000) return value;
    return refuse(400, "INVALID_PARAMETER", fmt::format("O campo '{}' é um número a partir de 1", name));
}

/// Whether `a` comes before `b` by the member `key`: nulls last, text as text, numbers as numbers.
bool before(const json::Object& a, const json::Object& b, const std::string& key, bool descending) {
    const json::Value &left = *a.find(key), &right = *b.find(key);
    if (left.is_null() || right.is_null()) return !left.is_null() && right.is_null();
    if (left.is_string()) return descending ? *left.string() > *right.string() : *left.string() < *right.string();
    const double x = left.number()->to_double(), y = right.number()->to_double();
    return descending ? x > y : x < y;
}

net::ServerResponse list(const net::ServerRequest& request, const ApiContext& context) {
    const auto sort_by =
        one_of(request, "sortBy", "name", {"name", "close", "change", "volume", "market_cap_basic", "sector"});
    if (!sort_by) return sort_by.error();
    const auto order = one_of(request, "sortOrder", "asc", {"asc", "desc"});
    if (!order) return order.error();
    const auto type = one_of(request, "type", "all", {"all", "stock", "fund", "bdr"});
    if (!type) return type.error();
    const auto limit = count(request, "limit", 1'000'000);
    if (!limit) return limit.error();
    const auto page = count(request, "page", 1);
    if (!page) return page.error();
    const std::string search = parameter_or(request, "search", ""), sector = parameter_or(request, "sector", "");

    std::vector<json::Object> rows;
    std::set<std::string> sectors;
    for (const Asset& asset : context.market.assets()) {
        if (asset.kind == AssetKind::kCoin) continue;
        if (asset.kind != AssetKind::kFund && !asset.sector.empty()) sectors.insert(asset.sector);
        if (!matches(asset, search) || (!sector.empty() && asset.sector != sector)) continue;
        json::Object row = list_entry(context.market, asset, context.options.now);
        if (*type == "all" || *row.find("type")->string() == *type) rows.push_back(std::move(row));
    }
    const std::string key = *sort_by == "market_cap_basic" ? "market_cap" : *sort_by;
    std::ranges::stable_sort(rows, [&](const auto& a, const auto& b) { return before(a, b, key, *order == "desc"); });

    const std::size_t pages = std::max<std::size_t>(1, (rows.size() + *limit - 1) / *limit);
    const std::size_t first = std::min(rows.size(), (*page - 1) * *limit);
    const std::size_t last = std::min(rows.size(), first + *limit);
    json::Array stocks;
    for (std::size_t i = first; i < last; ++i) stocks.emplace_back(std::move(rows[i]));
    return simulated_answer(
        json::make_object({{"indexes", json::Array()},
                           {"stocks", std::move(stocks)},
                           {"availableSectors", json::Array(sectors.begin(), sectors.end())},
                           {"availableStockTypes", json::Array{"stock", "fund", "bdr"}},
                           {"currentPage", static_cast<std::uint64_t>(*page)},
                           {"totalPages", static_cast<std::uint64_t>(pages)},
                           {"itemsPerPage", static_cast<std::uint64_t>(std::min(*limit, rows.size()))},
                           {"totalCount", static_cast<std::uint64_t>(rows.size())},
                           {"hasNextPage", *page < pages}}));
}

/// The day of a DD/MM/YYYY parameter.
Wanted<Day> day_of(const net::ServerRequest& request, std::string_view name, Day otherwise) {
    const std::string text = parameter_or(request, name, brazilian_date(otherwise));
    const auto part = [&](std::size_t at, std::size_t size) {
        int value = -1;
        const char* end = text.data() + at + size;
        return std::from_chars(text.data() + at, end, value).ptr == end ? value : -1;
    };
    if (text.size() == 10 && text[2] == '/' && text[5] == '/' && part(0, 2) > 0 && part(3, 2) > 0 && part(6, 4) > 0) {
        const auto date = chrono::year{part(6, 4)} / part(3, 2) / part(0, 2);
        if (date.ok()) return Day{date};
    }
    return refuse(400, "INVALID_DATE", fmt::format("O campo '{}' é uma data DD/MM/YYYY", name));
}

/// `/api/v2/inflation` and `/api/v2/prime-rate`: monthly values as text, newest first unless asked otherwise.
net::ServerResponse monthly_rates(const net::ServerRequest& request, const ApiContext& context,
                                  const std::string& name) {
    if (parameter_or(request, "country", "brazil") != "brazil") {
        return simulated_answer(json::make_object({{"message", "País sem dados neste mercado"}}), 404);
    }
    const auto historical = flag(request, "historical");
    if (!historical) return historical.error();
    const auto sort_by = one_of(request, "sortBy", "date", {"date", "value"});
    if (!sort_by) return sort_by.error();
    const auto order = one_of(request, "sortOrder", "desc", {"asc", "desc"});
    if (!order) return order.error();
    const Day today = market_day(context.options.now);
    const auto start = day_of(request, "start", context.options.first_day);
    if (!start) return start.error();
    const auto end = day_of(request, "end", today);
    if (!end) return end.error();

    struct Entry {
        Day day;
        std::int64_t value;
    };
    std::vector<Entry> entries;
    const auto month_of = [](Day day) {
        const chrono::year_month_day date(day);
        return date.year() / date.month();
    };
    const Day last = std::min(*end, today);
    const Day first = *historical ? std::max(*start, context.options.first_day) : Day{month_of(last) / 1};
    for (auto month = month_of(first); month <= month_of(last); month += chrono::months{1}) {
        if (Day{month / 1} < first) continue;
        const Rates rates = context.market.rates(month);
        entries.push_back({Day{month / 1}, name == "inflation" ? rates.inflation_12m : rates.policy_rate});
    }
    std::ranges::stable_sort(entries, [&](const Entry& a, const Entry& b) {
        const Entry &low = *order == "asc" ? a : b, &high = *order == "asc" ? b : a;
        return *sort_by == "date" ? low.day < high.day : low.value < high.value;
    });
    json::Array values;
    for (const Entry& entry : entries) {
        const std::int64_t epoch = chrono::milliseconds(entry.day.time_since_epoch()).count();
        values.emplace_back(json::make_object(
            {{"date", brazilian_date(entry.day)}, {"value", decimal_text(entry.value, 2)}, {"epochDate", epoch}}));
    }
    return simulated_answer(json::make_object({{name, std::move(values)}}));
}

}  // namespace

net::ServerResponse route_api(const net::ServerRequest& request, const ApiContext& context) {
    if (request.method != "GET" && request.method != "HEAD") {
        return error_answer(405, "METHOD_NOT_ALLOWED", "Somente GET");
    }
    const std::string& path = request.path;
    if (path == kListPath) return list(request, context);
    if (path.starts_with(kQuotePath)) return quotes(request, context);
    if (path == "/api/available") return available(request, context);
    if (path == "/api/v2/crypto") return coins(request, context);
    if (path == "/api/v2/crypto/available") return available_coins(context);
    if (path == "/api/v2/inflation") return monthly_rates(request, context, "inflation");
    if (path == "/api/v2/prime-rate") return monthly_rates(request, context, "prime-rate");
    return error_answer(404, "NOT_FOUND", "Este endereço não existe no mercado simulado");
}

}  // namespace lagoa::sample
