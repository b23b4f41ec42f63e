#include "ingest/quarantine.h"

#include <map>

#include "base/text.h"

namespace lagoa::ingest {
namespace {

constexpr std::size_t kMinIdLetters = 6;

std::string relation(const TableName& table) {
    return "quarantine." + quote_identifier(table.table);
}

// Instants as `2026-11-25T13:04:05.123456Z` whatever the session's zone.
constexpr std::string_view kColumns =
    "id, source, sequence, run, strftime(quarantined_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS at, rules, "
    "contract_version, object, pointer, record";

Result<QuarantinedRow> to_row(const json::Object& object) {
    const json::Value value(object);
    const auto text = [&](std::string_view key) { return value.string_at(key).value_or(""); };
    QuarantinedRow row{.id = text("id"),
                       .source = text("source"),
                       .sequence = static_cast<std::uint64_t>(value.int64_at("sequence").value_or(0)),
                       .run = text("run"),
                       .quarantined_at = {},
                       .rules = {},
                       .contract_version = text("contract_version"),
                       .object = text("object"),
                       .pointer = text("pointer"),
                       .record = text("record")};
    row.quarantined_at = LAGOA_TRY(parse_instant(text("at")), "quarantined row {}", row.id);
    row.rules = LAGOA_TRY(json::parse(text("rules")), "rules of the quarantined row {}", row.id);
    return row;
}

Result<std::vector<QuarantinedRow>> select_rows(Session& session, const TableName& table, const std::string& condition,
                                                std::size_t limit) {
    const std::string sql = fmt::format(
        "SELECT {} FROM {} WHERE table_name = {} AND {} ORDER BY quarantined_at DESC, object, pointer LIMIT {}",
        kColumns, relation(table), quote_literal(table.text()), condition, limit);
    const auto found = LAGOA_TRY(session.rows(sql), "reading the quarantine of {}", table.text());
    std::vector<QuarantinedRow> rows;
    for (const auto& object : found) rows.push_back(LAGOA_TRY(to_row(object)));
    return rows;
}

}  // namespace

Result<std::vector<QuarantineSummary>> list_quarantine(Lake& lake, const Cut& cut) {
    const auto session = LAGOA_TRY(lake.connect(cut));
    std::map<TableName, QuarantineSummary> found;
    for (const auto& info : LAGOA_TRY(lake.tables(cut))) {
        if (info.name.zone != "quarantine") continue;
        // Tables of one name in two zones share a quarantine; each row says which of them refused it.
        const std::string from = relation(info.name);
        const std::string counting = fmt::format(
            "SELECT table_name, count(*) AS rows, strftime(max(quarantined_at) AT TIME ZONE "
            "'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS last FROM {} GROUP BY ALL",
            from);
        const auto totals = LAGOA_TRY(session->rows(counting));
        for (const auto& total : totals) {
            const json::Value value(total);
            const std::string name = value.string_at("table_name").value_or("");
            const TableName table = LAGOA_TRY(TableName::parse(name), "reading {}", info.name.text());
            const std::string at = value.string_at("last").value_or("");
            const Instant last = LAGOA_TRY(parse_instant(at), "reading {}", info.name.text());
            found[table] = {.table = table,
                            .rows = static_cast<std::uint64_t>(value.int64_at("rows").value_or(0)),
                            .last = last,
                            .rules = {}};
        }
        const std::string by_rule = fmt::format(
            "SELECT table_name, concat_ws(' ', rule->>'rule', rule->>'column') AS rule, count(*) AS rows "
            "FROM (SELECT table_name, unnest(CAST(CAST(rules AS JSON) AS JSON[])) AS rule FROM {}) GROUP "
            "BY ALL ORDER BY rows DESC, rule",
            from);
        const auto rules = LAGOA_TRY(session->rows(by_rule));
        for (const auto& rule : rules) {
            const json::Value value(rule);
            const auto table = TableName::parse(value.string_at("table_name").value_or(""));
            if (table)
                found[*table].rules.emplace_back(value.string_at("rule").value_or(""),
                                                 static_cast<std::uint64_t>(value.int64_at("rows").value_or(0)));
        }
    }
    std::vector<QuarantineSummary> summaries;
    for (auto& [table, summary] : found) summaries.push_back(std::move(summary));
    return summaries;
}

Result<std::vector<QuarantinedRow>> show_quarantine(Lake& lake, const Project& project, const TableName& table,
                                                    std::size_t limit) {
    const Cut head{.base = Cut::Base::kHead, .pins = {}};
    const auto session = LAGOA_TRY(lake.connect(head));
    std::vector<QuarantinedRow> rows;
    const auto refusals = lake.snapshot({"quarantine", table.table}, head);
    if (!refusals && refusals.error().code != ErrorCode::kNotFound) return pass_on(refusals.error());
    if (refusals) rows = LAGOA_TRY(select_rows(*session, table, "true", limit));
    if (!rows.empty() || project.contracts.contains(table)) return rows;
    if (const auto known = lake.snapshot(table, head); !known) return pass_on(known.error());
    return rows;
}

Result<QuarantinedRow> show_quarantined(Session& session, const TableName& table, std::string_view id) {
    const std::string condition = id.size() >= kMinIdLetters ? fmt::format("starts_with(id, {})", quote_literal(id))
                                                             : fmt::format("id = {}", quote_literal(id));
    auto rows = LAGOA_TRY(select_rows(session, table, condition, 2));
    if (rows.empty())
        return fail_with_hint(ErrorCode::kNotFound, fmt::format("Look at `lagoa quarantine show {}`.", table.text()),
                              "{} has refused no row {}", table.text(), id);
    if (rows.size() > 1)
        return fail_with_hint(ErrorCode::kInvalidArgument, "Write more of the id.",
                              "several refused rows of {} begin with {}", table.text(), id);
    return std::move(rows.front());
}

}  // namespace lagoa::ingest
