#include "ingest/impl/load_stage.h"

#include <fmt/ranges.h>

#include "base/text.h"

namespace lagoa::ingest {
namespace {

// Temporary tables. `load_stage` holds the rows read and, at positions below 0, what the table knows of their keys.
constexpr std::string_view kStage = "temp.load_stage";
constexpr std::string_view kFeeds = "temp.load_feeds";
constexpr std::string_view kKeyed =
    "temp.load_keyed";  // position and key number of the rows whose key stands there more than once
constexpr std::string_view kRivals = "temp.load_rivals";    // those rows, the equal ones of a version as one
constexpr std::string_view kRepeats = "temp.load_repeats";  // positions to drop

std::string cast(std::string_view column, const Type& type) {
    return fmt::format("TRY_CAST({} AS {})", quote_identifier(column), to_sql(type));
}

}  // namespace

std::string LoadStage::columns(std::string_view relation) const {
    std::string list;
    for (const auto& column : contract_.columns)
        list += fmt::format("{}{}{}{}", list.empty() ? "" : ", ", relation, relation.empty() ? "" : ".",
                            quote_identifier(column.name));
    return list;
}

// NULL equals NULL.
std::string LoadStage::same(std::string_view a, std::string_view b, const std::vector<std::string>& names) const {
    std::string condition;
    for (const auto& name : names) {
        const std::string column = quote_identifier(name);
        condition +=
            fmt::format("{}{}.{} IS NOT DISTINCT FROM {}.{}", condition.empty() ? "" : " AND ", a, column, b, column);
    }
    return condition;
}

Result<> LoadStage::check_patterns() {
    for (const auto& column : contract_.columns) {
        if (column.pattern.empty()) continue;
        const auto valid =
            session_.value(fmt::format("SELECT regexp_full_match('', {})", quote_literal(column.pattern)));
        if (!valid)
            return fail_with_hint(ErrorCode::kInvalidConfig, "Correct the column's pattern; the syntax is RE2's.",
                                  "{}: the pattern of {}: {}", contract_.file, column.name, valid.error().message);
    }
    return {};
}

// The broken patterns of a row as a JSON array, NULL if there are none. Patterns are judged here rather than with
// the other rules because the engine brings the expressions that the contract's text means.
std::string LoadStage::pattern_verdict() const {
    std::vector<std::string> kept;
    std::vector<std::string> broken;
    for (const auto& column : contract_.columns) {
        if (column.pattern.empty()) continue;
        const std::string name = quote_identifier(column.name);
        const std::string matches = fmt::format("regexp_full_match({}, {})", name, quote_literal(column.pattern));
        kept.push_back(fmt::format("coalesce({}, true)", matches));
        broken.push_back(
            fmt::format("CASE WHEN NOT {} THEN json_object('rule', 'pattern', 'column', {}, 'value', left({}, 120), "
                        "'message', {}) END",
                        matches, quote_literal(column.name), name, quote_literal("does not match " + column.pattern)));
    }
    if (kept.empty()) return {};
    return fmt::format(
        "CASE WHEN NOT ({}) THEN CAST(to_json(list_filter([{}], lambda r: r IS NOT NULL)) AS VARCHAR) END",
        fmt::join(kept, " AND "), fmt::join(broken, ", "));
}

Result<> LoadStage::fill(std::string_view source, const std::vector<Feed>& feeds) {
    std::string values;
    for (std::size_t i = 0; i < feeds.size(); ++i) {
        const LandedObject& object = *feeds[i].object;
        values += fmt::format("{}({}, {}, {})", i == 0 ? "" : ", ", i, quote_literal(feeds[i].manifest->run),
                              quote_literal(object.records_of.empty() ? object.key : object.records_of));
    }
    LAGOA_TRY(session_.execute(
        fmt::format("CREATE OR REPLACE TEMP TABLE load_feeds AS SELECT * FROM (VALUES {}) AS v(_feed, _run, _object)",
                    values.empty() ? "(0, '', '')" : values)));
    const std::string patterns = pattern_verdict();
    std::string rows = fmt::format("SELECT * FROM rows_of({})", quote_literal(source));
    if (!patterns.empty()) {
        // A row that breaks nothing but patterns was not kept as landed: its columns stand for it.
        rows = fmt::format(
            "SELECT * EXCLUDE (_pattern) REPLACE (CASE WHEN _pattern IS NULL THEN _verdict WHEN _verdict IS NULL THEN "
            "_pattern "
            "ELSE left(_verdict, -1) || ',' || substr(_pattern, 2) END AS _verdict, "
            "CASE WHEN _verdict IS NULL AND _pattern IS NOT NULL THEN CAST(to_json(struct_pack({})) AS VARCHAR) ELSE "
            "_record END AS _record) "
            "FROM (SELECT *, {} AS _pattern FROM rows_of({}))",
            columns(""), patterns, quote_literal(source));
    }
    LAGOA_TRY(session_.execute(fmt::format("CREATE OR REPLACE TEMP TABLE load_stage AS {}", rows)));
    return {};
}

// Adds the table's newest version of every key that was read, at positions below 0.
Result<> LoadStage::add_known(const delta::Snapshot& table) {
    std::string select;
    for (const auto& column : contract_.columns) {
        const Field* field = table.metadata.schema.find(column.name);
        select += fmt::format(
            "{} AS {}, ",
            field == nullptr ? fmt::format("CAST(NULL AS {})", to_sql(column.type)) : cast(column.name, column.type),
            quote_identifier(column.name));
    }
    std::string bounds = "true";
    std::vector<std::string> key;
    for (const auto& name : contract_.key()) {
        key.push_back(quote_identifier(name));
        const ContractColumn& column = *contract_.find(name);
        const bool is_time = column.type.kind == TypeKind::kDate || column.type.kind == TypeKind::kTimestamp;
        if (!column.required || !is_time) continue;
        // Constants let the scan leave out files by their statistics; a join alone does not.
        for (const auto& [end, sign] : {std::pair{"min", ">="}, {"max", "<="}}) {
            const auto bound = LAGOA_TRY(
                session_.value(fmt::format("SELECT {}({}) FROM {} WHERE _verdict IS NULL", end, key.back(), kStage)));
            if (bound)
                bounds += fmt::format(" AND {} {} CAST({} AS {})", key.back(), sign, quote_literal(*bound),
                                      to_sql(column.type));
        }
    }
    const std::string known =
        fmt::format("SELECT {}_known_from FROM {} WHERE {}", select, contract_.table.text(), bounds);
    LAGOA_TRY(session_.execute(fmt::format(
        "INSERT INTO {} BY NAME SELECT {}, k._known_from, -row_number() OVER () AS _position FROM ({}) AS k "
        "SEMI JOIN (SELECT {} FROM {} WHERE _verdict IS NULL) AS s ON {} QUALIFY rank() OVER (PARTITION BY {} ORDER BY "
        "k._known_from DESC) = 1",
        kStage, columns("k"), known, fmt::join(key, ", "), kStage, same("k", "s", contract_.key()),
        fmt::join(key, ", "))));
    return {};
}

Result<> LoadStage::find_repeats(const delta::Snapshot* table) {
    if (table != nullptr && !table->files.empty()) LAGOA_TRY(add_known(*table));
    std::string key;
    for (const auto& name : contract_.key()) key += (key.empty() ? "" : ", ") + quote_identifier(name);
    std::vector<std::string> names;
    for (const auto& column : contract_.columns) names.push_back(column.name);
    LAGOA_TRY(session_.execute(
        fmt::format("CREATE OR REPLACE TEMP TABLE load_keyed AS SELECT s._position, m._key FROM {0} AS s JOIN "
                    "(SELECT {1}, min(_position) AS _key FROM {0} WHERE _verdict IS NULL GROUP BY {1} HAVING count(*) "
                    "> 1) AS m ON {2} WHERE s._verdict IS NULL",
                    kStage, key, same("s", "m", contract_.key()))));
    LAGOA_TRY(session_.execute(fmt::format(
        "CREATE OR REPLACE TEMP TABLE load_rivals AS SELECT k._key, s._known_from, {0}, min(s._position) AS _position "
        "FROM {1} AS k JOIN {2} AS s ON s._position = k._position GROUP BY k._key, s._known_from, {0}",
        columns("s"), kKeyed, kStage)));
    LAGOA_TRY(session_.execute(fmt::format(
        "CREATE OR REPLACE TEMP TABLE load_repeats AS "
        "WITH versions AS (SELECT _key, _known_from, count(*) AS size FROM {0} GROUP BY ALL), "
        "chain AS (SELECT *, lag(_known_from) OVER before AS previous, lag(size) OVER before AS previous_size FROM "
        "versions "
        "WINDOW before AS (PARTITION BY _key ORDER BY _known_from)), "
        "equal AS (SELECT c._key, c._known_from FROM chain AS c JOIN {0} AS a ON a._key = c._key AND a._known_from = "
        "c._known_from "
        "JOIN {0} AS b ON b._key = c._key AND b._known_from = c.previous AND {1} WHERE c.size = c.previous_size "
        "GROUP BY c._key, c._known_from, c.size HAVING count(*) = c.size), "
        "kept AS (SELECT r._position FROM {0} AS r ANTI JOIN equal AS e ON r._key = e._key AND r._known_from = "
        "e._known_from) "
        "SELECT k._position FROM {2} AS k ANTI JOIN kept ON kept._position = k._position WHERE k._position >= 0",
        kRivals, same("a", "b", names), kKeyed)));
    return {};
}

Result<LoadStage::Counts> LoadStage::count() {
    const auto number = [&](const std::string& sql) -> Result<std::uint64_t> {
        const auto text = LAGOA_TRY(session_.value(sql));
        return std::stoull(text.value_or("0"));
    };
    Counts counts;
    counts.refused = LAGOA_TRY(number(fmt::format("SELECT count(*) FROM {} WHERE _verdict IS NOT NULL", kStage)));
    counts.repeated = LAGOA_TRY(number(fmt::format("SELECT count(*) FROM {}", kRepeats)));
    return counts;
}

std::string LoadStage::additions() const {
    return fmt::format(
        "SELECT {}, f._run, f._object, s._pointer, s._known_from FROM {} AS s JOIN {} AS f ON f._feed = s._feed "
        "ANTI JOIN {} AS r ON r._position = s._position WHERE s._verdict IS NULL AND s._position >= 0",
        columns("s"), kStage, kFeeds, kRepeats);
}

std::string LoadStage::refusals(std::string_view source, std::string_view run, Instant now, bool exists) const {
    const std::string table = quote_literal(contract_.table.text());
    const std::string version = quote_literal(contract_.version);
    const std::string rows = fmt::format(
        "SELECT DISTINCT ON (id) sha256(concat_ws(chr(10), f._object, s._pointer, {0}, {1})) AS id, {0} AS table_name, "
        "{2} AS source, s._sequence AS sequence, {3} AS run, "
        "CAST({4} AS TIMESTAMPTZ) AS quarantined_at, s._verdict AS rules, {1} AS contract_version, f._object AS "
        "object, s._pointer AS pointer, s._record AS record "
        "FROM {5} AS s JOIN {6} AS f ON f._feed = s._feed WHERE s._verdict IS NOT NULL ORDER BY s._position",
        table, version, quote_literal(source), quote_literal(run), quote_literal(format_instant(now)), kStage, kFeeds);
    if (!exists) return rows;
    return fmt::format("SELECT r.* FROM ({}) AS r ANTI JOIN quarantine.{} AS q ON q.id = r.id", rows,
                       quote_identifier(contract_.table.table));
}

}  // namespace lagoa::ingest
