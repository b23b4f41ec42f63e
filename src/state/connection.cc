#include "state/impl/connection.h"

#include "base/log.h"

namespace lagoa::state {
namespace {

constexpr int kBusyTimeoutMs = 10'000;
constexpr std::size_t kMaxStatements = 128;  // our statements are few; a caller that formats values into SQL is a bug

ErrorCode code_of(int extended) {
    if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
        return ErrorCode::kAlreadyExists;
    switch (extended & 0xff) {
        case SQLITE_NOTADB:
        case SQLITE_CORRUPT:
            return ErrorCode::kCorruption;
        case SQLITE_FULL:
        case SQLITE_NOMEM:
        case SQLITE_TOOBIG:
            return ErrorCode::kResourceExhausted;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
            return ErrorCode::kUnavailable;
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_AUTH:
            return ErrorCode::kPermissionDenied;
        case SQLITE_CONSTRAINT:
            return ErrorCode::kInvalidArgument;
        default:
            return ErrorCode::kInternal;
    }
}

int bind(sqlite3_stmt* statement, int index, const Cell& cell) {
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) return sqlite3_bind_int64(statement, index, *integer);
    if (const auto* real = std::get_if<double>(&cell)) return sqlite3_bind_double(statement, index, *real);
    if (const auto* text = std::get_if<std::string>(&cell))
        return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return sqlite3_bind_null(statement, index);
}

Cell column(sqlite3_stmt* statement, int index) {
    switch (sqlite3_column_type(statement, index)) {
        case SQLITE_INTEGER:
            return static_cast<std::int64_t>(sqlite3_column_int64(statement, index));
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement, index);
        case SQLITE_NULL:
            return {};
        default: {
            const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, index));
            const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
            return bytes == nullptr ? std::string() : std::string(bytes, size);
        }
    }
}

// A statement is reset as soon as its rows are read: an unfinished one would hold its snapshot open.
struct ResetOnExit {
    sqlite3_stmt* statement;
    ~ResetOnExit() {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
};

}  // namespace

Result<Connection> Connection::open(const std::filesystem::path& file) {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int rc = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    if (handle == nullptr) return fail(ErrorCode::kResourceExhausted, "opening {}: out of memory", file.string());
    Connection connection(handle, file.string());
    if (rc != SQLITE_OK) return connection.failure("opening");
    sqlite3_busy_timeout(handle, kBusyTimeoutMs);
    LAGOA_TRY(connection.run_script("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"));
    return connection;
}

std::unexpected<Error> Connection::failure(std::string_view doing) const {
    const int extended = sqlite3_extended_errcode(handle_.get());
    const ErrorCode code = code_of(extended);
    std::string hint;
    if (code == ErrorCode::kCorruption) hint = "move the file away; tables and landed data are not in it";
    if (code == ErrorCode::kResourceExhausted) hint = "free space on the disk of " + file_;
    return fail_with_hint(code, std::move(hint), "{} {}: {}", doing, file_, sqlite3_errmsg(handle_.get()));
}

Result<sqlite3_stmt*> Connection::prepare(std::string_view sql, std::span<const Cell> parameters) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        sqlite3_stmt* raw = nullptr;
        const int rc = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
        if (rc != SQLITE_OK) return failure("preparing a statement in");
        if (raw == nullptr) return fail(ErrorCode::kInternal, "an empty statement for {}", file_);
        if (statements_.size() >= kMaxStatements) statements_.clear();
        found = statements_.emplace(std::string(sql), Statement(raw)).first;
    }
    sqlite3_stmt* statement = found->second.get();
    if (sqlite3_bind_parameter_count(statement) != static_cast<int>(parameters.size()))
        return fail(ErrorCode::kInternal, "a statement with {} parameters was given {}",
                    sqlite3_bind_parameter_count(statement), parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i)
        if (bind(statement, static_cast<int>(i) + 1, parameters[i]) != SQLITE_OK)
            return failure("binding a parameter for");
    return statement;
}

Result<std::int64_t> Connection::execute(std::string_view sql, std::span<const Cell> parameters) {
    sqlite3_stmt* statement = LAGOA_TRY(prepare(sql, parameters));
    const ResetOnExit reset{statement};
    int rc = SQLITE_ROW;
    while (rc == SQLITE_ROW) rc = sqlite3_step(statement);
    if (rc != SQLITE_DONE) return failure("writing");
    return sqlite3_changes64(handle_.get());
}

Result<std::vector<Row>> Connection::query(std::string_view sql, std::span<const Cell> parameters) {
    sqlite3_stmt* statement = LAGOA_TRY(prepare(sql, parameters));
    const ResetOnExit reset{statement};
    std::vector<Row> rows;
    int rc = SQLITE_OK;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        Row& row = rows.emplace_back();
        for (int i = 0; i < sqlite3_column_count(statement); ++i) row.push_back(column(statement, i));
    }
    if (rc != SQLITE_DONE) return failure("reading");
    return rows;
}

Result<> Connection::run_script(std::string_view script) {
    const std::string text(script);
    if (sqlite3_exec(handle_.get(), text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return failure("writing");
    return {};
}

Result<> Connection::run_between(const char* begin, const char* commit, const char* rollback,
                                 const std::function<Result<>()>& body) {
    LAGOA_TRY(run_script(begin));
    Result<> outcome = body();
    if (outcome) outcome = run_script(commit);
    if (outcome) return outcome;
    // SQLite may have rolled back by itself (disk full); a second rollback is then an error of no interest.
    if (sqlite3_get_autocommit(handle_.get()) == 0)
        if (const auto undone = run_script(rollback); !undone)
            log::error("state.rollback_failed", {{"file", file_}, {"error", undone.error().message}});
    return outcome;
}

}  // namespace lagoa::state
