#include "catalog/duckdb/lake_insert.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "duckdb/catalog/catalog_entry/copy_function_catalog_entry.hpp"
#include "duckdb/execution/operator/persistent/physical_copy_to_file.hpp"
#include "duckdb/execution/operator/projection/physical_projection.hpp"
#include "duckdb/parser/constraints/not_null_constraint.hpp"
#include "duckdb/parser/expression/columnref_expression.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/parsed_data/copy_info.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"
#include "duckdb/planner/operator/logical_copy_to_file.hpp"
#include "duckdb/planner/operator/logical_create_table.hpp"
#include "duckdb/planner/operator/logical_insert.hpp"

#include "base/text.h"
#include "catalog/duckdb/current_view.h"
#include "catalog/duckdb/lake_table.h"
#include "catalog/duckdb/written_files.h"
#include "catalog/impl/schema_plan.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

constexpr duckdb::idx_t kTargetFileBytes = duckdb::idx_t{256}
                                           << 20;  // an unpartitioned write begins a new file beyond it

// Collects the files that the Parquet writer below it has closed and hands them to the transaction.
class LakeInsert final : public duckdb::PhysicalOperator {
public:
    static constexpr auto TYPE = duckdb::PhysicalOperatorType::EXTENSION;

    LakeInsert(duckdb::PhysicalPlan& plan, duckdb::vector<duckdb::LogicalType> result_types, duckdb::idx_t cardinality,
               duckdb::Catalog& catalog, TableWrite write, std::string root)
        : PhysicalOperator(plan, TYPE, std::move(result_types), cardinality),
          catalog_(catalog),
          write_(std::move(write)),
          root_(std::move(root)) {}

    duckdb::string GetName() const override { return "LAKE_INSERT"; }
    bool IsSink() const override { return true; }
    bool IsSource() const override { return true; }

    duckdb::unique_ptr<duckdb::GlobalSinkState> GetGlobalSinkState(duckdb::ClientContext&) const override {
        return duckdb::make_uniq<Written>();
    }

    duckdb::SinkResultType Sink(duckdb::ExecutionContext& context, duckdb::DataChunk& chunk,
                                duckdb::OperatorSinkInput& input) const override {
        auto& written = input.global_state.Cast<Written>();
        for (duckdb::idx_t row = 0; row < chunk.size(); ++row) {
            const StagedFile file = read_staged_file(chunk, row);
            if (file.rows == 0) continue;
            auto added = to_add_file(file, write_.metadata, root_);
            if (!added) reject(context.client, written, file, added.error());
            written.files.push_back(*std::move(added));
            written.rows += file.rows;
        }
        return duckdb::SinkResultType::NEED_MORE_INPUT;
    }

    duckdb::SinkFinalizeType Finalize(duckdb::Pipeline&, duckdb::Event&, duckdb::ClientContext& context,
                                      duckdb::OperatorSinkFinalizeInput& input) const override {
        TableWrite write = write_;
        write.files = std::move(input.global_state.Cast<Written>().files);
        LakeTransaction::of(context, catalog_).write(context, std::move(write));
        return duckdb::SinkFinalizeType::READY;
    }

protected:
    duckdb::SourceResultType GetDataInternal(duckdb::ExecutionContext&, duckdb::DataChunk& chunk,
                                             duckdb::OperatorSourceInput&) const override {
        chunk.SetCardinality(1);
        chunk.SetValue(0, 0, duckdb::Value::BIGINT(static_cast<std::int64_t>(sink_state->Cast<Written>().rows)));
        return duckdb::SourceResultType::FINISHED;
    }

private:
    struct Written final : duckdb::GlobalSinkState {  // the sink is not parallel
        std::vector<delta::AddFile> files;
        std::uint64_t rows = 0;
    };

    // The rows of `file` may not be in the table: it goes, as do those before it.
    [[noreturn]] void reject(duckdb::ClientContext& client, Written& written, const StagedFile& file,
                             const Error& error) const {
        TableWrite write = write_;
        write.files = std::move(written.files);
        delta::AddFile& rejected = write.files.emplace_back();
        rejected.path = delta::encode_path(std::string_view(file.path).substr(root_.size() + 1));
        discard_write(LakeTransaction::of(client, catalog_).view(), write);
        raise(error);
    }

    duckdb::Catalog& catalog_;
    const TableWrite write_;  // without files
    const std::string root_;
};

// Casts columns of types that the lake has no equal of (TIME, HUGEINT, …) to what it keeps them as.
duckdb::PhysicalOperator& cast_to_lake(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::PhysicalOperator& rows, const Schema& schema) {
    duckdb::vector<duckdb::LogicalType> types;
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> columns;
    for (std::size_t i = 0; i < schema.fields.size(); ++i) {
        types.push_back(to_duckdb(schema.fields[i].type));
        columns.push_back(duckdb::BoundCastExpression::AddCastToType(
            context, duckdb::make_uniq<duckdb::BoundReferenceExpression>(rows.types[i], i), types.back()));
    }
    if (types == rows.types) return rows;
    auto& projection =
        planner.Make<duckdb::PhysicalProjection>(std::move(types), std::move(columns), rows.estimated_cardinality);
    projection.children.push_back(rows);
    return projection;
}

duckdb::vector<duckdb::idx_t> partition_places(const delta::Metadata& metadata) {
    duckdb::vector<duckdb::idx_t> places;
    for (const std::string& name : metadata.partition_columns) {
        const auto& fields = metadata.schema.fields;
        const auto field = std::ranges::find(fields, name, &Field::name);
        places.push_back(static_cast<duckdb::idx_t>(field - fields.begin()));
    }
    return places;
}

duckdb::PhysicalOperator& plan_files(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                     duckdb::PhysicalOperator& rows, const delta::Metadata& metadata,
                                     const std::string& root) {
    auto& parquet = duckdb::Catalog::GetSystemCatalog(context).GetEntry<duckdb::CopyFunctionCatalogEntry>(
        context, DEFAULT_SCHEMA, "parquet");
    duckdb::vector<duckdb::string> names;
    for (const Field& field : metadata.schema.fields) names.push_back(field.name);
    const auto partitions = partition_places(metadata);

    duckdb::CopyInfo info;
    info.file_path = root;
    info.format = "parquet";
    info.is_from = false;
    info.options["compression"] = {duckdb::Value("zstd")};
    duckdb::CopyFunctionBindInput input(info);
    auto bound = parquet.function.copy_to_bind(
        context, input, duckdb::LogicalCopyToFile::GetNamesWithoutPartitions(names, partitions, false),
        duckdb::LogicalCopyToFile::GetTypesWithoutPartitions(rows.types, partitions, false));
    constexpr auto kReturned = duckdb::CopyFunctionReturnType::WRITTEN_FILE_STATISTICS;
    auto& made =
        planner.Make<duckdb::PhysicalCopyToFile>(duckdb::GetCopyFunctionReturnLogicalTypes(kReturned), parquet.function,
                                                 std::move(bound), rows.estimated_cardinality);
    auto& copy = made.Cast<duckdb::PhysicalCopyToFile>();
    copy.file_path = root;
    copy.use_tmp_file = false;
    copy.filename_pattern.SetFilenamePattern("part-{uuid}");
    copy.file_extension = "parquet";
    copy.overwrite_mode = duckdb::CopyOverwriteMode::COPY_OVERWRITE_OR_IGNORE;  // names are new: nothing to look for
    copy.per_thread_output = false;
    copy.return_type = kReturned;
    copy.partition_output = !partitions.empty();
    copy.partition_columns = partitions;
    copy.write_partition_columns = false;
    copy.write_empty_file = false;
    copy.hive_file_pattern = true;
    copy.names = names;
    copy.expected_types = rows.types;
    copy.parallel = !duckdb::PhysicalPlanGenerator::PreserveInsertionOrder(context, rows);
    copy.rotate = partitions.empty();
    if (copy.rotate) copy.file_size_bytes = kTargetFileBytes;
    copy.children.push_back(rows);
    return made;
}

duckdb::PhysicalOperator& plan_write(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                     duckdb::Catalog& catalog, duckdb::PhysicalOperator& rows, TableWrite write) {
    const delta::TableLocation location = unwrap(LakeTransaction::of(context, catalog).view().location(write.table));
    const std::string root = fmt::format("lagoa://{}/{}", write.table.zone, location.path);
    duckdb::PhysicalOperator& files = plan_files(context, planner, rows, write.metadata, root);
    auto& insert = planner.Make<LakeInsert>(duckdb::vector<duckdb::LogicalType>{duckdb::LogicalType::BIGINT},
                                            rows.estimated_cardinality, catalog, std::move(write), root);
    insert.children.push_back(files);
    return insert;
}

// The session may read an older version than the one its rows are added to: what they were bound to must still be
// there.
Result<> check_still_fits(const TableName& table, const delta::Metadata& bound, const delta::Metadata& newest) {
    for (const Field& field : bound.schema.fields) {
        const Field* now = newest.schema.find(field.name);
        if (now == nullptr || now->type != field.type)
            return fail(ErrorCode::kConflict, "inserting into {}: its newest version has another column {}",
                        table.text(), field.name);
    }
    if (bound.partition_columns != newest.partition_columns)
        return fail(ErrorCode::kConflict, "inserting into {}: its newest version is partitioned differently",
                    table.text());
    return {};
}

Field to_field(const duckdb::ColumnDefinition& column) {
    if (column.Generated())
        raise({ErrorCode::kUnsupported, fmt::format("column {}: generated columns are not supported", column.Name())});
    if (column.HasDefaultValue())
        raise({ErrorCode::kUnsupported, fmt::format("column {}: defaults are not supported", column.Name())});
    Field field{.name = column.Name(), .type = from_duckdb(column.Type())};
    if (field.type.kind == TypeKind::kVoid)
        raise({ErrorCode::kInvalidArgument, fmt::format("column {} is NULL without a type", column.Name()),
               "Write CAST(NULL AS …)."});
    return field;
}

std::string partition_column(const duckdb::ParsedExpression& key, const Schema& schema) {
    const Field* field = key.GetExpressionType() == duckdb::ExpressionType::COLUMN_REF
                             ? schema.find(key.Cast<duckdb::ColumnRefExpression>().GetColumnName())
                             : nullptr;
    if (field == nullptr)
        raise(
            {ErrorCode::kInvalidArgument, fmt::format("PARTITIONED BY {}: not a column of the table", key.ToString())});
    if (!may_partition(field->type))
        raise({ErrorCode::kInvalidArgument,
               fmt::format("a table cannot be partitioned by {}, which is {}", field->name, to_sql(field->type))});
    return field->name;
}

void check_no_contract(LakeTransaction& transaction, const TableName& table) {
    if (!transaction.view().has_contract(table)) return;
    raise({ErrorCode::kUnsupported,
           fmt::format("writing {} by SQL: it has a contract, and SQL does not check it", table.text()),
           "Write it by its job; contracts are checked there."});
}

// The properties that may be set in SQL. DuckDB's parser hands us their names in lower case.
constexpr std::array<std::string_view, 6> kTableProperties = {kBusinessKeyProperty,
                                                              "delta.appendOnly",
                                                              "delta.checkpointInterval",
                                                              "delta.dataSkippingNumIndexedCols",
                                                              "delta.deletedFileRetentionDuration",
                                                              "delta.logRetentionDuration"};

std::pair<std::string, std::string> property(const std::string& lowered, const duckdb::ParsedExpression& value) {
    const auto name = std::ranges::find(kTableProperties, lowered, to_lower);
    if (name == kTableProperties.end())
        raise({ErrorCode::kUnsupported, fmt::format("table property {} is not known", lowered),
               fmt::format("Known are {}.", fmt::join(kTableProperties, ", "))});
    if (value.GetExpressionType() != duckdb::ExpressionType::VALUE_CONSTANT)
        raise({ErrorCode::kInvalidArgument, fmt::format("table property {}: not a constant", *name)});
    return {std::string(*name), value.Cast<duckdb::ConstantExpression>().value.ToString()};
}

}  // namespace

duckdb::PhysicalOperator& plan_insert(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalInsert& op, duckdb::optional_ptr<duckdb::PhysicalOperator> rows) {
    auto& table = op.table.Cast<LakeTable>();
    if (op.return_chunk) raise({ErrorCode::kUnsupported, "INSERT … RETURNING is not supported in the lake yet"});
    if (op.on_conflict_info.action_type != duckdb::OnConflictAction::THROW)
        raise({ErrorCode::kUnsupported, "INSERT … ON CONFLICT: tables of the lake have no unique key"});
    if (!rows) raise({ErrorCode::kUnsupported, "INSERT without rows"});
    if (!op.column_index_map.empty()) rows = planner.ResolveDefaultsProjection(op, *rows);

    auto& transaction = LakeTransaction::of(context, table.ParentCatalog());
    check_no_contract(transaction, table.table_name());
    TableWrite write = transaction.begin_append(table.table_name());
    unwrap(check_still_fits(write.table, table.snapshot().metadata, write.metadata));
    // The staged files have the columns that were bound; others of the newest version are NULL in them.
    write.metadata.schema = table.snapshot().metadata.schema;
    return plan_write(context, planner, table.ParentCatalog(), *rows, std::move(write));
}

duckdb::PhysicalOperator& plan_create_table_as(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                               duckdb::LogicalCreateTable& op, duckdb::PhysicalOperator& rows) {
    duckdb::Catalog& catalog = op.schema.ParentCatalog();
    TableWrite write = table_creation(LakeTransaction::of(context, catalog), *op.info);
    write.operation = "CREATE TABLE AS SELECT";
    duckdb::PhysicalOperator& typed = cast_to_lake(context, planner, rows, write.metadata.schema);
    return plan_write(context, planner, catalog, typed, std::move(write));
}

TableWrite table_creation(LakeTransaction& transaction, const duckdb::BoundCreateTableInfo& info) {
    const auto& base = info.base->Cast<duckdb::CreateTableInfo>();
    if (base.on_conflict == duckdb::OnCreateConflict::REPLACE_ON_CONFLICT)
        raise({ErrorCode::kUnsupported, "CREATE OR REPLACE TABLE is not supported in the lake yet"});
    TableWrite write{
        .table = unwrap(TableName::parse(fmt::format("{}.{}", to_lower(info.schema.name), to_lower(base.table)))),
        .operation = "CREATE TABLE"};
    check_no_contract(transaction, write.table);
    transaction.check_absent(write.table);
    for (const auto& column : base.columns.Logical()) {
        write.metadata.schema.fields.push_back(to_field(column));
        unwrap(check_column_name(column.Name()));
    }
    for (const auto& constraint : base.constraints) {
        if (constraint->type != duckdb::ConstraintType::NOT_NULL)
            raise({ErrorCode::kUnsupported,
                   fmt::format("creating {}: {} is not supported", write.table.text(), constraint->ToString())});
        write.metadata.schema.fields[constraint->Cast<duckdb::NotNullConstraint>().index.index].nullable = false;
    }
    for (const auto& key : base.partition_keys)
        write.metadata.partition_columns.push_back(partition_column(*key, write.metadata.schema));
    for (const auto& [name, value] : base.options) write.metadata.configuration.insert(property(name, *value));
    return write;
}

}  // namespace lagoa
