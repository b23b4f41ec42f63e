#include "state/database.h"

#include <array>
#include <mutex>

#include "base/clock.h"
#include "state/impl/connection.h"
#include "state/impl/migrations.h"

namespace lagoa::state {
namespace {

// The same connection seen from inside a transaction: the lock is held already.
class OpenTransaction final : public Database {
public:
    explicit OpenTransaction(Connection& connection) : connection_(connection) {}

    Result<std::int64_t> execute(std::string_view sql, std::span<const Cell> parameters) override {
        return connection_.execute(sql, parameters);
    }
    Result<std::vector<Row>> query(std::string_view sql, std::span<const Cell> parameters) override {
        return connection_.query(sql, parameters);
    }
    /// All or nothing of `body` within the outer transaction, which decides whether it lasts.
    Result<> transaction(const std::function<Result<>(Database&)>& body) override {
        return connection_.run_between("SAVEPOINT inner", "RELEASE inner", "ROLLBACK TO inner; RELEASE inner",
                                       [&] { return body(*this); });
    }

private:
    Connection& connection_;
};

class SqliteDatabase final : public Database {
public:
    explicit SqliteDatabase(Connection connection) : connection_(std::move(connection)) {}

    Result<std::int64_t> execute(std::string_view sql, std::span<const Cell> parameters) override {
        const std::lock_guard lock(mutex_);
        return connection_.execute(sql, parameters);
    }
    Result<std::vector<Row>> query(std::string_view sql, std::span<const Cell> parameters) override {
        const std::lock_guard lock(mutex_);
        return connection_.query(sql, parameters);
    }
    Result<> transaction(const std::function<Result<>(Database&)>& body) override {
        const std::lock_guard lock(mutex_);
        return connection_.run_between("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", [&]() -> Result<> {
            OpenTransaction inside(connection_);
            return body(inside);
        });
    }

private:
    std::mutex mutex_;
    Connection connection_;  // guarded by mutex_
};

// The format of the file: 0 for a new one. kCorruption if the file is another program's database.
Result<std::int64_t> format_of(Connection& connection, const std::filesystem::path& file) {
    const auto tables = LAGOA_TRY(connection.query(
        "SELECT count(*), count(*) FILTER (WHERE type = 'table' AND name = 'format') FROM sqlite_schema", {}));
    if (as_int(tables[0][0]) == 0) return 0;
    if (as_int(tables[0][1]) == 0)
        return fail_with_hint(ErrorCode::kCorruption, "choose another path for the project's state",
                              "{} is an SQLite database, but not Lagoa's", file.string());
    const auto version = LAGOA_TRY(connection.query("SELECT max(version) FROM format", {}));
    return as_int(version[0][0]);
}

Result<> migrate(Connection& connection, const std::filesystem::path& file) {
    const auto scripts = migrations();
    const auto newest = static_cast<std::int64_t>(scripts.size());
    const auto upgrade = [&]() -> Result<> {
        // Read again under the lock: another process may have migrated meanwhile.
        auto version = LAGOA_TRY(format_of(connection, file));
        if (version == 0)
            LAGOA_TRY(connection.run_script("CREATE TABLE IF NOT EXISTS format (version INTEGER, applied TEXT)"));
        for (; version < newest; ++version) {
            LAGOA_TRY(connection.run_script(scripts[static_cast<std::size_t>(version)]));
            const std::array<Cell, 2> row = {Cell(version + 1), Cell(format_instant(system_clock().now()))};
            LAGOA_TRY(connection.execute("INSERT INTO format VALUES (?, ?)", row));
        }
        return {};
    };
    auto version = LAGOA_TRY(format_of(connection, file));
    if (version < newest) {
        LAGOA_TRY(connection.run_between("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", upgrade),
                  "bringing {} from format {} to {}", file.string(), version, newest);
        version = LAGOA_TRY(format_of(connection, file));
    }
    if (version > newest)
        return fail_with_hint(ErrorCode::kUnsupported, "use the newer Lagoa that wrote it",
                              "{} has format {}, this program reads up to {}", file.string(), version, newest);
    return {};
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file) {
    auto connection = LAGOA_TRY(Connection::open(file));
    LAGOA_TRY(migrate(connection, file));
    return std::make_unique<SqliteDatabase>(std::move(connection));
}

std::int64_t as_int(const Cell& cell) {
    const auto* integer = std::get_if<std::int64_t>(&cell);
    return integer == nullptr ? 0 : *integer;
}

std::string as_text(const Cell& cell) {
    const auto* text = std::get_if<std::string>(&cell);
    return text == nullptr ? std::string() : *text;
}

}  // namespace lagoa::state
