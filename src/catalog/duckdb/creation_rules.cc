#include "catalog/duckdb/creation_rules.h"

#include "duckdb/parser/constraints/check_constraint.hpp"
#include "duckdb/parser/constraints/not_null_constraint.hpp"
#include "duckdb/parser/expression/cast_expression.hpp"

#include "catalog/duckdb/spark_text.h"
#include "catalog/impl/rule_change.h"
#include "delta/column_rules.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

// Raises the error of a rule with what it is of.
template <class T>
T unwrap_rule(Result<T> result, const std::string& rule) {
    if (!result) raise({result.error().code, fmt::format("{}: {}", rule, result.error().message), result.error().hint});
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Without the cast to the column's type that DuckDB puts around every such expression.
std::string generated_text(const duckdb::ColumnDefinition& column) {
    const duckdb::ParsedExpression& expression = column.GeneratedExpression();
    if (expression.GetExpressionClass() != duckdb::ExpressionClass::CAST) return to_spark_text(expression);
    return to_spark_text(*expression.Cast<duckdb::CastExpression>().child);
}

}  // namespace

void apply_creation_rules(const duckdb::CreateTableInfo& info, delta::Metadata& metadata) {
    std::vector<Field>& fields = metadata.schema.fields;
    for (const auto& column : info.columns.Logical()) {
        Field& field = fields[column.Logical().index];
        if (column.Generated()) {
            const std::string text = generated_text(column);
            const std::string rule = fmt::format("{} GENERATED ALWAYS AS ({})", field.name, text);
            field.metadata.set(delta::kGenerationExpression,
                               unwrap_rule(generation_text(text, metadata.schema, field), rule));
        } else if (column.HasDefaultValue()) {
            const std::string text = to_spark_text(column.DefaultValue());
            unwrap_rule(check_default(text, field.type), fmt::format("{} DEFAULT {}", field.name, text));
            field.metadata.set(delta::kDefaultExpression, text);
        }
    }
    int checks = 0;
    for (const auto& constraint : info.constraints) {
        if (constraint->type == duckdb::ConstraintType::NOT_NULL) {
            fields[constraint->Cast<duckdb::NotNullConstraint>().index.index].nullable = false;
            continue;
        }
        if (constraint->type != duckdb::ConstraintType::CHECK)
            raise({ErrorCode::kUnsupported, fmt::format("{} is not supported", constraint->ToString())});
        const std::string text = to_spark_text(*constraint->Cast<duckdb::CheckConstraint>().expression);
        unwrap_rule(check_condition(text, metadata.schema), fmt::format("CHECK ({})", text));
        metadata.configuration[fmt::format("{}check_{}", delta::kConstraintProperty, ++checks)] = text;
    }
}

}  // namespace lagoa
