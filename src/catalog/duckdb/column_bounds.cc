#include "catalog/duckdb/column_bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "catalog/duckdb/partition_value.h"
#include "delta/column_mapping.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::Value;

constexpr std::int64_t kInstantSlackMicros = 999;  // maxima are cut to milliseconds

// A decimal of more than 15 digits may come from a writer that prints doubles.
bool may_be_rounded(const LogicalType& type) {
    return type.id() == LogicalTypeId::DECIMAL &&
           duckdb::DecimalType::GetWidth(type) > std::numeric_limits<double>::digits10;
}

// Wide enough to hold a widened bound of `type`.
LogicalType compared_as(const LogicalType& type) {
    return may_be_rounded(type)
               ? LogicalType::DECIMAL(duckdb::DecimalType::MaxWidth(), duckdb::DecimalType::GetScale(type))
               : type;
}

// Outwards by what a double of that size is rounded by. One of up to 15 digits was printed exactly.
Value widen_decimal(const Value& value, bool is_maximum) {
    constexpr std::int64_t kExactInDouble = 1'000'000'000'000'000;
    constexpr int kDoubleBits = 52;
    const auto unscaled = value.GetValueUnsafe<duckdb::hugeint_t>();
    const duckdb::hugeint_t size = unscaled < 0 ? -unscaled : unscaled;
    if (size < kExactInDouble) return value;
    const duckdb::hugeint_t slack = (size >> kDoubleBits) + 1;
    return Value::DECIMAL(is_maximum ? unscaled + slack : unscaled - slack, duckdb::DecimalType::MaxWidth(),
                          duckdb::DecimalType::GetScale(value.type()));
}

bool is_float(const LogicalType& type) {
    return type.id() == LogicalTypeId::DOUBLE || type.id() == LogicalTypeId::FLOAT;
}

// Bounds of texts and bytes are cut.
bool has_cut_bounds(const LogicalType& type) {
    return type.InternalType() == duckdb::PhysicalType::VARCHAR;
}

bool is_instant(const LogicalType& type) {
    return type.id() == LogicalTypeId::TIMESTAMP || type.id() == LogicalTypeId::TIMESTAMP_TZ;
}

// The text of a float's bound, such as 0.1, is another number when it is read as the double that the float was widened
// to.
Value widen_float(const Value& bound, const json::Value& stat, bool is_maximum) {
    Value narrow(stat.number() != nullptr ? stat.number()->text : *stat.string());
    if (!narrow.DefaultTryCastAs(LogicalType::FLOAT) || !narrow.DefaultTryCastAs(LogicalType::DOUBLE)) return bound;
    const bool further = is_maximum ? bound < narrow : bound > narrow;
    return further ? narrow : bound;
}

std::optional<Value> bound_from_json(const json::Value* stat, const LogicalType& type, bool was_float,
                                     bool is_maximum) {
    if (stat == nullptr) return std::nullopt;
    Value value;
    if (stat->string() != nullptr)
        value = Value(*stat->string());
    else if (stat->number() != nullptr)
        value = Value(stat->number()->text);
    else if (stat->boolean() != nullptr)
        value = Value::BOOLEAN(*stat->boolean());
    else
        return std::nullopt;
    if (!value.DefaultTryCastAs(compared_as(type), true)) return std::nullopt;

    if (is_float(type) && std::isnan(value.GetValue<double>())) return std::nullopt;
    if (was_float && stat->boolean() == nullptr) value = widen_float(value, *stat, is_maximum);
    if (may_be_rounded(type)) value = widen_decimal(value, is_maximum);
    if (is_maximum && is_instant(type)) {
        const std::int64_t micros = value.GetValueUnsafe<std::int64_t>();
        if (micros > std::numeric_limits<std::int64_t>::max() - kInstantSlackMicros - 1) return std::nullopt;
        const duckdb::timestamp_t widened(micros + kInstantSlackMicros);
        value = type.id() == LogicalTypeId::TIMESTAMP ? Value::TIMESTAMP(widened)
                                                      : Value::TIMESTAMPTZ(duckdb::timestamp_tz_t(widened.value));
    }
    return value;
}

ColumnBounds bounds_of_partition(const std::optional<std::string>& text, const LogicalType& type) {
    ColumnBounds bounds{
        .minimum = {}, .maximum = {}, .compared_as = type, .exact = true, .tight = true, .constant = {}};
    const Value value = unwrap(partition_value(text, type));
    bounds.only_null = value.IsNull();
    bounds.may_have_null = value.IsNull();
    if (!value.IsNull()) bounds.minimum = bounds.maximum = value;
    bounds.constant = value;
    return bounds;
}

ColumnBounds bounds_from_stats(const delta::FileStats& stats, const LoggedColumn& column) {
    const LogicalType& type = column.type;
    ColumnBounds bounds{
        .minimum = {}, .maximum = {}, .compared_as = compared_as(type), .may_have_nan = is_float(type), .constant = {}};
    bounds.exact = !is_float(type) && !may_be_rounded(type) && !is_instant(type);
    bounds.tight = bounds.exact && stats.tight_bounds() && !has_cut_bounds(type);
    if (type.IsNested()) return bounds;
    bounds.minimum = bound_from_json(stats.min(column.path), type, column.was_float, false);
    bounds.maximum = bound_from_json(stats.max(column.path), type, column.was_float, true);
    const std::int64_t nulls = stats.null_count(column.path).value_or(-1);
    bounds.may_have_null = nulls != 0;
    bounds.only_null = nulls >= 0 && nulls == stats.row_count().value_or(-1);
    if (bounds.only_null) bounds.constant = Value(type);
    return bounds;
}

bool was_float(const Field& field) {
    const json::Value* const changes = field.metadata.find("delta.typeChanges");
    return changes != nullptr && changes->is_array() &&
           std::ranges::any_of(*changes->array(),
                               [](const json::Value& change) { return change.string_at("fromType") == "float"; });
}

}  // namespace

LoggedColumn::LoggedColumn(const Field& field)
    : path{delta::physical_name(field)}, type(to_duckdb(field.type)), was_float(lagoa::was_float(field)) {}

const Field& LoggedColumn::enter(const Field& field, std::size_t i) {
    const Field& member = field.type.children[i];
    path.push_back(delta::physical_name(member));
    type = to_duckdb(member.type);
    was_float = lagoa::was_float(member);
    return member;
}

const delta::FileStats& FileBounds::stats() {
    if (!stats_) stats_ = delta::FileStats::parse(file_.stats).value_or(delta::FileStats{});  // damaged ones are none
    return *stats_;
}

std::optional<ColumnBounds> FileBounds::of(const LoggedColumn& column) {
    const auto partition = file_.partition_values.find(column.path.front());
    if (partition != file_.partition_values.end()) return bounds_of_partition(partition->second, column.type);
    if (file_.stats.empty()) return std::nullopt;
    ColumnBounds bounds = bounds_from_stats(stats(), column);
    if (file_.deletion_vector) bounds.tight = false;
    return bounds;
}

}  // namespace lagoa
