#include "sample/fii_site.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "sample/impl/decimal_text.h"
#include "sample/impl/fund_facts.h"
#include "sample/recordings.h"

namespace lagoa::sample {
namespace {

namespace chrono = std::chrono;

constexpr const char* kLatin1Html = "text/html; charset=ISO-8859-1";

/// ISO-8859-1 of our own UTF-8 text, which holds nothing beyond it.
std::string to_latin1(std::string_view utf8) {
    std::string latin1;
    latin1.reserve(utf8.size());
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        if (byte < 0x80) {
            latin1 += utf8[i];
            continue;
        }
        LAGOA_CHECK((byte == 0xC2 || byte == 0xC3) && i + 1 < utf8.size(), "a page's text is beyond ISO-8859-1");
        latin1 += static_cast<char>(((byte & 0x03) << 6) | (static_cast<unsigned char>(utf8[++i]) & 0x3F));
    }
    return latin1;
}

std::string money(Micros micros) {
    return brazilian_text(rounded_division(micros, 10'000), 2);
}
std::string whole(std::int64_t number) {
    return brazilian_text(number, 0);
}
std::string percent(std::int64_t hundredths) {
    return brazilian_text(hundredths, 2) + "%";
}

net::ServerResponse page(std::string_view title, std::string_view content) {
    const std::string html = fmt::format(
        "<!DOCTYPE HTML>\n<html lang=\"pt-br\">\n<head>\n"
        "<meta http-equiv=\"Content-Type\" content=\"text/html; "
        "charset=ISO-8859-1\">\n<title>{}</title>\n</head>\n<body>\n"
        "<p class=\"aviso\">Mercado simulado: nenhum número desta página é real.</p>\n"
        "<div class=\"conteudo clearfix\">\n{}</div>\n</body>\n</html>\n",
        title, content);
    return {.headers = {{"Content-Type", kLatin1Html}, {"X-Lagoa-Simulated", "true"}}, .body = to_latin1(html)};
}

net::ServerResponse not_found_page() {
    return page("Nenhum papel encontrado",
                "<h1>Nenhum papel encontrado</h1>\n<p>Confira o código e procure de novo.</p>\n");
}

std::string label(std::string_view name, std::string_view tip = "") {
    const std::string help = tip.empty() ? "" : fmt::format("<span class=\"help tips\" title=\"{}\">?</span>", tip);
    return fmt::format("<td class=\"label\">{}<span class=\"txt\">{}</span></td>\n", help, name);
}

std::string data(std::string_view value) {
    return fmt::format("<td class=\"data\"><span class=\"txt\">{}</span></td>\n", value);
}

std::string pair(std::string_view name, std::string_view value, std::string_view tip = "") {
    return label(name, tip) + data(value);
}

/// A change in its colour, which stands in another element than other values.
std::string change(std::string_view name, std::int64_t hundredths) {
    return label(name) +
           fmt::format("<td class=\"data\"><span class=\"oscil\"><font color=\"{}\">{}</font></span></td>\n",
                       hundredths < 0 ? "#F75D59" : "#306EFF", percent(hundredths));
}

std::string heading(std::string_view level, int columns, std::string_view text) {
    return fmt::format("<td class=\"{}\" colspan=\"{}\"><span class=\"txt\">{}</span></td>\n", level, columns, text);
}

std::string row(std::string_view cells) {
    return fmt::format("<tr>\n{}</tr>\n", cells);
}
std::string table(std::string_view rows) {
    return fmt::format("<table class=\"w728\">\n{}</table>\n", rows);
}

std::string identity_tables(const Asset& fund, const FundFacts& facts, bool active) {
    const chrono::year_month_day date(facts.last_session);
    const Day report = Day{date.year() / date.month() / 1} - chrono::days{1};
    const Day quarter =
        Day{date.year() / chrono::month{(static_cast<unsigned>(date.month()) - 1) / 3 * 3 + 1} / 1} - chrono::days{1};
    return table(row(pair("FII", fund.ticker, "Código do fundo") + pair("Cotação", money(facts.price))) +
                 row(pair("Nome", fund.long_name) + pair("Data últ cot", brazilian_date(facts.last_session))) +
                 row(pair("Mandato", "") + pair("Min 52 sem", money(facts.low_52w))) +
                 row(pair("Segmento", fmt::format("<a href=\"fii_resultado.php\">{}</a>", fund.sector)) +
                     pair("Max 52 sem", money(facts.high_52w))) +
                 row(pair("Gestão", active ? "Ativa" : "Passiva") +
                     pair("Vol $ méd (2m)", whole(facts.daily_volume), "Em reais por dia"))) +
           table(row(pair("Valor de mercado", whole(facts.market_value)) + pair("Nro. Cotas", whole(facts.shares))) +
                 row(pair("Relatório", brazilian_date(report)) + pair("Últ Info Trimestral", brazilian_date(quarter))));
}

std::string result_table(const FundFacts& facts) {
    const int year{chrono::year_month_day(facts.last_session).year()};
    const auto of_year = [&](std::size_t back) {
        return change(std::to_string(year - static_cast<int>(back)), facts.change_years[back]);
    };
    const auto twice = [](std::string_view name, std::int64_t year_value) {
        return pair(name, whole(year_value)) + pair(name, whole(year_value / 4));
    };
    return table(
        row(heading("nivel1", 2, "Oscilações") + heading("nivel1", 4, "Indicadores")) +
        row(change("Dia", facts.change_day) + pair("FFO Yield", percent(facts.ffo_yield)) +
            pair("FFO/Cota", money(facts.ffo_per_share))) +
        row(change("Mês", facts.change_month) + pair("Div. Yield", percent(facts.dividend_yield)) +
            pair("Dividendo/cota", money(facts.dividend_per_share))) +
        row(change("30 dias", facts.change_30_days) + pair("P/VP", brazilian_text(facts.price_to_book, 2)) +
            pair("VP/Cota", money(facts.book_value_per_share))) +
        "<tr>\n" + change("12 meses", facts.change_12_months) + heading("nivel1", 4, "Resultado") +  // never closed
        row(of_year(0) + heading("nivel2", 2, "Últimos 12 meses") + heading("nivel2", 2, "Últimos 3 meses")) +
        row(of_year(1) + twice("Receita", facts.revenue_12m)) +
        row(of_year(2) + twice("Venda de ativos", facts.sales_12m)) + row(of_year(3) + twice("FFO", facts.ffo_12m)) +
        row(of_year(4) + twice("Rend. Distribuído", facts.distributed_12m)) +
        row(of_year(5) + heading("nivel1", 4, "Balanço Patrimonial")) +
        row("<td class=\"label\"></td>\n<td class=\"data\"></td>\n" + pair("Ativos", whole(facts.assets)) +
            pair("Patrim Líquido", whole(facts.net_worth))));
}

std::string property_table(const FundFacts& facts) {
    const auto or_dash = [&](std::string text) { return facts.has_properties ? std::move(text) : std::string("-"); };
    return table(row(heading("nivel1", 6, "Imóveis")) +
                 row(pair("Qtd imóveis", whole(facts.properties)) + pair("Área (m2)", whole(facts.area_m2)) +
                     pair("Cap Rate", or_dash(percent(facts.cap_rate)))) +
                 row(pair("Qtd Unidades", whole(facts.properties)) +
                     pair("Aluguel/m2", or_dash(brazilian_text(facts.rent_per_m2, 2))) +
                     pair("Vacância Média", or_dash(percent(facts.vacancy)))) +
                 row(pair("Imóveis/PL do FII", facts.has_properties ? "94,60%" : "0,00%") +
                     pair("Preço do m2", or_dash(brazilian_text(facts.price_per_m2, 2))) +
                     "<td class=\"label\"></td>\n<td class=\"data\"></td>\n"));
}

net::ServerResponse details_page(const Market& market, const Asset& fund, Day today) {
    const FundFacts facts = fund_facts(market, fund, today);
    const bool active = market.draw(fund.ticker, kEpoch, "managed", 4) != 0;
    return page("Detalhes - " + fund.ticker,
                identity_tables(fund, facts, active) + result_table(facts) + property_table(facts));
}

net::ServerResponse dividends_page(const Market& market, const Asset& fund, Day today) {
    std::string rows;
    const FundFacts facts = fund_facts(market, fund, today);
    for (auto dividend = facts.dividends.rbegin(); dividend != facts.dividends.rend(); ++dividend) {
        rows += fmt::format("<tr class=\"{}\">\n<td>{}</td>\n<td>Rendimento</td>\n<td>{}</td>\n<td>{}</td>\n</tr>\n",
                            rows.empty() ? "" : "par", brazilian_date(dividend->last_cum_day),
                            dividend->payment_date ? brazilian_date(*dividend->payment_date) : "-",
                            brazilian_text(dividend->rate / 1'000'000'000, 2));
    }
    return page(
        "Rendimentos - " + fund.ticker,
        "<h1>Proventos</h1>\n<table id=\"resultado\" class=\"resultado\">\n<thead>\n<tr><th>Última Data Com</th>"
        "<th>Tipo</th><th>Data de Pagamento</th><th>Valor</th></tr>\n</thead>\n<tbody>\n" +
            rows + "</tbody>\n</table>\n");
}

net::ServerResponse ranking_page(const Market& market, Day today) {
    std::string rows;
    for (const Asset& fund : market.assets()) {
        if (fund.kind != AssetKind::kFund) continue;
        const FundFacts facts = fund_facts(market, fund, today);
        std::string cells =
            fmt::format("<td><span class=\"tips\" title=\"{}\"><a href=\"detalhes.php?papel={}\">{}</a></span></td>",
                        fund.long_name, fund.ticker, fund.ticker);
        for (const std::string& value :
             {fund.sector, money(facts.price), percent(facts.ffo_yield), percent(facts.dividend_yield),
              brazilian_text(facts.price_to_book, 2), whole(facts.market_value), whole(facts.daily_volume),
              whole(facts.properties), brazilian_text(facts.price_per_m2, 2), brazilian_text(facts.rent_per_m2, 2),
              percent(facts.cap_rate), percent(facts.vacancy)}) {
            cells += fmt::format("<td>{}</td>", value);
        }
        rows += fmt::format("<tr>{}</tr>\n", cells);
    }
    std::string heads;
    for (const char* name :
         {"Papel", "Segmento", "Cotação", "FFO Yield", "Dividend Yield", "P/VP", "Valor de Mercado", "Liquidez",
          "Qtd de imóveis", "Preço do m2", "Aluguel por m2", "Cap Rate", "Vacância Média"}) {
        heads += fmt::format("<th>{}</th>", name);
    }
    return page(
        "FIIs",
        fmt::format("<table id=\"tabelaResultado\">\n<thead>\n<tr>{}</tr>\n</thead>\n<tbody>\n{}</tbody>\n</table>\n",
                    heads, rows));
}

/// A page of the real site as it was recorded; nothing if it was not.
std::optional<net::ServerResponse> recorded_page(const Recordings* recordings, std::string_view ticker, bool details) {
    if (recordings == nullptr) return std::nullopt;
    const bool soft = ticker == "SOFT404" || ticker == "SOFT11";
    const std::string* bytes = soft      ? recordings->soft_404()
                               : details ? recordings->fund_details(ticker)
                                         : recordings->fund_dividends(ticker);
    if (bytes == nullptr) return std::nullopt;
    return net::ServerResponse{
        .headers = {{"Content-Type", soft ? "text/html; charset=utf-8" : kLatin1Html}, {"X-Lagoa-Recorded", "true"}},
        .body = *bytes};
}

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
    return text;
}

}  // namespace

net::ServerResponse FiiSite::answer(const net::ServerRequest& request) const {
    const std::string* agent = net::find_header(request.headers, "User-Agent");
    if (agent == nullptr || agent->empty()) {
        net::ServerResponse refusal = page("403", "<h1>Acesso negado</h1>\n");
        refusal.status = 403;
        return refusal;
    }
    if (request.path == "/fii_resultado.php") return ranking_page(market_, today_);
    const bool details = request.path == "/detalhes.php";
    if (!details && request.path != "/fii_proventos.php") {
        net::ServerResponse missing = page("404", "<h1>Página não encontrada</h1>\n");
        missing.status = 404;
        return missing;
    }
    const std::string* parameter = request.parameter("papel");
    const std::string ticker = parameter == nullptr ? std::string() : upper(*parameter);
    if (auto recorded = recorded_page(recordings_, ticker, details)) return *std::move(recorded);
    const Asset* fund = market_.find(ticker);
    if (fund == nullptr || fund->kind != AssetKind::kFund) return not_found_page();
    return details ? details_page(market_, *fund, today_) : dividends_page(market_, *fund, today_);
}

}  // namespace lagoa::sample
