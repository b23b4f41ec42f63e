#include "catalog/duckdb/statement_call.h"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_search_path.hpp"
#include "duckdb/catalog/entry_lookup_info.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/planner/binder.hpp"

#include "base/text.h"
#include "catalog/duckdb/time_travel.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

constexpr const char* kCatalogType = "lagoa";

struct Registered final : duckdb::TableFunctionInfo {
    explicit Registered(RowFunction of) : function(std::move(of)) {}
    const RowFunction function;
};

struct Bound final : duckdb::TableFunctionData {
    duckdb::shared_ptr<duckdb::TableFunctionInfo> info;  // shared with the function
    duckdb::Value table;
    duckdb::named_parameter_map_t parameters;
};

struct Running final : duckdb::GlobalTableFunctionState {
    std::optional<SqlRows> rows;
    std::size_t next = 0;
};

duckdb::unique_ptr<duckdb::FunctionData> bind(duckdb::ClientContext&, duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<duckdb::string>& names) {
    for (const auto& [name, type] : input.info->Cast<Registered>().function.columns) {
        names.emplace_back(name);
        types.push_back(type);
    }
    auto bound = duckdb::make_uniq<Bound>();
    bound->info = input.table_function.function_info;
    bound->table = input.inputs[0];
    bound->parameters = input.named_parameters;
    return bound;
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> start(duckdb::ClientContext&, duckdb::TableFunctionInitInput&) {
    return duckdb::make_uniq<Running>();
}

void scan(duckdb::ClientContext& context, duckdb::TableFunctionInput& input, duckdb::DataChunk& chunk) {
    const auto& bound = input.bind_data->Cast<Bound>();
    auto& running = input.global_state->Cast<Running>();
    if (!running.rows)
        running.rows =
            bound.info->Cast<Registered>().function.run(StatementCall(context, bound.table, bound.parameters));
    idx_t filled = 0;
    for (; running.next < running.rows->size() && filled < STANDARD_VECTOR_SIZE; ++running.next, ++filled) {
        const SqlRow& row = (*running.rows)[running.next];
        for (std::size_t column = 0; column < row.size(); ++column) chunk.SetValue(column, filled, row[column]);
    }
    chunk.SetCardinality(filled);
}

}  // namespace

duckdb::QualifiedName StatementCall::parts_of(const std::string& name) const {
    duckdb::QualifiedName parts = duckdb::QualifiedName::Parse(name);
    duckdb::Binder::BindSchemaOrCatalog(context_, parts.catalog, parts.schema);
    const auto& here = duckdb::ClientData::Get(context_).catalog_search_path->GetDefault();
    if (parts.schema.empty()) parts.schema = here.schema;
    if (parts.catalog.empty()) parts.catalog = here.catalog;
    return parts;
}

duckdb::Catalog& StatementCall::lake() const {
    return duckdb::Catalog::GetCatalog(context_, parts_of(name_).catalog);
}

TableName StatementCall::resolve(const std::string& name) const {
    const duckdb::QualifiedName parts = parts_of(name);
    auto catalog = duckdb::Catalog::GetCatalogEntry(context_, parts.catalog);
    if (!catalog || catalog->GetCatalogType() != kCatalogType || parts.schema == DEFAULT_SCHEMA)
        raise({ErrorCode::kInvalidArgument, fmt::format("{} is not a table of the lake", name),
               "Write zone.table, as lagoa table ls has it."});
    return unwrap(TableName::parse(fmt::format("{}.{}", to_lower(parts.schema), to_lower(parts.name))));
}

bool StatementCall::is_foreign() const {
    duckdb::QualifiedName parts = duckdb::QualifiedName::Parse(name_);
    duckdb::Binder::BindSchemaOrCatalog(context_, parts.catalog, parts.schema);
    auto entry =
        duckdb::Catalog::GetEntry(context_, parts.catalog, parts.schema, {duckdb::CatalogType::TABLE_ENTRY, parts.name},
                                  duckdb::OnEntryNotFound::RETURN_NULL);
    return entry && entry->ParentCatalog().GetCatalogType() != kCatalogType;
}

TableOperations& StatementCall::operations() const {
    if (session_->operations == nullptr)
        raise({ErrorCode::kUnsupported, "this session may not change tables as a whole"});
    if (!context_.transaction.IsAutoCommit())
        raise({ErrorCode::kUnsupported, fmt::format("changing {} in a transaction: it takes effect at once", name_),
               "COMMIT first."});
    return *session_->operations;
}

const duckdb::Value* StatementCall::find(const char* name) const {
    const auto found = parameters_.find(name);
    return found == parameters_.end() || found->second.IsNull() ? nullptr : &found->second;
}

bool StatementCall::flag(const char* name) const {
    const duckdb::Value* value = find(name);
    return value != nullptr && value->GetValue<bool>();
}

std::optional<std::string> StatementCall::text(const char* name) const {
    const duckdb::Value* value = find(name);
    return value == nullptr ? std::nullopt : std::optional(value->ToString());
}

std::optional<std::int64_t> StatementCall::integer(const char* name) const {
    const duckdb::Value* value = find(name);
    return value == nullptr ? std::nullopt : std::optional(value->GetValue<std::int64_t>());
}

std::vector<std::string> StatementCall::texts(const char* name) const {
    std::vector<std::string> found;
    if (const duckdb::Value* value = find(name))
        for (const duckdb::Value& each : duckdb::ListValue::GetChildren(*value)) found.push_back(each.ToString());
    return found;
}

VersionChoice StatementCall::version() const {
    VersionChoice choice;
    if (const duckdb::Value* value = find("version")) choice.version = unwrap(version_number(*value));
    if (const duckdb::Value* value = find("instant")) choice.time = unwrap(instant_of(context_, *value));
    return choice;
}

void register_row_function(duckdb::DatabaseInstance& instance, RowFunction function) {
    duckdb::TableFunction made(function.name, {duckdb::LogicalType::VARCHAR}, scan, bind, start);
    for (const auto& [name, type] : function.parameters) made.named_parameters[name] = type;
    made.function_info = duckdb::make_shared_ptr<Registered>(std::move(function));
    duckdb::ExtensionLoader(instance, "lagoa").RegisterFunction(std::move(made));
}

}  // namespace lagoa
