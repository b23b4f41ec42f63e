#include "catalog/duckdb/lake_functions.h"

#include <algorithm>
#include <string_view>

#include "duckdb/function/pragma_function.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/parser/parsed_data/alter_table_info.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/statement/alter_statement.hpp"
#include "duckdb/planner/binder.hpp"

#include "catalog/duckdb/lake_alter.h"
#include "catalog/duckdb/lake_transaction.h"
#include "catalog/duckdb/statement_call.h"
#include "catalog/duckdb/stop_on_interrupt.h"
#include "catalog/duckdb/table_descriptions.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

using duckdb::LogicalType;
using duckdb::Value;

Value count(std::uint64_t number) {
    return Value::BIGINT(static_cast<std::int64_t>(number));
}

LogicalType file_metrics() {
    return LogicalType::STRUCT(
        {{"totalFiles", LogicalType::BIGINT}, {"totalSize", LogicalType::BIGINT}, {"avg", LogicalType::DOUBLE}});
}

LogicalType optimize_metrics() {
    return LogicalType::STRUCT({{"numFilesAdded", LogicalType::BIGINT},
                                {"numFilesRemoved", LogicalType::BIGINT},
                                {"filesAdded", file_metrics()},
                                {"filesRemoved", file_metrics()},
                                {"partitionsOptimized", LogicalType::BIGINT},
                                {"totalConsideredFiles", LogicalType::BIGINT}});
}

Value files(std::uint64_t number, std::uint64_t bytes) {
    const double average = number == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(number);
    return Value::STRUCT({{"totalFiles", count(number)}, {"totalSize", count(bytes)}, {"avg", Value::DOUBLE(average)}});
}

std::string folder_of(const StatementCall& call) {
    return fmt::format("lagoa://{}/{}", call.table().zone, unwrap(call.view().location(call.table())).path);
}

SqlRows optimize(const StatementCall& call) {
    const StopOnInterrupt stop(call.context());
    const OptimizeRequest request{.where = call.text("predicate").value_or(""),
                                  .z_order = call.texts("z_order"),
                                  .full = call.flag("all_files"),
                                  .purge = call.flag("purge"),
                                  .target_bytes = {},
                                  .stop = stop.token()};
    const OptimizeResult done = unwrap(call.operations().optimize(call.table(), request));
    if (done.version) call.pin(*done.version);
    return {{Value(folder_of(call)), Value::STRUCT({{"numFilesAdded", count(done.files_added)},
                                                    {"numFilesRemoved", count(done.files_removed)},
                                                    {"filesAdded", files(done.files_added, done.bytes_added)},
                                                    {"filesRemoved", files(done.files_removed, done.bytes_removed)},
                                                    {"partitionsOptimized", count(done.partitions_optimized)},
                                                    {"totalConsideredFiles", count(done.files_considered)}})}};
}

SqlRows vacuum(const StatementCall& call) {
    if (call.flag("of_any_catalog") && call.is_foreign())
        return {};  // of which DuckDB's own VACUUM t takes nothing away
    VacuumRequest request{.retain = {}, .lite = call.flag("lite"), .dry_run = call.flag("dry_run")};
    if (const auto hours = call.integer("retain_hours")) request.retain = std::chrono::hours(*hours);
    const VacuumResult done = unwrap(call.operations().vacuum(call.table(), request));
    if (!request.dry_run) return {{Value(folder_of(call))}};
    SqlRows rows;
    for (const std::string& file : done.files) rows.push_back({Value(folder_of(call) + "/" + file)});
    return rows;
}

SqlRows restore(const StatementCall& call) {
    const RestoreResult done = unwrap(call.operations().restore(call.table(), call.version()));
    if (done.version) call.pin(*done.version);
    const auto table = unwrap(call.view().newest(call.table()));
    return {{count(table->size_bytes()), count(table->files.size()), count(done.files_removed),
             count(done.files_restored), count(done.bytes_removed), count(done.bytes_restored)}};
}

SqlRows clone(const StatementCall& call) {
    const auto source = call.text("source");
    const CloneRequest request{.source = source ? call.resolve(*source).text() : call.text("path").value_or(""),
                               .at = call.version(),
                               .replace = call.flag("or_replace"),
                               .if_not_exists = call.flag("if_not_exists")};
    const CloneResult done = unwrap(call.operations().clone(call.table(), request));
    if (!done.version) return {};
    call.pin(*done.version);
    return {{count(done.bytes), count(done.files), count(0), count(0)}};
}

void register_row_functions(duckdb::DatabaseInstance& instance) {
    const auto version = std::pair("version", LogicalType::BIGINT);
    // Any type that is an instant: what lacks a zone gets the session's.
    const auto instant = std::pair("instant", LogicalType::ANY);
    register_row_function(instance, {.name = "lagoa_optimize",
                                     .columns = {{"path", LogicalType::VARCHAR}, {"metrics", optimize_metrics()}},
                                     .parameters = {{"predicate", LogicalType::VARCHAR},
                                                    {"z_order", LogicalType::LIST(LogicalType::VARCHAR)},
                                                    {"all_files", LogicalType::BOOLEAN},
                                                    {"purge", LogicalType::BOOLEAN}},
                                     .run = optimize});
    register_row_function(instance, {.name = "lagoa_vacuum",
                                     .columns = {{"path", LogicalType::VARCHAR}},
                                     .parameters = {{"lite", LogicalType::BOOLEAN},
                                                    {"retain_hours", LogicalType::BIGINT},
                                                    {"dry_run", LogicalType::BOOLEAN},
                                                    {"of_any_catalog", LogicalType::BOOLEAN}},
                                     .run = vacuum});
    register_row_function(instance, {.name = "lagoa_restore",
                                     .columns = {{"table_size_after_restore", LogicalType::BIGINT},
                                                 {"num_of_files_after_restore", LogicalType::BIGINT},
                                                 {"num_removed_files", LogicalType::BIGINT},
                                                 {"num_restored_files", LogicalType::BIGINT},
                                                 {"removed_files_size", LogicalType::BIGINT},
                                                 {"restored_files_size", LogicalType::BIGINT}},
                                     .parameters = {version, instant},
                                     .run = restore});
    register_row_function(instance, {.name = "lagoa_clone",
                                     .columns = {{"source_table_size", LogicalType::BIGINT},
                                                 {"source_num_of_files", LogicalType::BIGINT},
                                                 {"num_copied_files", LogicalType::BIGINT},
                                                 {"copied_files_size", LogicalType::BIGINT}},
                                     .parameters = {version,
                                                    instant,
                                                    {"source", LogicalType::VARCHAR},
                                                    {"path", LogicalType::VARCHAR},
                                                    {"or_replace", LogicalType::BOOLEAN},
                                                    {"if_not_exists", LogicalType::BOOLEAN}},
                                     .run = clone});
}

// Pragmas: the table is the first argument.

std::string argument(const duckdb::FunctionParameters& parameters, std::size_t index) {
    return parameters.values[index].ToString();
}

template <RuleChange::Kind kind>
void change_rule(duckdb::ClientContext& context, const duckdb::FunctionParameters& parameters) {
    const StatementCall call(context, parameters.values[0], parameters.named_parameters);
    RuleChange change{.kind = kind};
    if constexpr (kind == RuleChange::Kind::kClusterBy) {
        for (std::size_t i = 1; i < parameters.values.size(); ++i) change.columns.push_back(argument(parameters, i));
    } else {
        change.name = argument(parameters, 1);
        if (kind == RuleChange::Kind::kAddConstraint) change.text = argument(parameters, 2);
        if (kind == RuleChange::Kind::kDropConstraint) change.if_exists = parameters.values[2].GetValue<bool>();
    }
    call.pin(unwrap(call.operations().change_rule(call.table(), change)));
}

// Column → type, as CONVERT's PARTITIONED BY declares them.
std::map<std::string, std::string> declared_types(duckdb::ClientContext& context, const std::string& columns) {
    std::map<std::string, std::string> types;
    if (columns.empty()) return types;
    const auto binder = duckdb::Binder::CreateBinder(context);
    const duckdb::ColumnList declared = duckdb::Parser::ParseColumnList(columns);
    for (const auto& column : declared.Logical()) {
        LogicalType type = column.Type();
        binder->BindLogicalType(type);
        types[column.Name()] = type.ToString();
    }
    return types;
}

void convert(duckdb::ClientContext& context, const duckdb::FunctionParameters& parameters) {
    const StatementCall call(context, parameters.values[0], parameters.named_parameters);
    const ConvertRequest request{.source = "",
                                 .partition_types = declared_types(context, argument(parameters, 1)),
                                 .no_statistics = parameters.values[2].GetValue<bool>()};
    call.pin(unwrap(call.operations().convert(call.table(), request)).version);
}

void bind_type(duckdb::Binder& binder, duckdb::AlterTableInfo& change) {
    using enum duckdb::AlterTableType;
    if (change.alter_table_type == ADD_COLUMN)
        binder.BindLogicalType(change.Cast<duckdb::AddColumnInfo>().new_column.TypeMutable());
    if (change.alter_table_type == ADD_FIELD)
        binder.BindLogicalType(change.Cast<duckdb::AddFieldInfo>().new_field.TypeMutable());
    if (change.alter_table_type == ALTER_COLUMN_TYPE)
        binder.BindLogicalType(change.Cast<duckdb::ChangeColumnTypeInfo>().target_type);
}

// Several ALTER and COMMENT statements for one table, as one change in the connection's transaction.
void alter(duckdb::ClientContext& context, const duckdb::FunctionParameters& parameters) {
    const StatementCall call(context, parameters.values[0], parameters.named_parameters);
    duckdb::Parser parser(context.GetParserOptions());
    parser.ParseQuery(argument(parameters, 1));
    const auto binder = duckdb::Binder::CreateBinder(context);
    std::vector<const duckdb::AlterInfo*> changes;
    bool if_there = false;
    for (const auto& statement : parser.statements) {
        duckdb::AlterInfo& change = *statement->Cast<duckdb::AlterStatement>().info;
        if (change.type == duckdb::AlterType::ALTER_TABLE) bind_type(*binder, change.Cast<duckdb::AlterTableInfo>());
        if (change.if_not_found == duckdb::OnEntryNotFound::RETURN_NULL) if_there = true;
        changes.push_back(&change);
    }
    const auto newest = call.view().newest(call.table());
    if (!newest && newest.error().code == ErrorCode::kNotFound && if_there) return;
    unwrap(newest);
    auto& transaction = LakeTransaction::of(context, call.lake());
    if (auto write = table_alteration(transaction, call.table(), changes))
        transaction.write(context, *std::move(write));
}

void register_pragmas(duckdb::DatabaseInstance& instance) {
    using Kind = RuleChange::Kind;
    const LogicalType text = LogicalType::VARCHAR;
    const LogicalType flag = LogicalType::BOOLEAN;
    duckdb::ExtensionLoader loader(instance, "lagoa");
    const auto add = [&](const char* name, duckdb::pragma_function_t function, duckdb::vector<LogicalType> arguments,
                         LogicalType more = LogicalType::INVALID) {
        loader.RegisterFunction(
            duckdb::PragmaFunction::PragmaCall(name, function, std::move(arguments), std::move(more)));
    };
    add("lagoa_add_constraint", change_rule<Kind::kAddConstraint>, {text, text, text});
    add("lagoa_drop_constraint", change_rule<Kind::kDropConstraint>, {text, text, flag});
    add("lagoa_add_feature", change_rule<Kind::kAddFeature>, {text, text});
    add("lagoa_drop_feature", change_rule<Kind::kDropFeature>, {text, text});
    add("lagoa_cluster_by", change_rule<Kind::kClusterBy>, {text}, text);
    add("lagoa_alter", alter, {text, text});
    add("lagoa_convert", convert, {text, text, flag});
}

}  // namespace

void register_lake_functions(duckdb::DatabaseInstance& instance) {
    register_row_functions(instance);
    register_table_descriptions(instance);
    register_pragmas(instance);
}

}  // namespace lagoa
