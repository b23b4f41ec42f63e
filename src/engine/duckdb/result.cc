#include "engine/duckdb/result.h"

#include <optional>
#include <utility>

#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

json::Value to_json(duckdb::ClientContext& context, const duckdb::Value& value);

// ISO 8601, as RFC 3339 has it for instants. `infinity` and its like have no T.
std::string iso_time(std::string text, bool is_instant) {
    const auto space = text.rfind(' ');
    if (space == std::string::npos) return text;
    text[space] = 'T';
    return is_instant ? text + "Z" : text;
}

json::Value struct_to_json(duckdb::ClientContext& context, const duckdb::Value& value) {
    json::Object members;
    const auto& children = duckdb::StructValue::GetChildren(value);
    for (std::size_t i = 0; i < children.size(); ++i)
        members.set(duckdb::StructType::GetChildName(value.type(), i), to_json(context, children[i]));
    return members;
}

// A map whose keys print as text; SQL's maps have unique keys.
json::Value map_to_json(duckdb::ClientContext& context, const duckdb::Value& value) {
    json::Object members;
    for (const auto& entry : duckdb::MapValue::GetChildren(value)) {
        const auto& pair = duckdb::StructValue::GetChildren(entry);
        members.set(pair[0].CastAs(context, duckdb::LogicalType::VARCHAR).ToString(), to_json(context, pair[1]));
    }
    return members;
}

json::Value list_to_json(duckdb::ClientContext& context, const duckdb::vector<duckdb::Value>& values) {
    json::Array items;
    for (const auto& value : values) items.push_back(to_json(context, value));
    return items;
}

json::Value to_json(duckdb::ClientContext& context, const duckdb::Value& value) {
    using enum duckdb::LogicalTypeId;
    if (value.IsNull()) return nullptr;
    switch (value.type().id()) {
        case BOOLEAN:
            return value.GetValue<bool>();
        case TINYINT:
        case SMALLINT:
        case INTEGER:
        case BIGINT:
        case UTINYINT:
        case USMALLINT:
        case UINTEGER:
        case UBIGINT:
        case HUGEINT:
        case UHUGEINT:
        case DECIMAL:
            return json::Number{value.ToString()};
        case FLOAT:
        case DOUBLE:
            return value.GetValue<double>();
        case TIMESTAMP_TZ:
            return iso_time(duckdb::Timestamp::ToString(value.GetValueUnsafe<duckdb::timestamp_t>()), true);
        case TIMESTAMP:
        case TIMESTAMP_SEC:
        case TIMESTAMP_MS:
        case TIMESTAMP_NS:
            return iso_time(value.ToString(), false);
        case LIST:
            return list_to_json(context, duckdb::ListValue::GetChildren(value));
        case ARRAY:
            return list_to_json(context, duckdb::ArrayValue::GetChildren(value));
        case STRUCT:
            return struct_to_json(context, value);
        case MAP:
            return map_to_json(context, value);
        default:
            return value.CastAs(context, duckdb::LogicalType::VARCHAR).ToString();
    }
}

class ChunkBatch final : public RowBatch {
public:
    ChunkBatch(duckdb::ClientContext& context, duckdb::unique_ptr<duckdb::DataChunk> chunk)
        : context_(context), chunk_(std::move(chunk)), texts_(chunk_->ColumnCount()) {}

    // Casts are done a column at a time, and may fail: before the rows are handed out.
    void cast_to_text() {
        for (std::size_t i = 0; i < texts_.size(); ++i) {
            texts_[i].emplace(duckdb::LogicalType::VARCHAR, chunk_->size());
            duckdb::VectorOperations::Cast(context_, chunk_->data[i], *texts_[i], chunk_->size());
            texts_[i]->Flatten(chunk_->size());
        }
    }

    std::size_t rows() const override { return chunk_->size(); }

    bool is_null(std::size_t column, std::size_t row) const override {
        return !duckdb::FlatVector::Validity(chunk_->data[column]).RowIsValid(row);
    }

    std::string text(std::size_t column, std::size_t row) const override {
        if (is_null(column, row)) return {};
        return duckdb::FlatVector::GetData<duckdb::string_t>(*texts_[column])[row].GetString();
    }

    json::Value json(std::size_t column, std::size_t row) const override {
        return to_json(context_, chunk_->GetValue(column, row));
    }

private:
    duckdb::ClientContext& context_;
    duckdb::unique_ptr<duckdb::DataChunk> chunk_;
    std::vector<std::optional<duckdb::Vector>> texts_;
};

class ResultStream final : public RowStream {
public:
    ResultStream(duckdb::shared_ptr<duckdb::ClientContext> context, duckdb::unique_ptr<duckdb::QueryResult> result,
                 std::shared_ptr<std::atomic<bool>> interrupted)
        : context_(std::move(context)),
          result_(std::move(result)),
          interrupted_(std::move(interrupted)),
          columns_(columns_of(result_->names, result_->types)) {}

    const std::vector<Column>& columns() const override { return columns_; }

    Result<const RowBatch*> next() override {
        auto batch = guarded([this]() -> Result<const RowBatch*> {
            batch_.reset();
            auto chunk = result_->Fetch();
            if (result_->HasError()) return pass_on(to_error(result_->GetErrorObject()));
            if (!chunk || chunk->size() == 0) return nullptr;
            chunk->Flatten();
            batch_.emplace(*context_, std::move(chunk));
            batch_->cast_to_text();
            return &*batch_;
        });
        if (!batch && batch.error().code == ErrorCode::kCancelled) interrupted_->store(false);
        return batch;
    }

private:
    duckdb::shared_ptr<duckdb::ClientContext> context_;
    duckdb::unique_ptr<duckdb::QueryResult> result_;
    std::shared_ptr<std::atomic<bool>> interrupted_;
    std::vector<Column> columns_;
    std::optional<ChunkBatch> batch_;
};

}  // namespace

std::unique_ptr<RowStream> make_row_stream(duckdb::shared_ptr<duckdb::ClientContext> context,
                                           duckdb::unique_ptr<duckdb::QueryResult> result,
                                           std::shared_ptr<std::atomic<bool>> interrupted) {
    return std::make_unique<ResultStream>(std::move(context), std::move(result), std::move(interrupted));
}

std::vector<Column> columns_of(const duckdb::vector<duckdb::string>& names,
                               const duckdb::vector<duckdb::LogicalType>& types) {
    std::vector<Column> columns;
    for (std::size_t i = 0; i < names.size(); ++i) columns.push_back({names[i], from_duckdb(types[i])});
    return columns;
}

}  // namespace lagoa
