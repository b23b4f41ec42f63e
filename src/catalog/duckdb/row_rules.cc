#include "catalog/duckdb/row_rules.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <vector>

#include "duckdb/execution/expression_executor.hpp"

#include "base/text.h"
#include "catalog/duckdb/bound_rule.h"
#include "catalog/duckdb/required_values.h"
#include "catalog/duckdb/spark_expression.h"
#include "delta/column_rules.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

constexpr std::size_t kLongestValue = 100;  // of a row's value in a message, in bytes

bool names(const std::set<std::string>& columns, const std::string& column) {
    return std::ranges::any_of(columns, [&](const std::string& name) { return to_lower(name) == to_lower(column); });
}

// The SQL of one rule, bound to the columns of the rows.
struct BoundText {
    std::string rule;  // for messages: `CHECK positive (price > 0)`
    std::vector<std::size_t> columns;
    duckdb::unique_ptr<duckdb::Expression> expression;
};

struct Generated {
    std::size_t column = 0;
    BoundText value;
};

// Gives out the values of one identity column, a run of them to each chunk.
struct Identity {
    Identity(std::size_t of_column, std::string column_name, const delta::IdentityColumn& identity)
        : column(of_column), name(std::move(column_name)), step(identity.step) {
        if (!identity.high_water_mark)
            first = identity.start;
        else if (__builtin_add_overflow(*identity.high_water_mark, step, &first))
            raise_exhausted();
    }

    std::int64_t value(std::uint64_t n) const {
        std::int64_t offset = 0;
        std::int64_t value = 0;
        if (n > INT64_MAX || __builtin_mul_overflow(static_cast<std::int64_t>(n), step, &offset) ||
            __builtin_add_overflow(first, offset, &value))
            raise_exhausted();
        return value;
    }

    [[noreturn]] void raise_exhausted() const {
        raise({ErrorCode::kDataRejected, fmt::format("identity column {} has no values left", name)});
    }

    const std::size_t column;
    const std::string name;
    const std::int64_t step;
    std::int64_t first = 0;
    std::atomic<std::uint64_t> given{0};
};

std::string short_text(const duckdb::Value& value) {
    std::string text = value.ToString();
    if (text.size() > kLongestValue) {
        text.resize(kLongestValue);
        while (!text.empty() && !is_utf8(text)) text.pop_back();
        text += "…";
    }
    return text;
}

std::string values_of(const BoundText& rule, const Schema& schema, const duckdb::DataChunk& rows, duckdb::idx_t row) {
    std::string text;
    for (const std::size_t column : rule.columns)
        text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", schema.fields[column].name,
                            short_text(rows.GetValue(column, row)));
    return text;
}

// Runs `body`, in which rows' values are computed, and says of which rule it was that failed.
template <class Body>
void evaluate(const BoundText& rule, const Body& body) {
    try {
        body();
    } catch (const std::exception& thrown) {
        const duckdb::ErrorData data(thrown);
        const Error error = to_error(data);
        const bool is_of_values = error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kDataRejected;
        if (is_raised(data) || !is_of_values) throw;
        raise({ErrorCode::kDataRejected, fmt::format("evaluating {}: {}", rule.rule, error.message)});
    }
}

// The first of `count` values that is not true, or `count`.
duckdb::idx_t first_broken(duckdb::Vector& is_met, duckdb::idx_t count) {
    duckdb::UnifiedVectorFormat format;
    is_met.ToUnifiedFormat(count, format);
    const auto* const values = duckdb::UnifiedVectorFormat::GetData<bool>(format);
    for (duckdb::idx_t row = 0; row < count; ++row) {
        const duckdb::idx_t at = format.sel->get_index(row);
        if (!format.validity.RowIsValid(at) || !values[at]) return row;
    }
    return count;
}

}  // namespace

ComputedColumns computed_on_insert(const delta::Metadata& metadata, const std::set<std::string>& given) {
    ComputedColumns computed;
    for (const Field& field : metadata.schema.fields)
        if ((delta::generation_expression(field) || unwrap(delta::identity_of(field))) && !names(given, field.name))
            computed.insert(field.name);
    return computed;
}

ComputedColumns computed_on_update(const delta::Metadata& metadata, const std::set<std::string>& set) {
    ComputedColumns computed;
    for (const Field& field : metadata.schema.fields) {
        if (names(set, field.name)) {
            if (unwrap(delta::identity_of(field)))
                raise({ErrorCode::kInvalidArgument,
                       fmt::format("column {} is an identity column: an UPDATE cannot set it", field.name)});
        } else if (delta::generation_expression(field)) {
            computed.insert(field.name);
        }
    }
    return computed;
}

// ------------------------------------------------------------------ compiling

struct RowRules::Compiled {
    Compiled(duckdb::ClientContext& context, const delta::Metadata& metadata, const ComputedColumns& computed,
             RowOrigin origin)
        : schema(metadata.schema), has_required(requires_values(schema)) {
        const RuleBinder binder(context, schema);
        for (std::size_t i = 0; i < schema.fields.size(); ++i) {
            const Field& field = schema.fields[i];
            if (const auto identity = unwrap(delta::identity_of(field))) add_identity(i, *identity, computed, origin);
            if (delta::generation_expression(field)) add_generated(binder, i, computed.contains(field.name));
        }
        for (const delta::RowCondition& condition : unwrap(delta::row_conditions(metadata)))
            add_condition(binder, condition);
    }

    void add_identity(std::size_t column, const delta::IdentityColumn& identity, const ComputedColumns& computed,
                      RowOrigin origin) {
        const std::string& name = schema.fields[column].name;
        if (schema.fields[column].type.kind != TypeKind::kInt64)
            raise({ErrorCode::kCorruption,
                   fmt::format("identity column {} is {}, not BIGINT", name, to_sql(schema.fields[column].type))});
        if (origin == RowOrigin::kUpdated) return;
        if (computed.contains(name))
            identities.emplace_back(column, name, identity);
        else if (!identity.allow_explicit)
            raise({ErrorCode::kInvalidArgument,
                   fmt::format("column {} is GENERATED ALWAYS AS IDENTITY: it cannot be given a value", name),
                   "Leave it out of the columns that are written."});
    }

    void add_generated(const RuleBinder& binder, std::size_t column, bool is_computed) {
        const Field& field = schema.fields[column];
        const std::string text = *delta::generation_expression(field);
        const std::string rule = fmt::format("{} GENERATED ALWAYS AS ({})", field.name, text);
        SparkExpression value = binder.translate(rule, [&] { return translate_spark_as(text, schema, field.type); });
        if (is_computed) {
            generated.push_back({column, {rule, binder.indexes(value), binder.bind(value.sql, to_duckdb(field.type))}});
            return;
        }
        value.columns.insert(field.name);
        const std::string is_equal =
            fmt::format("{} IS NOT DISTINCT FROM ({})", quote_identifier(field.name), value.sql);
        checks.push_back({rule, binder.indexes(value), binder.bind(is_equal, duckdb::LogicalType::BOOLEAN)});
    }

    void add_condition(const RuleBinder& binder, const delta::RowCondition& condition) {
        const std::string rule = fmt::format("CHECK {} ({})", condition.name, condition.expression);
        const SparkExpression value =
            binder.translate(rule, [&] { return translate_spark_condition(condition.expression, schema); });
        checks.push_back({rule, binder.indexes(value), binder.bind(value.sql, duckdb::LogicalType::BOOLEAN)});
    }

    const Schema schema;
    const bool has_required;
    std::deque<Identity> identities;  // atomics do not move
    std::vector<Generated> generated;
    std::vector<BoundText> checks;
};

RowRules::RowRules(duckdb::ClientContext& context, const delta::Metadata& metadata, const ComputedColumns& computed,
                   RowOrigin origin)
    : compiled_(std::make_unique<Compiled>(context, metadata, computed, origin)) {}

RowRules::~RowRules() = default;

bool RowRules::empty() const {
    return !compiled_->has_required && compiled_->identities.empty() && compiled_->generated.empty() &&
           compiled_->checks.empty();
}

// ------------------------------------------------------------------ applying

// The executor has the generated columns' expressions, then the checks'.
struct RowRules::State::Parts {
    Parts(duckdb::ClientContext& context, const Compiled& compiled) : executor(context) {
        for (const Generated& generated : compiled.generated) executor.AddExpression(*generated.value.expression);
        for (const BoundText& check : compiled.checks) executor.AddExpression(*check.expression);
    }
    duckdb::ExpressionExecutor executor;
};

RowRules::State::State(duckdb::ClientContext& context, const Compiled& compiled)
    : parts_(std::make_unique<Parts>(context, compiled)) {}

RowRules::State::~State() = default;

std::unique_ptr<RowRules::State> RowRules::make_state(duckdb::ClientContext& context) const {
    return std::make_unique<State>(context, *compiled_);
}

void RowRules::apply(duckdb::DataChunk& rows, State& state) const {
    const duckdb::idx_t count = rows.size();
    if (count == 0) return;
    for (Identity& identity : compiled_->identities) {
        const std::uint64_t first = identity.given.fetch_add(count);
        duckdb::Vector values(duckdb::LogicalType::BIGINT);
        auto* const out = duckdb::FlatVector::GetData<std::int64_t>(values);
        for (duckdb::idx_t row = 0; row < count; ++row) out[row] = identity.value(first + row);
        rows.data[identity.column].Reference(values);
    }
    duckdb::ExpressionExecutor& executor = state.parts_->executor;
    executor.SetChunk(rows);
    duckdb::idx_t expression = 0;
    for (const Generated& generated : compiled_->generated) {
        duckdb::Vector values(generated.value.expression->return_type);
        evaluate(generated.value, [&] { executor.ExecuteExpression(expression, values); });
        rows.data[generated.column].Reference(values);
        ++expression;
    }
    if (compiled_->has_required) check_required_values(compiled_->schema, rows);
    for (const BoundText& check : compiled_->checks) {
        duckdb::Vector is_met(duckdb::LogicalType::BOOLEAN);
        evaluate(check, [&] { executor.ExecuteExpression(expression, is_met); });
        ++expression;
        const duckdb::idx_t broken = first_broken(is_met, count);
        if (broken < count)
            raise({ErrorCode::kDataRejected,
                   fmt::format("a row breaks {}: {}", check.rule, values_of(check, compiled_->schema, rows, broken))});
    }
}

std::map<std::string, std::int64_t> RowRules::identity_marks() const {
    std::map<std::string, std::int64_t> marks;
    for (const Identity& identity : compiled_->identities)
        if (const std::uint64_t given = identity.given.load(); given > 0)
            marks[identity.name] = identity.value(given - 1);
    return marks;
}

}  // namespace lagoa
