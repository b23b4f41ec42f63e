#include "ingest/postgres/snapshot_reader.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"

namespace lagoa::ingest {
namespace {

constexpr std::size_t kMaxColumns = 1600;  // PostgreSQL's own limit
constexpr std::array<std::string_view, 5> kTyped = {"boolean", "smallint", "integer", "bigint", "date"};

// A relation as written, each part quoted.
std::string quoted(const std::string& relation) {
    std::vector<std::string> parts;
    for (const auto part : split(relation, '.')) parts.push_back(quote_identifier(part));
    return fmt::format("{}", fmt::join(parts, "."));
}

// What the server is asked for to get a column's exact value.
std::string expression(std::string_view name, std::string_view type) {
    const std::string column = quote_identifier(name);
    if (std::ranges::find(kTyped, type) != kTyped.end()) return column;
    if (type == "money") return fmt::format("{0}::numeric::text as {0}", column);
    // Text of instants depends on the server's DateStyle and TimeZone, so its form is spelt out.
    if (type == "timestamp with time zone")
        return fmt::format(
            R"(case when isfinite({0}) then to_char({0} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') else {0}::text end as {0})",
            column);
    if (type == "timestamp without time zone")
        return fmt::format(
            R"(case when isfinite({0}) then to_char({0}, 'YYYY-MM-DD"T"HH24:MI:SS.US') else {0}::text end as {0})",
            column);
    return fmt::format("{0}::text as {0}", column);
}

bool says(const Error& error, std::string_view words) {
    return error.message.find(words) != std::string::npos;
}

}  // namespace

SnapshotReader::SnapshotReader(std::unique_ptr<Session> session, const Dsn& dsn, std::string alias,
                               std::stop_token stop)
    : session_(std::move(session)), dsn_(dsn), alias_(std::move(alias)), stop_(std::move(stop)) {}

Result<std::unique_ptr<SnapshotReader>> SnapshotReader::open(Engine& engine, const Dsn& dsn, std::stop_token stop) {
    LAGOA_TRY(engine.load_extension("postgres_scanner"), "loading the PostgreSQL reader");
    auto session = LAGOA_TRY(engine.connect());
    const std::string alias = "postgres_" + replace_all(new_uuid(), "-", "");
    const InterruptOnStop interrupt(*session, stop);
    const auto attached =
        session->execute(fmt::format("ATTACH {} AS {} (TYPE postgres, READ_ONLY)", quote_literal(dsn.conninfo), alias));
    if (!attached) {
        Error error = dsn.redact(attached.error());
        error.message = replace_all(error.message, dsn.redact(dsn.conninfo), dsn.place);
        const bool refused = says(error, "password") || says(error, "authentication failed");
        if (error.code != ErrorCode::kCancelled)
            error.code = refused ? ErrorCode::kUnauthenticated : ErrorCode::kUnavailable;
        return pass_on(std::move(error), "connecting to PostgreSQL at {}", dsn.place);
    }
    std::unique_ptr<SnapshotReader> reader(new SnapshotReader(std::move(session), dsn, alias, stop));
    // The extension begins the server's transaction with it: REPEATABLE READ, READ ONLY.
    const auto begun = reader->session_->execute("BEGIN TRANSACTION");
    if (!begun) return pass_on(reader->explain(begun.error()));
    return reader;
}

SnapshotReader::~SnapshotReader() {
    // A read-only transaction has nothing to lose; without one the statement only complains.
    const auto ended = session_->execute("ROLLBACK");
    const auto detached = session_->execute("DETACH " + alias_);
    if (!detached)
        log::warn(
            "ingest.postgres_not_detached",
            {{"place", dsn_.place}, {"rolled_back", ended.has_value()}, {"reason", explain(detached.error()).message}});
}

std::string SnapshotReader::remote(std::string_view select) const {
    return fmt::format("postgres_query({}, {})", quote_literal(alias_), quote_literal(select));
}

Error SnapshotReader::explain(Error error) const {
    error = dsn_.redact(std::move(error));
    error.message = fmt::format("reading PostgreSQL at {}: {}", dsn_.place,
                                replace_all(error.message, dsn_.redact(dsn_.conninfo), dsn_.place));
    return error;
}

Result<std::string> SnapshotReader::select_of(const std::string& relation, const std::vector<std::string>& order_by) {
    const InterruptOnStop interrupt(*session_, stop_);
    const std::string name = quoted(relation);
    // A domain counts as the type it is made of.
    const std::string catalog = fmt::format(
        "select a.attname::text as name, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null) as type,"
        " has_table_privilege(a.attrelid, 'select') as readable"
        " from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid"
        " where a.attrelid = to_regclass({}) and a.attnum > 0 and not a.attisdropped order by a.attnum",
        quote_literal(name));
    const auto columns = session_->rows("SELECT * FROM " + remote(catalog), {}, kMaxColumns);
    if (!columns) return pass_on(explain(columns.error()));
    if (columns->empty())
        return fail_with_hint(ErrorCode::kNotFound, "Check `relation` in the source's file.",
                              "PostgreSQL at {} has no relation {}", dsn_.place, relation);

    std::vector<std::string> expressions;
    std::vector<std::string> names;
    for (const json::Object& row : *columns) {
        const json::Value column = row;
        if (!column.bool_at("readable").value_or(false))
            return fail_with_hint(ErrorCode::kPermissionDenied, fmt::format("Grant it: grant select on {} to …", name),
                                  "PostgreSQL at {} lets this user not read {}", dsn_.place, relation);
        names.push_back(column.string_at("name").value_or(""));
        expressions.push_back(expression(names.back(), column.string_at("type").value_or("")));
    }
    std::string select = fmt::format("select {} from {}", fmt::join(expressions, ", "), name);
    for (std::size_t i = 0; i < order_by.size(); ++i) {
        if (std::ranges::find(names, order_by[i]) == names.end())
            return fail_with_hint(ErrorCode::kNotFound,
                                  fmt::format("Use columns of {}: {}.", relation, fmt::join(names, ", ")),
                                  "order_by: {} has no column {}", relation, order_by[i]);
        // Of the relation, not of the text made from it: numbers sort as numbers.
        select += fmt::format("{}{}.{}", i == 0 ? " order by " : ", ", name, quote_identifier(order_by[i]));
    }
    return select;
}

Result<std::uint64_t> SnapshotReader::copy(const std::string& select, const std::string& sql_path) {
    const InterruptOnStop interrupt(*session_, stop_);
    const auto rows = session_->execute(fmt::format("COPY (SELECT * FROM {}) TO {} (FORMAT parquet, COMPRESSION zstd)",
                                                    remote(select), quote_literal(sql_path)));
    if (!rows) return pass_on(explain(rows.error()));
    return *rows;
}

}  // namespace lagoa::ingest
