// The local control plane: one SQLite file in WAL mode, `.lagoa/state.db`.
//
// Migrations run on open; a file of a newer format is refused by name. Tables are append-only
// where rates matter (rowid order, never a clustered key).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace lagoa::state {

/// A bound or returned value.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
using Row = std::vector<Cell>;

/// One writer at a time across threads and processes (busy timeout 10 s). Thread-safe.
class Database {
public:
    /// Opens or creates. kUnsupported: written by a newer Lagoa. kCorruption: not a database.
    static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file);
    virtual ~Database() = default;

    /// Runs one statement with `?` parameters, durable on return. Returns the rows changed.
    virtual Result<std::int64_t> execute(std::string_view sql, std::span<const Cell> parameters = {}) = 0;
    virtual Result<std::vector<Row>> query(std::string_view sql, std::span<const Cell> parameters = {}) = 0;

    /// Runs `body` in one IMMEDIATE transaction: all of it is durable, or none when it returns an error.
    virtual Result<> transaction(const std::function<Result<>(Database&)>& body) = 0;
};

std::int64_t as_int(const Cell& cell);  ///< 0 for NULL
std::string as_text(const Cell& cell);  ///< empty for NULL

/// A named lock with a holder that other processes can see; freed by its destructor, and taken over when
/// its process is gone (pid and start time are compared) .
class Lease {
public:
    /// kConflict names the holder: `source brapi_stocks is held by pid 4711 (lagoa ingest) since …`.
    static Result<Lease> take(Database& database, std::string name, std::string purpose);
    Lease(Lease&&) noexcept;
    Lease& operator=(Lease&&) noexcept;
    ~Lease();

private:
    struct Impl;
    explicit Lease(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace lagoa::state
