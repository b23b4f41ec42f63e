#include "catalog/duckdb/chunk_visitor.h"

#include <utility>

#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/execution/operator/helper/physical_result_collector.hpp"
#include "duckdb/main/client_config.hpp"
#include "duckdb/main/materialized_query_result.hpp"
#include "duckdb/main/prepared_statement_data.hpp"

namespace lagoa {
namespace {

// The visitor of one query and the error that ended it. One thread at a time: the sink below is not parallel.
struct Visit {
    VisitChunk visitor;
    Result<> done;
};

class ChunkVisitor final : public duckdb::PhysicalResultCollector {
public:
    ChunkVisitor(duckdb::PhysicalPlan& physical_plan, duckdb::PreparedStatementData& data, Visit& visit)
        : PhysicalResultCollector(physical_plan, data), visit_(visit) {}

    duckdb::unique_ptr<duckdb::GlobalSinkState> GetGlobalSinkState(duckdb::ClientContext& context) const override {
        return duckdb::make_uniq<State>(context.GetClientProperties());
    }

    duckdb::SinkResultType Sink(duckdb::ExecutionContext&, duckdb::DataChunk& chunk,
                                duckdb::OperatorSinkInput&) const override {
        visit_.done = visit_.visitor(chunk);
        return visit_.done ? duckdb::SinkResultType::NEED_MORE_INPUT : duckdb::SinkResultType::FINISHED;
    }

    duckdb::unique_ptr<duckdb::QueryResult> GetResult(duckdb::GlobalSinkState& state) const override {
        return duckdb::make_uniq<duckdb::MaterializedQueryResult>(
            statement_type, properties, names,
            duckdb::make_uniq<duckdb::ColumnDataCollection>(duckdb::Allocator::DefaultAllocator(), types),
            state.Cast<State>().client_properties);
    }

private:
    struct State final : duckdb::GlobalSinkState {
        explicit State(duckdb::ClientProperties properties) : client_properties(std::move(properties)) {}
        duckdb::ClientProperties client_properties;
    };

    Visit& visit_;  // of the call that runs the query
};

}  // namespace

Result<> visit_rows(duckdb::Connection& connection, const std::string& sql, const MakeVisitor& make,
                    const std::function<Error(const duckdb::ErrorData&)>& to_error) {
    Visit visit;
    auto& collector = duckdb::ClientConfig::GetConfig(*connection.context).get_result_collector;
    collector = [&](duckdb::ClientContext&, duckdb::PreparedStatementData& data) {
        visit.visitor = make(data.names, data.types);
        return duckdb::make_uniq<ChunkVisitor>(*data.physical_plan, data, visit);
    };
    const auto result = connection.Query(sql);
    collector = nullptr;
    if (!visit.done) return visit.done;
    if (result->HasError()) return pass_on(to_error(result->GetErrorObject()));
    return {};
}

}  // namespace lagoa
