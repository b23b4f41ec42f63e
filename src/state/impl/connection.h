// One SQLite connection with its prepared statements. Not thread-safe: Database holds a mutex over it.
#pragma once

#include <sqlite3.h>

#include <map>
#include <memory>
#include <string>

#include "state/database.h"

namespace lagoa::state {

class Connection {
public:
    static Result<Connection> open(const std::filesystem::path& file);

    Result<std::int64_t> execute(std::string_view sql, std::span<const Cell> parameters);
    Result<std::vector<Row>> query(std::string_view sql, std::span<const Cell> parameters);
    /// Several statements without parameters, not cached.
    Result<> run_script(std::string_view script);
    /// begin … commit around `body`, or begin … rollback when it or the commit fails.
    Result<> run_between(const char* begin, const char* commit, const char* rollback,
                         const std::function<Result<>()>& body);

private:
    struct CloseConnection {
        void operator()(sqlite3* handle) const { sqlite3_close(handle); }
    };
    struct FinalizeStatement {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

    Connection(sqlite3* handle, std::string file) : handle_(handle), file_(std::move(file)) {}
    std::unexpected<Error> failure(std::string_view doing) const;
    Result<sqlite3_stmt*> prepare(std::string_view sql, std::span<const Cell> parameters);

    std::unique_ptr<sqlite3, CloseConnection> handle_;
    std::string file_;
    std::map<std::string, Statement, std::less<>> statements_;  // by text; destroyed before handle_
};

}  // namespace lagoa::state
