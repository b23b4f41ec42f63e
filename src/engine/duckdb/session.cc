#include "engine/duckdb/session.h"

#include <chrono>
#include <thread>
#include <utility>

#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/parameter.h"
#include "engine/duckdb/result.h"
#include "engine/duckdb/sql_rewrite.h"

namespace lagoa {

using duckdb::PendingExecutionResult;
using duckdb::QueryResult;

namespace {

// A statement that changes rows and loses them to another writer is run again so often.
constexpr int kMaxAttempts = 10;
constexpr std::chrono::milliseconds kConflictPause{2};

// Helps with the statement's tasks until its result can be read. DuckDB's own wait asks for tasks in a tight loop,
// which costs a core while a pipeline that only one thread can run (a row source) is under way.
void wait_until_ready(duckdb::PendingQueryResult& pending) {
    constexpr std::chrono::microseconds kPause{50};
    for (auto state = pending.ExecuteTask(); !duckdb::PendingQueryResult::IsResultReady(state);
         state = pending.ExecuteTask()) {
        if (state == PendingExecutionResult::NO_TASKS_AVAILABLE) std::this_thread::sleep_for(kPause);
        if (state == PendingExecutionResult::BLOCKED) pending.WaitForTask();
    }
}

}  // namespace

DuckDbSession::DuckDbSession(duckdb::DatabaseInstance& instance, std::shared_ptr<RowSources> sources)
    : connection_(instance), sources_(std::move(sources)) {}

DuckDbSession::~DuckDbSession() {
    for (const std::string& name : own_sources_) sources_->remove(name);
}

Result<std::unique_ptr<RowStream>> DuckDbSession::query(std::string_view sql, std::span<const json::Value> parameters) {
    auto result = LAGOA_TRY(run(sql, parameters));
    return make_row_stream(connection_.context, std::move(result), interrupted_);
}

Result<std::uint64_t> DuckDbSession::execute(std::string_view sql, std::span<const json::Value> parameters) {
    auto result = LAGOA_TRY(run(sql, parameters));
    return count_changed(std::move(result));
}

Result<std::uint64_t> DuckDbSession::count_changed(duckdb::unique_ptr<QueryResult> result) {
    const bool counts = result->properties.return_type == duckdb::StatementReturnType::CHANGED_ROWS;
    const auto stream = make_row_stream(connection_.context, std::move(result), interrupted_);
    std::uint64_t changed = 0;
    while (const RowBatch* batch = LAGOA_TRY(stream->next()))
        if (counts) changed = static_cast<std::uint64_t>(batch->json(0, 0).number()->to_int64().value_or(0));
    return changed;
}

Result<std::optional<std::string>> DuckDbSession::value(std::string_view sql, std::span<const json::Value> parameters) {
    const auto stream = LAGOA_TRY(query(sql, parameters));
    const RowBatch* batch = LAGOA_TRY(stream->next());
    if (stream->columns().size() != 1 || !batch || batch->rows() != 1)
        return fail(ErrorCode::kInvalidArgument, "expected one row of one column from: {}", sql);
    std::optional<std::string> text;
    if (!batch->is_null(0, 0)) text = batch->text(0, 0);
    const RowBatch* more = LAGOA_TRY(stream->next());
    if (more) return fail(ErrorCode::kInvalidArgument, "expected one row of one column from: {}", sql);
    return text;
}

Result<std::vector<json::Object>> DuckDbSession::rows(std::string_view sql, std::span<const json::Value> parameters,
                                                      std::size_t limit) {
    const auto stream = LAGOA_TRY(query(sql, parameters));
    std::vector<json::Object> rows;
    while (const RowBatch* batch = LAGOA_TRY(stream->next())) {
        if (rows.size() + batch->rows() > limit)
            return fail(ErrorCode::kResourceExhausted, "more than {} rows from: {}", limit, sql);
        for (std::size_t row = 0; row < batch->rows(); ++row) {
            json::Object& object = rows.emplace_back();
            for (std::size_t i = 0; i < stream->columns().size(); ++i)
                object.set(stream->columns()[i].name, batch->json(i, row));
        }
    }
    return rows;
}

Result<std::vector<Column>> DuckDbSession::describe(std::string_view sql) {
    return guarded([&]() -> Result<std::vector<Column>> {
        const auto prepared = connection_.Prepare(rewrite_sql(context(), sql));
        if (prepared->HasError()) return pass_on(to_error(prepared->GetErrorObject()));
        return columns_of(prepared->GetNames(), prepared->GetTypes());
    });
}

Result<> DuckDbSession::add_source(std::string name, std::shared_ptr<RowSource> source) {
    LAGOA_TRY(sources_->add(name, std::move(source)));
    own_sources_.push_back(std::move(name));
    return {};
}

void DuckDbSession::interrupt() {
    interrupted_->store(true);
    connection_.Interrupt();
}

Result<duckdb::unique_ptr<QueryResult>> DuckDbSession::run(std::string_view sql,
                                                           std::span<const json::Value> parameters) {
    return guarded([&]() -> Result<duckdb::unique_ptr<QueryResult>> {
        auto statements = connection_.ExtractStatements(rewrite_sql(context(), sql));
        if (statements.empty()) return fail(ErrorCode::kInvalidArgument, "there is no statement in \"{}\"", sql);
        for (std::size_t i = 0; i + 1 < statements.size(); ++i) {
            auto result = LAGOA_TRY(run_one(std::move(statements[i]), {}));
            LAGOA_TRY(count_changed(std::move(result)));  // a stream runs as far as it is read
        }
        return run_one(std::move(statements.back()), parameters);
    });
}

// What a statement outside a transaction has read and changed is rolled back when it fails. Rows of a source come once.
bool DuckDbSession::may_repeat(const duckdb::SQLStatement& statement) const {
    const bool changes_rows = statement.type == duckdb::StatementType::DELETE_STATEMENT ||
                              statement.type == duckdb::StatementType::UPDATE_STATEMENT ||
                              statement.type == duckdb::StatementType::MERGE_INTO_STATEMENT;
    return changes_rows && own_sources_.empty() && connection_.context->transaction.IsAutoCommit();
}

Result<duckdb::unique_ptr<QueryResult>> DuckDbSession::run_one(duckdb::unique_ptr<duckdb::SQLStatement> statement,
                                                               std::span<const json::Value> parameters) {
    auto bound = LAGOA_TRY(bind_parameters(parameters));
    if (!may_repeat(*statement)) return try_one(std::move(statement), bound);
    for (int attempt = 1; attempt < kMaxAttempts; ++attempt) {
        auto result = try_one(statement->Copy(), bound);
        if (result || result.error().code != ErrorCode::kConflict) return result;
        // Who lost together should not meet again: each connection waits for a while of its own.
        const auto own = static_cast<int>(connection_.context->GetConnectionId() % kMaxAttempts);
        std::this_thread::sleep_for(kConflictPause * (attempt + own));
    }
    return try_one(std::move(statement), bound);
}

Result<duckdb::unique_ptr<QueryResult>> DuckDbSession::try_one(
    duckdb::unique_ptr<duckdb::SQLStatement> statement,
    duckdb::case_insensitive_map_t<duckdb::BoundParameterData>& parameters) {
    if (interrupted_->exchange(false)) return fail(ErrorCode::kCancelled, "interrupted before the statement began");
    auto pending =
        connection_.PendingQuery(std::move(statement), parameters, duckdb::QueryResultOutputType::ALLOW_STREAMING);
    if (pending->HasError()) return pass_on(to_error(pending->GetErrorObject()));
    if (interrupted_->load()) connection_.Interrupt();  // it may have come before DuckDB began to listen
    wait_until_ready(*pending);
    auto result = pending->HasError() ? nullptr : pending->Execute();
    if (result != nullptr && !result->HasError()) return result;
    Error error = to_error(result == nullptr ? pending->GetErrorObject() : result->GetErrorObject());
    if (error.code == ErrorCode::kCancelled) interrupted_->store(false);
    return pass_on(std::move(error));
}

duckdb::ClientContext& context(Session& session) {
    return static_cast<DuckDbSession&>(session).context();
}

}  // namespace lagoa
