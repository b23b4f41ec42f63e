#include "catalog/duckdb/staging.h"

#include <algorithm>
#include <map>
#include <utility>

#include "duckdb/catalog/catalog_entry/copy_function_catalog_entry.hpp"
#include "duckdb/execution/operator/persistent/physical_copy_to_file.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/parser/parsed_data/copy_info.hpp"
#include "duckdb/parser/statement/copy_statement.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/operator/logical_copy_to_file.hpp"
#include "duckdb/planner/operator/logical_extension_operator.hpp"

#include "base/id.h"
#include "base/text.h"
#include "catalog/duckdb/required_values.h"
#include "catalog/duckdb/written_files.h"
#include "delta/column_mapping.h"
#include "delta/table_properties.h"
#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

constexpr duckdb::idx_t kTargetFileBytes = duckdb::idx_t{256}
                                           << 20;  // an unpartitioned write begins a new file beyond it
constexpr const char* kFormat = "lagoa_files";     // of COPY … TO '<token>' (FORMAT …)
constexpr const char* kFieldId = "__duckdb_field_id";

// Zstandard at its lightest: two thirds of Snappy's bytes for a little more time, half of what its usual level takes.
constexpr std::string_view kCodecProperty = "delta.parquet.compression.codec";
constexpr std::string_view kDefaultCodec = "zstd";
constexpr std::int64_t kZstdLevel = 1;
// Distinct values of a column in a row group beyond which no dictionary is tried: building those costs more time than
// they save bytes once these are compressed.
constexpr std::int64_t kDictionaryLimit = 8'192;

// ------------------------------------------------------------------ what files look like

// What FIELD_IDS of DuckDB's writer says of a field: its id, and those inside it. NULL if there is none.
duckdb::Value field_ids(const Field& field, bool is_named) {
    duckdb::child_list_t<duckdb::Value> parts;
    const bool is_struct = field.type.kind == TypeKind::kStruct;
    if (const auto id = delta::field_id(field); id && is_named)
        parts.emplace_back(kFieldId, duckdb::Value::INTEGER(static_cast<std::int32_t>(*id)));
    for (const Field& inner : field.type.children) {
        duckdb::Value ids = field_ids(inner, is_struct);
        if (!ids.IsNull()) parts.emplace_back(is_struct ? delta::physical_name(inner) : inner.name, std::move(ids));
    }
    return parts.empty() ? duckdb::Value() : duckdb::Value::STRUCT(std::move(parts));
}

// The columns of a target's rows as its files have them.
struct FileColumns {
    explicit FileColumns(const StagingTarget& target) {
        const delta::Metadata& metadata = target.metadata;
        const Schema physical = delta::to_physical(metadata.schema);
        duckdb::child_list_t<duckdb::Value> all_ids;
        for (std::size_t i = 0; i < physical.fields.size(); ++i) {
            const Field& field = metadata.schema.fields[i];
            add(physical.fields[i]);
            if (std::ranges::find(metadata.partition_columns, field.name) != metadata.partition_columns.end()) continue;
            duckdb::Value column_ids = field_ids(field, true);
            if (!column_ids.IsNull()) all_ids.emplace_back(names.back(), std::move(column_ids));
        }
        for (const Field& field : target.hidden) add(field);
        for (const std::string& name : delta::physical_partition_columns(metadata))
            partitions.push_back(static_cast<duckdb::idx_t>(std::ranges::find(names, name) - names.begin()));
        if (!all_ids.empty()) ids = duckdb::Value::STRUCT(std::move(all_ids));
    }

    duckdb::vector<duckdb::string> names;
    duckdb::vector<duckdb::LogicalType> types;
    duckdb::vector<duckdb::idx_t> partitions;
    duckdb::Value ids;

private:
    void add(const Field& field) {
        names.push_back(field.name);
        types.push_back(to_duckdb(field.type));
    }
};

std::string codec_of(const delta::Metadata& metadata) {
    const auto property = delta::property_of(metadata, kCodecProperty);
    if (!property) return std::string(kDefaultCodec);
    const std::string codec = to_lower(*property);
    for (const char* known : {"zstd", "snappy", "gzip", "brotli", "uncompressed"})
        if (codec == known) return codec;
    if (codec == "lz4") return "lz4_raw";  // Parquet has two of that name, and this is the one it keeps
    raise({ErrorCode::kInvalidArgument, fmt::format("{} is {}", kCodecProperty, quote_json(*property)),
           "It is zstd, snappy, gzip, brotli, lz4 or uncompressed."});
}

duckdb::PhysicalOperator& plan_files(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                     duckdb::PhysicalOperator& rows, const StagingTarget& target) {
    auto& parquet = duckdb::Catalog::GetSystemCatalog(context).GetEntry<duckdb::CopyFunctionCatalogEntry>(
        context, DEFAULT_SCHEMA, "parquet");
    const FileColumns columns(target);

    duckdb::CopyInfo info;
    info.file_path = target.url;
    info.format = "parquet";
    info.is_from = false;
    const std::string codec = codec_of(target.metadata);
    info.options["compression"] = {duckdb::Value(codec)};
    if (codec == "zstd") info.options["compression_level"] = {duckdb::Value::BIGINT(kZstdLevel)};
    info.options["dictionary_size_limit"] = {duckdb::Value::BIGINT(kDictionaryLimit)};
    if (!columns.ids.IsNull()) info.options["field_ids"] = {columns.ids};
    duckdb::CopyFunctionBindInput input(info);
    // The types differ from those of `rows` in the names of members only: the vectors are the same.
    auto bound = parquet.function.copy_to_bind(
        context, input, duckdb::LogicalCopyToFile::GetNamesWithoutPartitions(columns.names, columns.partitions, false),
        duckdb::LogicalCopyToFile::GetTypesWithoutPartitions(columns.types, columns.partitions, false));
    constexpr auto kReturned = duckdb::CopyFunctionReturnType::WRITTEN_FILE_STATISTICS;
    auto& made =
        planner.Make<duckdb::PhysicalCopyToFile>(duckdb::GetCopyFunctionReturnLogicalTypes(kReturned), parquet.function,
                                                 std::move(bound), rows.estimated_cardinality);
    auto& copy = made.Cast<duckdb::PhysicalCopyToFile>();
    copy.file_path = target.url;
    copy.use_tmp_file = false;
    // A name of its own for each file: two partitions may share a folder (NULL and the text that hive has for it).
    copy.filename_pattern.SetFilenamePattern(fmt::format("part-{{i}}-{{uuid}}.c000.{}", codec));
    copy.file_extension = "parquet";
    copy.overwrite_mode = duckdb::CopyOverwriteMode::COPY_OVERWRITE_OR_IGNORE;  // names are new: nothing to look for
    copy.per_thread_output = false;
    copy.return_type = kReturned;
    copy.partition_output = !columns.partitions.empty();
    copy.partition_columns = columns.partitions;
    copy.write_partition_columns = false;
    copy.write_empty_file = false;
    copy.hive_file_pattern = true;
    copy.names = columns.names;
    copy.expected_types = columns.types;
    // A table has no order of its own; rows that were put in one keep it, for what it does to statistics.
    copy.parallel =
        duckdb::PhysicalPlanGenerator::OrderPreservationRecursive(rows) != duckdb::OrderPreservationType::FIXED_ORDER;
    copy.rotate = columns.partitions.empty();
    if (copy.rotate) copy.file_size_bytes = kTargetFileBytes;
    copy.children.push_back(rows);
    return made;
}

// ------------------------------------------------------------------ the collector

// Collects the files that the Parquet writer below it has closed and hands them over.
class FileCollector final : public duckdb::PhysicalOperator {
public:
    static constexpr auto TYPE = duckdb::PhysicalOperatorType::EXTENSION;

    FileCollector(duckdb::PhysicalPlan& plan, duckdb::vector<duckdb::LogicalType> result_types,
                  duckdb::idx_t cardinality, StagingTarget target, AcceptStaged accept)
        : PhysicalOperator(plan, TYPE, std::move(result_types), cardinality),
          target_(std::move(target)),
          accept_(std::move(accept)) {}

    duckdb::string GetName() const override { return "LAKE_FILES"; }
    bool IsSink() const override { return true; }
    bool IsSource() const override { return true; }

    duckdb::unique_ptr<duckdb::GlobalSinkState> GetGlobalSinkState(duckdb::ClientContext&) const override {
        return duckdb::make_uniq<Written>(target_);
    }

    duckdb::SinkResultType Sink(duckdb::ExecutionContext&, duckdb::DataChunk& chunk,
                                duckdb::OperatorSinkInput& input) const override {
        auto& written = input.global_state.Cast<Written>();
        for (duckdb::idx_t row = 0; row < chunk.size(); ++row) {
            StagedFile file = read_staged_file(chunk, row);
            if (file.rows > 0) written.files.push_back(std::move(file));
        }
        return duckdb::SinkResultType::NEED_MORE_INPUT;
    }

    duckdb::SinkFinalizeType Finalize(duckdb::Pipeline&, duckdb::Event&, duckdb::ClientContext& context,
                                      duckdb::OperatorSinkFinalizeInput& input) const override {
        auto& written = input.global_state.Cast<Written>();
        StagedRows staged;
        for (const StagedFile& file : written.files) {
            staged.files.push_back(unwrap(to_add_file(file, target_)));
            staged.rows += file.rows;
        }
        written.rows = staged.rows;
        written.files.clear();  // from here on they are the accepter's
        accept_(context, std::move(staged));
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
    // The sink is not parallel. Files that nobody has taken over go with it.
    struct Written final : duckdb::GlobalSinkState {
        explicit Written(const StagingTarget& of) : target(of) {}
        ~Written() override {
            std::vector<delta::AddFile> left;
            for (const StagedFile& file : files)
                left.push_back({.path = delta::encode_path(std::string_view(file.path).substr(target.url.size() + 1))});
            remove_files(target.location, left);
        }
        const StagingTarget& target;  // the operator's, which outlives its states
        std::vector<StagedFile> files;
        std::uint64_t rows = 0;
    };

    const StagingTarget target_;
    const AcceptStaged accept_;
};

// ------------------------------------------------------------------ COPY … (FORMAT lagoa_files)

struct Order {
    StagingTarget target;
    StagedRows staged;
};

// What one connection has been asked to stage, by token; used by its thread only.
struct Orders final : duckdb::ClientContextState {
    static constexpr const char* kKey = "lagoa_staging_orders";
    std::map<std::string, Order> by_token;
};

Order& find_order(duckdb::ClientContext& context, const std::string& token) {
    const auto orders = context.registered_state->Get<Orders>(Orders::kKey);
    if (!orders || !orders->by_token.contains(token))
        raise({ErrorCode::kUnsupported, fmt::format("COPY (FORMAT {}) is not for queries", kFormat),
               "Write INSERT INTO a table of the lake."});
    return orders->by_token.at(token);
}

class LogicalStaging final : public duckdb::LogicalExtensionOperator {
public:
    explicit LogicalStaging(std::string token) : token_(std::move(token)) {}

    duckdb::PhysicalOperator& CreatePlan(duckdb::ClientContext& context,
                                         duckdb::PhysicalPlanGenerator& planner) override {
        duckdb::PhysicalOperator& rows = planner.CreatePlan(*children[0]);
        return plan_staging(context, planner, rows, find_order(context, token_).target,
                            [token = token_](duckdb::ClientContext& client, StagedRows staged) {
                                find_order(client, token).staged = std::move(staged);
                            });
    }
    duckdb::vector<duckdb::ColumnBinding> GetColumnBindings() override { return {duckdb::ColumnBinding(0, 0)}; }

protected:
    void ResolveTypes() override { types = {duckdb::LogicalType::BIGINT}; }

private:
    const std::string token_;
};

duckdb::BoundStatement bind_copy(duckdb::Binder& binder, duckdb::CopyStatement& statement) {
    find_order(binder.context, statement.info->file_path);
    auto rows = binder.Bind(*statement.info->select_statement);
    duckdb::BoundStatement bound;
    bound.names = {"Count"};
    bound.types = {duckdb::LogicalType::BIGINT};
    bound.plan = duckdb::make_uniq<LogicalStaging>(statement.info->file_path);
    bound.plan->children.push_back(std::move(rows.plan));
    auto& properties = binder.GetStatementProperties();
    properties.output_type = duckdb::QueryResultOutputType::FORCE_MATERIALIZED;
    properties.return_type = duckdb::StatementReturnType::CHANGED_ROWS;
    return bound;
}

}  // namespace

duckdb::PhysicalOperator& plan_staging(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::PhysicalOperator& rows, StagingTarget target, AcceptStaged accept) {
    duckdb::PhysicalOperator& checked =
        target.new_rows ? plan_required_values(planner, rows, target.metadata.schema) : rows;
    duckdb::PhysicalOperator& files = plan_files(context, planner, checked, target);
    auto& collector = planner.Make<FileCollector>(duckdb::vector<duckdb::LogicalType>{duckdb::LogicalType::BIGINT},
                                                  rows.estimated_cardinality, std::move(target), std::move(accept));
    collector.children.push_back(files);
    return collector;
}

Result<> register_staging(Engine& engine) {
    return guarded([&]() -> Result<> {
        duckdb::CopyFunction format(kFormat);
        format.plan = bind_copy;
        duckdb::ExtensionLoader(instance(engine), "lagoa").RegisterFunction(std::move(format));
        return {};
    });
}

Result<StagedRows> stage_rows(Session& session, const std::string& select, const StagingTarget& target) {
    const std::string token = new_uuid();
    const auto orders = context(session).registered_state->GetOrCreate<Orders>(Orders::kKey);
    orders->by_token.emplace(token, Order{.target = target, .staged = {}});
    const auto written =
        session.execute(fmt::format("COPY ({}\n) TO {} (FORMAT {})", select, quote_literal(token), kFormat));
    StagedRows staged = std::move(orders->by_token.extract(token).mapped().staged);
    if (written) return staged;
    remove_files(target.location, staged.files);  // accepted, and then the statement failed
    return pass_on(written.error());
}

}  // namespace lagoa
