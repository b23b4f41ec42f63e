#include "catalog/contract_check.h"

#include <cctype>
#include <cstdint>

#include "base/log.h"
#include "base/text.h"

namespace lagoa {
namespace {

// One element of the verdict: SQL that is a JSON object when `broken` holds, else NULL.
std::string rule(std::string_view name, const ContractColumn& column, const std::string& broken,
                 const std::string& message) {
    const std::string value = quote_identifier(column.name);
    return fmt::format(
        "CASE WHEN {} THEN json_object('rule', {}, 'column', {}, 'value', CAST({} AS VARCHAR), 'message', {}) END",
        broken, quote_literal(name), quote_literal(column.name), value, quote_literal(message));
}

void column_rules(const ContractColumn& column, std::vector<std::string>& rules) {
    const std::string value = quote_identifier(column.name);
    const std::string text = fmt::format("CAST({} AS VARCHAR)", value);
    if (column.required || column.key_position)
        rules.push_back(rule("required", column, value + " IS NULL", column.name + " is required and has no value"));
    if (column.minimum)
        rules.push_back(rule("minimum", column, fmt::format("{} < {}", value, column.minimum->text),
                             "is below " + column.minimum->text));
    if (column.maximum)
        rules.push_back(rule("maximum", column, fmt::format("{} > {}", value, column.maximum->text),
                             "is above " + column.maximum->text));
    if (!column.pattern.empty())
        rules.push_back(rule("pattern", column,
                             fmt::format("NOT regexp_full_match({}, {})", text, quote_literal(column.pattern)),
                             "does not match " + column.pattern));
    if (column.min_length)
        rules.push_back(rule("minLength", column, fmt::format("length({}) < {}", text, *column.min_length),
                             fmt::format("is shorter than {}", *column.min_length)));
    if (column.max_length)
        rules.push_back(rule("maxLength", column, fmt::format("length({}) > {}", text, *column.max_length),
                             fmt::format("is longer than {}", *column.max_length)));
    if (!column.one_of.empty()) {
        std::string list;
        for (const auto& allowed : column.one_of) list += (list.empty() ? "" : ", ") + quote_literal(allowed);
        rules.push_back(rule("validValues", column, fmt::format("{} NOT IN ({})", text, list), "is not a valid value"));
    }
}

bool is_part_of_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '"' || (c & 0x80) != 0;
}

// `sql` with `relation` for every mention of the table, which SQL may write in either case and with the catalog's name.
std::string replace_table(const std::string& sql, const TableName& table, std::string_view relation) {
    const std::string name = table.text();
    const std::string lowered = to_lower(sql);
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = lowered.find(name); at != std::string::npos; at = lowered.find(name, at + 1)) {
        const std::size_t end = at + name.size();
        if (end < sql.size() && is_part_of_name(sql[end])) continue;
        const bool qualified = std::string_view(lowered).substr(done, at - done).ends_with("lake.");
        const std::size_t begin = qualified ? at - 5 : at;
        if (begin > 0 && (is_part_of_name(sql[begin - 1]) || sql[begin - 1] == '.')) continue;
        out.append(sql, done, begin - done).append(relation);
        done = end;
    }
    return out.append(sql, done);
}

// A rule's query as one value: NULL if it is `must_be`, as a number, else its text.
std::string deviation(const std::string& query, std::int64_t must_be) {
    std::string_view select = trim(query);
    while (select.ends_with(';')) select = trim(select.substr(0, select.size() - 1));
    return fmt::format(
        "SELECT CASE WHEN COLUMNS(*) IS DISTINCT FROM {} THEN coalesce(CAST(COLUMNS(*) AS VARCHAR), 'NULL') END "
        "FROM ({}\n)",
        must_be, select);
}

}  // namespace

Result<std::string> conform(Session& session, std::string_view select, const Contract& contract) {
    const auto columns = LAGOA_TRY(session.describe(select));
    for (const auto& column : columns)
        if (contract.find(column.name) == nullptr)
            return fail_with_hint(ErrorCode::kDataRejected,
                                  fmt::format("Add {} to {}, or drop it from the SELECT.", column.name, contract.file),
                                  "the rows have a column {} that the contract of {} does not know", column.name,
                                  contract.table.text());
    std::string list;
    for (const auto& promised : contract.columns) {
        bool found = false;
        for (const auto& column : columns) found = found || to_lower(column.name) == to_lower(promised.name);
        if (!found)
            return fail_with_hint(ErrorCode::kDataRejected, fmt::format("Add {} to the SELECT.", promised.name),
                                  "the rows lack the column {} that the contract of {} promises", promised.name,
                                  contract.table.text());
        const std::string name = quote_identifier(promised.name);
        list += fmt::format("{}CAST({} AS {}) AS {}", list.empty() ? "" : ", ", name, to_sql(promised.type), name);
    }
    return fmt::format("SELECT {} FROM ({}\n)", list, select);
}

std::string verdict_expression(const Contract& contract) {
    std::vector<std::string> rules;
    for (const auto& column : contract.columns) column_rules(column, rules);
    if (rules.empty()) return "CAST(NULL AS VARCHAR)";
    // An empty list prints as [], which means that no rule is broken.
    return fmt::format("nullif(CAST(to_json(list_filter([{}], lambda r: r IS NOT NULL)) AS VARCHAR), '[]')",
                       fmt::join(rules, ", "));
}

Result<> check_rules(Session& session, const Contract& contract, std::string_view relation) {
    for (const auto& rule : contract.rules) {
        std::string query = replace_all(rule.query, "${table}", relation);
        query = replace_all(query, "{object}", relation);
        query = replace_table(query, contract.table, relation);
        const auto found_other = LAGOA_TRY(session.value(deviation(query, rule.must_be)), "checking rule {} of {}",
                                           rule.name, contract.table.text());
        if (!found_other) continue;
        const std::string& found = *found_other;
        if (rule.severity == "warning") {
            log::warn(
                "contract.rule",
                {{"table", contract.table.text()}, {"rule", rule.name}, {"found", found}, {"must_be", rule.must_be}});
            continue;
        }
        return fail_with_hint(ErrorCode::kDataRejected,
                              fmt::format("Look at the rows the rule counts; it stands in {}.", contract.file),
                              "rule {} of {} is broken: its query gave {} and must give {}", rule.name,
                              contract.table.text(), found, rule.must_be);
    }
    return {};
}

}  // namespace lagoa
