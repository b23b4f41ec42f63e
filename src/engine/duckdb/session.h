// A Session over one DuckDB connection.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "duckdb.hpp"

#include "engine/duckdb/row_source_function.h"
#include "engine/engine.h"

namespace lagoa {

class DuckDbSession final : public Session {
public:
    DuckDbSession(duckdb::DatabaseInstance& instance, std::shared_ptr<RowSources> sources);
    ~DuckDbSession() override;

    Result<std::unique_ptr<RowStream>> query(std::string_view sql, std::span<const json::Value> parameters) override;
    Result<std::uint64_t> execute(std::string_view sql, std::span<const json::Value> parameters) override;
    Result<std::optional<std::string>> value(std::string_view sql, std::span<const json::Value> parameters) override;
    Result<std::vector<json::Object>> rows(std::string_view sql, std::span<const json::Value> parameters,
                                           std::size_t limit) override;
    Result<std::vector<Column>> describe(std::string_view sql) override;
    Result<> add_source(std::string name, std::shared_ptr<RowSource> source) override;
    void interrupt() override;

    duckdb::ClientContext& context() { return *connection_.context; }

private:
    // Reads `result` to its end; the rows it says were changed.
    Result<std::uint64_t> count_changed(duckdb::unique_ptr<duckdb::QueryResult> result);
    Result<duckdb::unique_ptr<duckdb::QueryResult>> run(std::string_view sql, std::span<const json::Value> parameters);
    Result<duckdb::unique_ptr<duckdb::QueryResult>> run_one(duckdb::unique_ptr<duckdb::SQLStatement> statement,
                                                            std::span<const json::Value> parameters);
    // run_one() without a second try.
    Result<duckdb::unique_ptr<duckdb::QueryResult>> try_one(
        duckdb::unique_ptr<duckdb::SQLStatement> statement,
        duckdb::case_insensitive_map_t<duckdb::BoundParameterData>& parameters);
    // Whether a conflict of `statement` may be answered by running it again.
    bool may_repeat(const duckdb::SQLStatement& statement) const;

    duckdb::Connection connection_;
    std::shared_ptr<RowSources> sources_;  // shared with the Engine
    std::vector<std::string> own_sources_;
    // Set by interrupt() until a statement has answered kCancelled: DuckDB forgets an interrupt that
    // comes between two statements. Shared with open streams.
    std::shared_ptr<std::atomic<bool>> interrupted_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace lagoa
