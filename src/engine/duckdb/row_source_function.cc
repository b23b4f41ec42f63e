#include "engine/duckdb/row_source_function.h"

#include <utility>
#include <vector>

#include "base/check.h"
#include "duckdb/main/extension/extension_loader.hpp"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

using duckdb::idx_t;

/// Writes one chunk. A column that the query does not read has no vector: its values are dropped.
class ChunkSink final : public RowSink {
public:
    // `read[i]` is the source's column behind the chunk's column i.
    ChunkSink(const Schema& schema, const std::vector<idx_t>& read) : columns_(schema.fields.size()), read_(read) {
        for (std::size_t i = 0; i < schema.fields.size(); ++i) columns_[i].type = to_duckdb(schema.fields[i].type);
    }

    void start(duckdb::DataChunk& chunk) {
        for (std::size_t i = 0; i < read_.size(); ++i) {
            if (read_[i] >= columns_.size()) continue;  // a virtual column
            duckdb::Vector& vector = chunk.data[i];
            auto& validity = duckdb::FlatVector::Validity(vector);
            validity.Initialize(STANDARD_VECTOR_SIZE);
            validity.SetAllInvalid(STANDARD_VECTOR_SIZE);
            columns_[read_[i]].vector = &vector;
            columns_[read_[i]].data = duckdb::FlatVector::GetData(vector);
            columns_[read_[i]].validity = &validity;
        }
        rows_ = 0;
    }

    idx_t rows() const { return rows_; }

    std::size_t capacity() const override { return STANDARD_VECTOR_SIZE; }
    std::size_t add_row() override {
        LAGOA_CHECK(rows_ < STANDARD_VECTOR_SIZE, "a row source made more rows than the sink's capacity");
        return rows_++;
    }

    void set_null(std::size_t column) override {
        if (columns_[column].vector) columns_[column].validity->SetInvalid(row());
    }
    void set_bool(std::size_t column, bool value) override {
        require(column, duckdb::LogicalTypeId::BOOLEAN);
        store(column, value);
    }
    void set_int64(std::size_t column, std::int64_t value) override {
        using enum duckdb::LogicalTypeId;
        switch (columns_[column].type.id()) {
            case TINYINT:
                return store_narrow<std::int8_t>(column, value);
            case SMALLINT:
                return store_narrow<std::int16_t>(column, value);
            case INTEGER:
                return store_narrow<std::int32_t>(column, value);
            default:
                require(column, BIGINT);
                return store(column, value);
        }
    }
    void set_double(std::size_t column, double value) override {
        if (columns_[column].type.id() == duckdb::LogicalTypeId::FLOAT) return store(column, static_cast<float>(value));
        require(column, duckdb::LogicalTypeId::DOUBLE);
        store(column, value);
    }
    void set_decimal(std::size_t column, Int128 unscaled) override {
        require(column, duckdb::LogicalTypeId::DECIMAL);
        switch (columns_[column].type.InternalType()) {
            case duckdb::PhysicalType::INT16:
                return store_narrow<std::int16_t>(column, unscaled);
            case duckdb::PhysicalType::INT32:
                return store_narrow<std::int32_t>(column, unscaled);
            case duckdb::PhysicalType::INT64:
                return store_narrow<std::int64_t>(column, unscaled);
            default:
                store(column, duckdb::hugeint_t(static_cast<std::int64_t>(unscaled >> 64),
                                                static_cast<std::uint64_t>(unscaled)));
        }
    }
    void set_text(std::size_t column, std::string_view value) override {
        require(column, duckdb::LogicalTypeId::VARCHAR, duckdb::LogicalTypeId::BLOB);
        if (columns_[column].vector)
            store(column, duckdb::StringVector::AddStringOrBlob(*columns_[column].vector, view(value)));
    }
    void set_texts(std::size_t column, std::span<const std::string_view> values) override {
        require(column, duckdb::LogicalTypeId::LIST);
        if (!columns_[column].vector) return;
        duckdb::Vector& list = *columns_[column].vector;
        const idx_t from = duckdb::ListVector::GetListSize(list);
        duckdb::ListVector::Reserve(list, from + values.size());
        duckdb::Vector& child = duckdb::ListVector::GetEntry(list);
        auto* texts = duckdb::FlatVector::GetData<duckdb::string_t>(child);
        for (std::size_t i = 0; i < values.size(); ++i)
            texts[from + i] = duckdb::StringVector::AddString(child, view(values[i]));
        duckdb::ListVector::SetListSize(list, from + values.size());
        store(column, duckdb::list_entry_t(from, values.size()));
    }
    void set_date(std::size_t column, std::int32_t days) override {
        require(column, duckdb::LogicalTypeId::DATE);
        store(column, duckdb::date_t(days));
    }
    void set_timestamp(std::size_t column, std::int64_t micros) override {
        require(column, duckdb::LogicalTypeId::TIMESTAMP, duckdb::LogicalTypeId::TIMESTAMP_TZ);
        store(column, duckdb::timestamp_t(micros));
    }

private:
    struct Target {
        duckdb::LogicalType type;
        duckdb::Vector* vector = nullptr;
        duckdb::data_ptr_t data = nullptr;
        duckdb::ValidityMask* validity = nullptr;
    };

    static duckdb::string_t view(std::string_view text) {
        return {text.data(), static_cast<std::uint32_t>(text.size())};
    }
    idx_t row() const { return rows_ - 1; }

    void require(std::size_t column, duckdb::LogicalTypeId type,
                 duckdb::LogicalTypeId other = duckdb::LogicalTypeId::INVALID) const {
        const auto id = columns_[column].type.id();
        LAGOA_CHECK(id == type || id == other, "a row source set a cell of another type than its schema's");
    }

    template <class T>
    void store(std::size_t column, T value) {
        const Target& target = columns_[column];
        if (!target.vector) return;
        reinterpret_cast<T*>(target.data)[row()] = value;
        target.validity->SetValid(row());
    }

    template <class T, class Wide>
    void store_narrow(std::size_t column, Wide value) {
        LAGOA_CHECK(static_cast<T>(value) == value, "a row source set a number out of its column's range");
        store(column, static_cast<T>(value));
    }

    std::vector<Target> columns_;  // by the source's column
    const std::vector<idx_t>& read_;
    idx_t rows_ = 0;
};

struct Registered final : duckdb::TableFunctionInfo {
    explicit Registered(std::shared_ptr<RowSources> from) : sources(std::move(from)) {}
    std::shared_ptr<RowSources> sources;  // shared with the Engine
};

struct Bound final : duckdb::TableFunctionData {
    std::string name;
    std::shared_ptr<RowSources> sources;
};

struct Scan final : duckdb::GlobalTableFunctionState {
    Scan(std::shared_ptr<RowSource> from, std::vector<idx_t> columns)
        : source(std::move(from)), read(std::move(columns)), sink(source->schema(), read) {}
    idx_t MaxThreads() const override { return 1; }  // a source is read in order, by one thread at a time

    std::shared_ptr<RowSource> source;
    std::vector<idx_t> read;
    ChunkSink sink;
    bool done = false;
};

duckdb::unique_ptr<duckdb::FunctionData> bind(duckdb::ClientContext&, duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<duckdb::string>& names) {
    const auto& registered = input.info->Cast<Registered>();
    auto bound = duckdb::make_uniq<Bound>();
    bound->name = input.inputs[0].ToString();
    bound->sources = registered.sources;
    const auto source = unwrap(bound->sources->find(bound->name));
    for (const Field& field : source->schema().fields) {
        names.push_back(field.name);
        types.push_back(to_duckdb(field.type));
    }
    return bound;
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> start(duckdb::ClientContext&,
                                                           duckdb::TableFunctionInitInput& input) {
    const auto& bound = input.bind_data->Cast<Bound>();
    auto source = unwrap(bound.sources->claim(bound.name));
    return duckdb::make_uniq<Scan>(std::move(source),
                                   std::vector<idx_t>(input.column_ids.begin(), input.column_ids.end()));
}

// A chunk without rows ends the scan, so a source that has found none yet is asked again.
void scan(duckdb::ClientContext& context, duckdb::TableFunctionInput& input, duckdb::DataChunk& chunk) {
    auto& state = input.global_state->Cast<Scan>();
    idx_t rows = 0;
    while (!state.done && rows == 0) {
        if (context.IsInterrupted()) raise({ErrorCode::kCancelled, "interrupted"});
        state.sink.start(chunk);
        state.done = !unwrap(state.source->next(state.sink));
        rows = state.sink.rows();
    }
    chunk.SetCardinality(rows);
}

}  // namespace

Result<> RowSources::add(const std::string& name, std::shared_ptr<RowSource> source) {
    const std::lock_guard lock(mutex_);
    if (!sources_.emplace(name, Entry{std::move(source)}).second)
        return fail(ErrorCode::kAlreadyExists, "there is a row source \"{}\" already", name);
    return {};
}

void RowSources::remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    sources_.erase(name);
}

Result<std::shared_ptr<RowSource>> RowSources::find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = sources_.find(name);
    if (found == sources_.end()) return fail(ErrorCode::kNotFound, "there is no row source \"{}\"", name);
    return found->second.source;
}

Result<std::shared_ptr<RowSource>> RowSources::claim(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = sources_.find(name);
    if (found == sources_.end()) return fail(ErrorCode::kNotFound, "there is no row source \"{}\"", name);
    if (std::exchange(found->second.claimed, true))
        return fail_with_hint(ErrorCode::kInvalidArgument, "Put its rows in a temporary table to read them twice.",
                              "reading rows_of('{}'): its rows were read before", name);
    return found->second.source;
}

void register_row_sources(duckdb::DatabaseInstance& instance, std::shared_ptr<RowSources> sources) {
    duckdb::TableFunction function("rows_of", {duckdb::LogicalType::VARCHAR}, scan, bind, start);
    function.projection_pushdown = true;
    function.function_info = duckdb::make_shared_ptr<Registered>(std::move(sources));
    duckdb::ExtensionLoader(instance, "lagoa").RegisterFunction(std::move(function));
}

}  // namespace lagoa
