#include "catalog/duckdb/required_values.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

using Rows = std::vector<duckdb::idx_t>;

bool requires_values(const Field& field);

// The keys of a map are never NULL: DuckDB makes no such map.
bool requires_values_inside(const Field& field) {
    return std::ranges::any_of(std::span(field.type.children).subspan(field.type.kind == TypeKind::kMap ? 1 : 0),
                               requires_values);
}

bool requires_values(const Field& field) {
    return !field.nullable || requires_values_inside(field);
}

void check(const Field& field, const std::string& parent, duckdb::Vector& values, duckdb::idx_t count,
           const Rows& rows);

// `values` is flat; `rows` are those of it that are there.
void check_inside(const Field& field, const std::string& name, duckdb::Vector& values, duckdb::idx_t count,
                  const Rows& rows) {
    if (field.type.kind == TypeKind::kStruct) {
        auto& members = duckdb::StructVector::GetEntries(values);
        for (std::size_t i = 0; i < field.type.children.size(); ++i)
            check(field.type.children[i], name + ".", *members[i], count, rows);
        return;
    }
    if (field.type.kind != TypeKind::kList && field.type.kind != TypeKind::kMap) return;
    Rows inner;
    const auto* const lists = duckdb::ListVector::GetData(values);
    for (const duckdb::idx_t row : rows)
        for (duckdb::idx_t i = 0; i < lists[row].length; ++i) inner.push_back(lists[row].offset + i);
    const duckdb::idx_t size = duckdb::ListVector::GetListSize(values);
    if (field.type.kind == TypeKind::kList)
        return check(field.type.children[0], name + ".", duckdb::ListVector::GetEntry(values), size, inner);
    check(field.type.children[1], name + ".", duckdb::MapVector::GetValues(values), size, inner);
}

void check(const Field& field, const std::string& parent, duckdb::Vector& values, duckdb::idx_t count,
           const Rows& rows) {
    if (!requires_values(field)) return;
    duckdb::UnifiedVectorFormat format;
    values.ToUnifiedFormat(count, format);
    Rows there;
    for (const duckdb::idx_t row : rows) {
        if (format.validity.RowIsValid(format.sel->get_index(row))) {
            there.push_back(row);
        } else if (!field.nullable) {
            raise({ErrorCode::kDataRejected, fmt::format("column {}{} may not be NULL", parent, field.name)});
        }
    }
    if (!requires_values_inside(field)) return;
    values.Flatten(count);
    check_inside(field, parent + field.name, values, count, there);
}

// The usual case: a column without inner fields, none of whose values is NULL.
bool has_no_null(const Field& field, duckdb::Vector& values, duckdb::idx_t count) {
    if (!field.type.children.empty()) return false;
    duckdb::UnifiedVectorFormat format;
    values.ToUnifiedFormat(count, format);
    return format.validity.AllValid();
}

}  // namespace

bool requires_values(const Schema& schema) {
    return std::ranges::any_of(schema.fields, [](const Field& field) { return requires_values(field); });
}

void check_required_values(const Schema& schema, duckdb::DataChunk& rows) {
    for (std::size_t i = 0; i < schema.fields.size(); ++i) {
        const Field& field = schema.fields[i];
        if (!requires_values(field) || has_no_null(field, rows.data[i], rows.size())) continue;
        Rows all(rows.size());
        std::iota(all.begin(), all.end(), 0);
        check(field, "", rows.data[i], rows.size(), all);
    }
}

}  // namespace lagoa
