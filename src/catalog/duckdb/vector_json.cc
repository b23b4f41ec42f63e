#include "catalog/duckdb/vector_json.h"

#include <cmath>

#include "base/text.h"

namespace lagoa {
namespace {

using duckdb::FlatVector;
using duckdb::LogicalTypeId;

void flatten_deep(duckdb::Vector& vector, duckdb::idx_t count) {
    vector.Flatten(count);
    switch (vector.GetType().InternalType()) {
        case duckdb::PhysicalType::STRUCT:
            for (const auto& child : duckdb::StructVector::GetEntries(vector)) flatten_deep(*child, count);
            break;
        case duckdb::PhysicalType::LIST:
            flatten_deep(duckdb::ListVector::GetEntry(vector), duckdb::ListVector::GetListSize(vector));
            break;
        default:
            break;
    }
}

bool is_null(const duckdb::Vector& vector, duckdb::idx_t row) {
    return !FlatVector::Validity(vector).RowIsValid(row);
}

void append_value(std::string& out, const duckdb::Vector& vector, duckdb::idx_t row);

void append_member(std::string& out, bool& first, std::string_view name, const duckdb::Vector& vector,
                   duckdb::idx_t row) {
    if (!first) out += ',';
    first = false;
    out += quote_json(name);
    out += ':';
    append_value(out, vector, row);
}

std::string_view text_at(const duckdb::Vector& vector, duckdb::idx_t row) {
    const auto& text = FlatVector::GetData<duckdb::string_t>(vector)[row];
    return {text.GetData(), text.GetSize()};
}

void append_list(std::string& out, const duckdb::Vector& vector, duckdb::idx_t row) {
    const auto entry = FlatVector::GetData<duckdb::list_entry_t>(vector)[row];
    const auto& elements = duckdb::ListVector::GetEntry(vector);
    out += '[';
    for (duckdb::idx_t i = 0; i < entry.length; ++i) {
        if (i > 0) out += ',';
        append_value(out, elements, entry.offset + i);
    }
    out += ']';
}

void append_map(std::string& out, const duckdb::Vector& vector, duckdb::idx_t row) {
    const auto entry = FlatVector::GetData<duckdb::list_entry_t>(vector)[row];
    const auto& members = duckdb::StructVector::GetEntries(duckdb::ListVector::GetEntry(vector));
    const duckdb::Vector& keys = *members[0];
    const bool text_keys = keys.GetType().InternalType() == duckdb::PhysicalType::VARCHAR;
    out += '{';
    bool first = true;
    for (duckdb::idx_t i = entry.offset; i < entry.offset + entry.length; ++i) {
        const std::string key = text_keys ? std::string(text_at(keys, i)) : keys.GetValue(i).ToString();
        append_member(out, first, key, *members[1], i);
    }
    out += '}';
}

void append_struct(std::string& out, const duckdb::Vector& vector, duckdb::idx_t row) {
    const auto& members = duckdb::StructVector::GetEntries(vector);
    const auto& types = duckdb::StructType::GetChildTypes(vector.GetType());
    out += '{';
    bool first = true;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (!is_null(*members[i], row)) append_member(out, first, types[i].first, *members[i], row);
    }
    out += '}';
}

std::string iso_instant(std::string text, bool is_utc) {
    if (const auto space = text.find(' '); space != std::string::npos) text[space] = 'T';
    return is_utc ? text + "Z" : text;
}

void append_value(std::string& out, const duckdb::Vector& vector, duckdb::idx_t row) {
    if (is_null(vector, row)) {
        out += "null";
        return;
    }
    switch (vector.GetType().id()) {
        case LogicalTypeId::STRUCT:
            return append_struct(out, vector, row);
        case LogicalTypeId::LIST:
            return append_list(out, vector, row);
        case LogicalTypeId::MAP:
            return append_map(out, vector, row);
        case LogicalTypeId::BOOLEAN:
            out += FlatVector::GetData<bool>(vector)[row] ? "true" : "false";
            return;
        case LogicalTypeId::INTEGER:
            out += std::to_string(FlatVector::GetData<std::int32_t>(vector)[row]);
            return;
        case LogicalTypeId::BIGINT:
            out += std::to_string(FlatVector::GetData<std::int64_t>(vector)[row]);
            return;
        case LogicalTypeId::VARCHAR:
        case LogicalTypeId::BLOB:
            out += quote_json(text_at(vector, row));
            return;
        case LogicalTypeId::TIMESTAMP:
        case LogicalTypeId::TIMESTAMP_TZ: {
            const auto instant = FlatVector::GetData<duckdb::timestamp_t>(vector)[row];
            out += quote_json(iso_instant(duckdb::Timestamp::ToString(instant),
                                          vector.GetType().id() == LogicalTypeId::TIMESTAMP_TZ));
            return;
        }
        case LogicalTypeId::TINYINT:
        case LogicalTypeId::SMALLINT:
        case LogicalTypeId::DECIMAL:
            out += vector.GetValue(row).ToString();
            return;
        case LogicalTypeId::FLOAT:
        case LogicalTypeId::DOUBLE: {
            const duckdb::Value value = vector.GetValue(row);
            const std::string text = value.ToString();
            out += std::isfinite(value.GetValue<double>()) ? text : quote_json(text);
            return;
        }
        default:
            out += quote_json(vector.GetValue(row).ToString());
            return;
    }
}

}  // namespace

void flatten_deep(duckdb::DataChunk& chunk) {
    for (auto& vector : chunk.data) flatten_deep(vector, chunk.size());
}

void append_json(std::string& out, const duckdb::Vector& vector, duckdb::idx_t row) {
    append_value(out, vector, row);
}

void append_json_object(std::string& out, const duckdb::vector<duckdb::string>& names, const duckdb::DataChunk& chunk,
                        duckdb::idx_t row) {
    out += '{';
    bool first = true;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!is_null(chunk.data[i], row)) append_member(out, first, names[i], chunk.data[i], row);
    }
    out += '}';
}

}  // namespace lagoa
