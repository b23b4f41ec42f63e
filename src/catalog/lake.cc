#include "catalog/lake.h"

#include <utility>

#include "catalog/duckdb/attach.h"
#include "catalog/duckdb/curve_order.h"
#include "catalog/duckdb/delta_changes.h"
#include "catalog/duckdb/delta_function.h"
#include "catalog/duckdb/held_snapshot.h"
#include "catalog/duckdb/parquet_io.h"
#include "catalog/duckdb/staging.h"
#include "catalog/impl/cut_view.h"
#include "catalog/impl/operation_context.h"
#include "catalog/impl/table_writer.h"

namespace lagoa {
namespace {

class LakeOnEngine final : public Lake {
public:
    LakeOnEngine(LakeOptions options, std::shared_ptr<LakeTables> tables)
        : engine_(*options.engine),
          tables_(std::move(tables)),
          operations_(make_table_operations({.tables = tables_, .engine = engine_})) {}

    Result<std::unique_ptr<Session>> connect(const Cut& cut) override {
        auto view = LAGOA_TRY(make_cut_view(tables_, cut), "connecting to the lake");
        auto session = LAGOA_TRY(engine_.connect());
        LAGOA_TRY(attach_lake(*session, std::move(view), operations_.get()));
        return session;
    }

    Result<WriteResult> write(Session& session, const WriteRequest& request) override {
        const delta::TableLocation location = LAGOA_TRY(tables_->locate(request.table));
        auto newest = tables_->newest(request.table);
        if (!newest && newest.error().code != ErrorCode::kNotFound)
            return pass_on(newest.error(), "writing {}", request.table.text());
        auto base = newest ? std::move(*newest) : nullptr;
        const bool dropped = base && LAGOA_TRY(tables_->is_dropped(request.table, base->version));
        TableWriter writer(session, location, std::move(base), dropped, request,
                           tables_->commit_options(request.table));
        const WriteResult written = LAGOA_TRY(writer.run(), "writing {}", request.table.text());
        // What a session has written it reads, whatever its cut.
        if (const auto view = attached_view(session)) view->pin(request.table, written.version);
        return written;
    }

    Result<delta::Version> alter(const TableName& table, std::shared_ptr<const delta::Snapshot> base,
                                 delta::Metadata changed, std::string operation,
                                 json::Object operation_parameters) override {
        const delta::TableLocation location = LAGOA_TRY(tables_->locate(table));
        delta::CommitRequest request;
        request.metadata = std::move(changed);
        request.operation = std::move(operation);
        request.operation_parameters = std::move(operation_parameters);
        return LAGOA_TRY(delta::commit(location, std::move(base), std::move(request), tables_->commit_options(table)),
                         "altering {}", table.text());
    }

    Result<delta::TableLocation> locate(const TableName& table) override { return tables_->locate(table); }

    Result<std::shared_ptr<const delta::Snapshot>> snapshot(const TableName& table, const Cut& cut) override {
        const auto view = LAGOA_TRY(make_cut_view(tables_, cut));
        return view->snapshot(table);
    }

    Result<std::vector<TableInfo>> tables(const Cut& cut) override {
        const auto view = LAGOA_TRY(make_cut_view(tables_, cut));
        std::vector<TableInfo> infos;
        for (const std::string& zone : LAGOA_TRY(view->zones()))
            for (const std::string& name : LAGOA_TRY(view->tables(zone))) {
                const TableName table{zone, name};
                const auto read = view->snapshot(table);
                if (!read) {
                    infos.push_back({.name = table, .rows = {}, .modified = {}, .unreadable = read.error()});
                    continue;
                }
                const delta::Snapshot& snapshot = **read;
                infos.push_back({.name = table,
                                 .version = snapshot.version,
                                 .rows = snapshot.row_count(),
                                 .files = snapshot.files.size(),
                                 .size_bytes = snapshot.size_bytes(),
                                 .modified = Instant(std::chrono::milliseconds(snapshot.timestamp_ms)),
                                 .unreadable = {}});
            }
        return infos;
    }

    Result<std::map<TableName, std::string>> views(const Cut& cut) override {
        const auto view = LAGOA_TRY(make_cut_view(tables_, cut));
        std::map<TableName, std::string> all;
        for (const std::string& zone : LAGOA_TRY(view->zones()))
            for (auto& [name, sql] : LAGOA_TRY(view->views(zone))) all[{zone, name}] = sql;
        return all;
    }

    TableOperations& operations() override { return *operations_; }

    LakeLog& log() override { return *tables_->log; }

private:
    Engine& engine_;
    const std::shared_ptr<LakeTables> tables_;  // shared with the sessions' views
    const std::unique_ptr<TableOperations> operations_;
};

}  // namespace

Result<std::unique_ptr<Lake>> Lake::open(LakeOptions options) {
    if (!options.engine || !options.log)
        return fail(ErrorCode::kInvalidArgument, "opening the lake: it needs an engine and a store for its log");
    if (!options.clock) options.clock = &system_clock();
    for (const auto& [zone, store] : options.zones) LAGOA_TRY(options.engine->mount(zone, store), "opening the lake");
    auto tables = std::make_shared<LakeTables>();
    tables->zones = options.zones;
    tables->parquet = make_parquet_io(*options.engine);
    tables->contracted = options.contracted;
    tables->log = std::make_unique<LakeLog>(options.log, *options.clock);
    tables->retention = options.retention;
    tables->clock = options.clock;
    tables->engine = options.engine;
    LAGOA_TRY(register_delta_function(*options.engine), "opening the lake");
    LAGOA_TRY(register_delta_changes(*options.engine), "opening the lake");
    LAGOA_TRY(register_held_snapshots(*options.engine), "opening the lake");
    LAGOA_TRY(register_staging(*options.engine), "opening the lake");
    LAGOA_TRY(register_curve_order(*options.engine), "opening the lake");
    return std::make_unique<LakeOnEngine>(std::move(options), std::move(tables));
}

}  // namespace lagoa
