// Reads relations of one PostgreSQL database, all in one read-only snapshot, through DuckDB's extension.
//
// Values arrive exactly. Booleans, whole numbers and days keep their type; everything else is the text that
// PostgreSQL writes for it (numerics with all digits, floats in the shortest form that reads back, instants
// in UTC as ISO 8601): the contract says what it becomes, and nothing passes through a double on the way.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "ingest/postgres/dsn.h"

namespace lagoa::ingest {

class SnapshotReader {
public:
    /// Connects and begins the snapshot. kUnavailable names host and port; kUnauthenticated.
    static Result<std::unique_ptr<SnapshotReader>> open(Engine& engine, const Dsn& dsn, std::stop_token stop);
    ~SnapshotReader();

    /// The SELECT, in PostgreSQL's SQL, that reads `relation` (`schema.table` or `table`) in this order.
    /// kNotFound: no such relation, or no such column to order by; kPermissionDenied.
    Result<std::string> select_of(const std::string& relation, const std::vector<std::string>& order_by);

    /// Writes the rows of `select` as Parquet to an SQL path; returns how many.
    Result<std::uint64_t> copy(const std::string& select, const std::string& sql_path);

private:
    SnapshotReader(std::unique_ptr<Session> session, const Dsn& dsn, std::string alias, std::stop_token stop);

    /// `select` as a table of DuckDB's.
    std::string remote(std::string_view select) const;
    Error explain(Error error) const;

    std::unique_ptr<Session> session_;
    const Dsn& dsn_;
    std::string alias_;  // the attached database's name: the engine's sessions share one name space
    std::stop_token stop_;
};

}  // namespace lagoa::ingest
