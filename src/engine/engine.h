// The SQL engine (DuckDB) behind RAII: one Engine owns memory, threads and spill space; its
// Sessions run statements and stream rows.
//
// DuckDB's headers do not appear here. catalog, which extends the engine, reaches the instance
// through engine/duckdb/access.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/row_source.h"
#include "model/schema.h"
#include "store/object_store.h"
#include "store/s3_options.h"

namespace lagoa {

struct EngineOptions {
    std::uint64_t memory_limit_bytes = std::uint64_t{2} << 30;
    unsigned threads = 2;
    std::filesystem::path temp_directory;          ///< Spill files; empty: no spilling.
    std::string time_zone = "UTC";                 ///< How sessions show instants.
    std::filesystem::path extension_directory;     ///< Where signed extensions lie as `<name>.duckdb_extension`.
    S3Options s3 = S3Options::from_environment();  ///< For buckets that a statement names and no mount holds.
};

/// Column of a result.
struct Column {
    std::string name;
    Type type;
};

/// Some rows of a result, by column. Valid until the next call to RowStream::next.
class RowBatch {
public:
    virtual ~RowBatch() = default;
    virtual std::size_t rows() const = 0;
    virtual bool is_null(std::size_t column, std::size_t row) const = 0;
    /// As SQL's VARCHAR cast prints it (decimals exact, instants in the session's zone).
    virtual std::string text(std::size_t column, std::size_t row) const = 0;
    /// As JSON: numbers and booleans bare, decimals as numbers with their exact text, lists and
    /// structs nested, everything else a string. Instants are in UTC (`2026-01-02T03:00:00Z`), times without a zone
    /// alike but for the `Z`.
    virtual json::Value json(std::size_t column, std::size_t row) const = 0;
};

/// A result being read. Rows are produced on demand; dropping the stream cancels the rest.
class RowStream {
public:
    virtual ~RowStream() = default;
    virtual const std::vector<Column>& columns() const = 0;
    /// The next rows, nullptr after the last.
    virtual Result<const RowBatch*> next() = 0;
};

/// One connection. Used by one thread at a time, except interrupt(). One open RowStream at most:
/// a new statement ends the earlier stream.
class Session {
public:
    virtual ~Session() = default;

    /// Runs every statement of `sql` (separated by `;`) and returns the rows of the last. `parameters` fill
    /// `$1`, `$2`, … of the last statement. kInvalidArgument for SQL that does not parse or bind,
    /// kCancelled after interrupt(), kResourceExhausted beyond the memory limit or on a full disk. A DELETE, UPDATE or
    /// MERGE outside a transaction that ends in kConflict is run again, ten times at most, unless the session has a
    /// source, whose rows come once.
    virtual Result<std::unique_ptr<RowStream>> query(std::string_view sql,
                                                     std::span<const json::Value> parameters = {}) = 0;

    /// As query() to its end. Returns the rows inserted, updated, deleted or copied, 0 for others.
    virtual Result<std::uint64_t> execute(std::string_view sql, std::span<const json::Value> parameters = {}) = 0;

    /// The single row's single value as text; nullopt for NULL. kInvalidArgument for another shape.
    virtual Result<std::optional<std::string>> value(std::string_view sql,
                                                     std::span<const json::Value> parameters = {}) = 0;

    /// All rows as JSON objects; for small results. kResourceExhausted beyond `limit` rows.
    virtual Result<std::vector<json::Object>> rows(std::string_view sql, std::span<const json::Value> parameters = {},
                                                   std::size_t limit = 10'000) = 0;

    /// What `sql` (one SELECT) would return, without running it.
    virtual Result<std::vector<Column>> describe(std::string_view sql) = 0;

    /// Makes `source` readable as `rows_of('<name>')` in this engine until the session ends.
    virtual Result<> add_source(std::string name, std::shared_ptr<RowSource> source) = 0;

    /// Stops the running statement, from any thread; the next one if none runs, so that a stop between the
    /// statements of one task is not lost.
    virtual void interrupt() = 0;
};

/// Thread-safe.
class Engine {
public:
    /// kInvalidConfig for limits the engine refuses.
    static Result<std::unique_ptr<Engine>> open(const EngineOptions& options);
    virtual ~Engine() = default;

    virtual Result<std::unique_ptr<Session>> connect() = 0;

    /// Makes `store` readable and writable as `lagoa://<name>/<key>` in SQL. Writes become visible
    /// and durable on close only. The store must outlive the engine's sessions.
    virtual Result<> mount(std::string name, std::shared_ptr<ObjectStore> store) = 0;

    /// Loads a signed extension from extension_directory. kNotFound with the path looked at.
    virtual Result<> load_extension(std::string_view name) = 0;
};

/// Interrupts `session` when `stop` is requested, for as long as this lives.
class InterruptOnStop {
public:
    InterruptOnStop(Session& session, std::stop_token stop) : callback_(std::move(stop), Interrupt{&session}) {}

private:
    struct Interrupt {
        Session* session;
        void operator()() const { session->interrupt(); }
    };
    std::stop_callback<Interrupt> callback_;
};

}  // namespace lagoa
