#include "ingest/impl/parquet_records.h"

#include "base/text.h"

namespace lagoa::ingest {
namespace {

RawValue::Kind kind_of(const Type& type) {
    switch (type.kind) {
        case TypeKind::kBoolean:
            return RawValue::Kind::kBoolean;
        case TypeKind::kInt8:
        case TypeKind::kInt16:
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kFloat:
        case TypeKind::kDouble:
        case TypeKind::kDecimal:
            return RawValue::Kind::kNumber;
        case TypeKind::kList:
        case TypeKind::kMap:
        case TypeKind::kStruct:
            return RawValue::Kind::kNested;
        default:
            return RawValue::Kind::kText;
    }
}

class ParquetRecords final : public RecordReader {
public:
    ParquetRecords(std::unique_ptr<Session> session, std::unique_ptr<RowStream> rows, RecordPlan& plan)
        : session_(std::move(session)), rows_(std::move(rows)) {
        for (std::size_t i = 0; i < rows_->columns().size(); ++i) {
            const Column& column = rows_->columns()[i];
            if (const auto* member = plan.record().find_name(column.name))
                columns_.push_back({i, kind_of(column.type), &member->columns, {}});
        }
    }

    Result<bool> next(Record& record) override {
        while (batch_ == nullptr || row_ == batch_->rows()) {
            batch_ = LAGOA_TRY(rows_->next());
            row_ = 0;
            if (batch_ == nullptr) return false;
        }
        for (auto& column : columns_) {
            RawValue value{RawValue::Kind::kNull, {}};
            if (!batch_->is_null(column.index, row_)) {
                column.text = batch_->text(column.index, row_);
                value = {column.kind, column.text};
            }
            for (const std::size_t target : *column.targets) record.values[target] = value;
        }
        record.fault.clear();
        record.pointer = fmt::format("/{}", number_++);
        json::Object row;
        for (std::size_t i = 0; i < rows_->columns().size(); ++i)
            row.set(rows_->columns()[i].name, batch_->json(i, row_));
        text_ = json::dump(row);
        record.text = text_;
        ++row_;
        return true;
    }

private:
    struct Source {
        std::size_t index;  // of the result's column
        RawValue::Kind kind;
        const std::vector<std::size_t>* targets;
        std::string text;
    };

    std::unique_ptr<Session> session_;  // before rows_, which ends first
    std::unique_ptr<RowStream> rows_;
    std::vector<Source> columns_;
    const RowBatch* batch_ = nullptr;
    std::size_t row_ = 0;
    std::uint64_t number_ = 0;
    std::string text_;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> read_parquet(std::unique_ptr<Session> session, std::string_view path,
                                                   RecordPlan& plan) {
    LAGOA_TRY(
        session->execute("SET TimeZone = 'UTC'"));  // Instants are read from their text, which then ends with +00.
    auto rows = LAGOA_TRY(
        session->query(fmt::format("SELECT * FROM read_parquet({}, hive_partitioning = false)", quote_literal(path))));
    return std::unique_ptr<RecordReader>(std::make_unique<ParquetRecords>(std::move(session), std::move(rows), plan));
}

}  // namespace lagoa::ingest
