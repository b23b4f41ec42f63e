#include "catalog/duckdb/spark_text.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/ranges.h>

#include "duckdb/parser/expression/list.hpp"

#include "base/text.h"
#include "catalog/duckdb/spark_expression.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

using duckdb::ExpressionClass;
using duckdb::ExpressionType;

// Operators that DuckDB parses as functions of two, and what Spark calls them.
struct Operator {
    std::string_view ours;
    std::string_view spark;
};
constexpr std::array kOperators = {Operator{"+", "+"},   Operator{"-", "-"},     Operator{"*", "*"},
                                   Operator{"/", "/"},   Operator{"//", "DIV"},  Operator{"%", "%"},
                                   Operator{"||", "||"}, Operator{"~~", "LIKE"}, Operator{"!~~", "NOT LIKE"}};

[[noreturn]] void refuse(const duckdb::ParsedExpression& expression) {
    raise({ErrorCode::kUnsupported,
           fmt::format("the rule has {}, which has no equal in Spark's SQL", expression.ToString())});
}

std::string name_text(std::string_view name) {
    return "`" + replace_all(name, "`", "``") + "`";
}

std::string text_literal(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

std::string constant_text(const duckdb::ConstantExpression& constant) {
    const duckdb::Value& value = constant.value;
    if (value.IsNull()) return "NULL";
    switch (value.type().id()) {
        case duckdb::LogicalTypeId::VARCHAR:
            return text_literal(duckdb::StringValue::Get(value));
        case duckdb::LogicalTypeId::BOOLEAN:
        case duckdb::LogicalTypeId::INTEGER:
        case duckdb::LogicalTypeId::BIGINT:
        case duckdb::LogicalTypeId::HUGEINT:
            return value.ToString();
        case duckdb::LogicalTypeId::DECIMAL: {
            const std::string text = value.ToString();
            return text.starts_with('.') ? "0" + text : text.starts_with("-.") ? "-0" + text.substr(1) : text;
        }
        case duckdb::LogicalTypeId::DOUBLE:
            return value.ToString() + "D";
        default:
            refuse(constant);
    }
}

std::vector<std::string> texts(const duckdb::vector<duckdb::unique_ptr<duckdb::ParsedExpression>>& expressions) {
    std::vector<std::string> out;
    for (const auto& expression : expressions) out.push_back(to_spark_text(*expression));
    return out;
}

std::string function_text(const duckdb::FunctionExpression& function) {
    if (function.distinct || function.filter || function.order_bys->orders.size() > 0) refuse(function);
    const std::vector<std::string> arguments = texts(function.children);
    const auto* const known = std::ranges::find(kOperators, function.function_name, &Operator::ours);
    if (known != kOperators.end() && arguments.size() == 2)
        return fmt::format("({} {} {})", arguments[0], known->spark, arguments[1]);
    if (function.function_name == "-" && arguments.size() == 1) return fmt::format("(- {})", arguments[0]);
    if (known != kOperators.end() || function.is_operator) refuse(function);
    return fmt::format("{}({})", to_lower(function.function_name), fmt::join(arguments, ", "));
}

std::string operator_text(const duckdb::OperatorExpression& expression) {
    const std::vector<std::string> operands = texts(expression.children);
    const auto rest = [&] { return fmt::join(operands.begin() + 1, operands.end(), ", "); };
    switch (expression.GetExpressionType()) {
        case ExpressionType::OPERATOR_NOT:
            return fmt::format("(NOT {})", operands[0]);
        case ExpressionType::OPERATOR_IS_NULL:
            return fmt::format("({} IS NULL)", operands[0]);
        case ExpressionType::OPERATOR_IS_NOT_NULL:
            return fmt::format("({} IS NOT NULL)", operands[0]);
        case ExpressionType::COMPARE_IN:
            return fmt::format("({} IN ({}))", operands[0], rest());
        case ExpressionType::COMPARE_NOT_IN:
            return fmt::format("({} NOT IN ({}))", operands[0], rest());
        case ExpressionType::OPERATOR_COALESCE:
            return fmt::format("coalesce({})", fmt::join(operands, ", "));
        default:
            refuse(expression);
    }
}

std::string comparison_text(const duckdb::ComparisonExpression& comparison) {
    const std::string left = to_spark_text(*comparison.left);
    const std::string right = to_spark_text(*comparison.right);
    switch (comparison.GetExpressionType()) {
        case ExpressionType::COMPARE_NOT_DISTINCT_FROM:
            return fmt::format("({} <=> {})", left, right);
        case ExpressionType::COMPARE_DISTINCT_FROM:
            return fmt::format("(NOT ({} <=> {}))", left, right);
        default:
            return fmt::format(
                "({} {} {})", left,
                replace_all(duckdb::ExpressionTypeToOperator(comparison.GetExpressionType()), "!=", "<>"), right);
    }
}

std::string case_text(const duckdb::CaseExpression& expression) {
    std::string out = "CASE";
    for (const auto& check : expression.case_checks)
        out += fmt::format(" WHEN {} THEN {}", to_spark_text(*check.when_expr), to_spark_text(*check.then_expr));
    return out + fmt::format(" ELSE {} END", to_spark_text(*expression.else_expr));
}

// Types of casts that a user wrote are not bound yet: they are names, which DuckDB puts in quotes as it likes.
Result<Type> type_of(const duckdb::CastExpression& cast) {
    return parse_sql_type(replace_all(cast.cast_type.ToString(), "\"", ""));
}

std::string cast_text(const duckdb::CastExpression& cast) {
    if (cast.try_cast) refuse(cast);
    const std::string child = to_spark_text(*cast.child);
    const auto type = type_of(cast);
    if (!type || !type->children.empty()) refuse(cast);
    if (cast.child->GetExpressionClass() == ExpressionClass::CONSTANT && child.starts_with('\'')) {
        if (type->kind == TypeKind::kDate) return "DATE" + child;
        if (type->kind == TypeKind::kBoolean) {  // the parser's form of true and false
            if (child == "'t'") return "true";
            if (child == "'f'") return "false";
        }
    }
    return fmt::format("CAST({} AS {})", child, spark_type_name(*type));
}

std::string conjunction_text(const duckdb::ConjunctionExpression& expression) {
    const std::string_view word = expression.GetExpressionType() == ExpressionType::CONJUNCTION_AND ? " AND " : " OR ";
    return fmt::format("({})", fmt::join(texts(expression.children), word));
}

std::string between_text(const duckdb::BetweenExpression& between) {
    return fmt::format("({} BETWEEN {} AND {})", to_spark_text(*between.input), to_spark_text(*between.lower),
                       to_spark_text(*between.upper));
}

}  // namespace

std::string to_spark_text(const duckdb::ParsedExpression& expression) {
    switch (expression.GetExpressionClass()) {
        case ExpressionClass::CONSTANT:
            return constant_text(expression.Cast<duckdb::ConstantExpression>());
        case ExpressionClass::COLUMN_REF: {
            std::vector<std::string> names;
            for (const auto& name : expression.Cast<duckdb::ColumnRefExpression>().column_names)
                names.push_back(name_text(name));
            return fmt::format("{}", fmt::join(names, "."));
        }
        case ExpressionClass::FUNCTION:
            return function_text(expression.Cast<duckdb::FunctionExpression>());
        case ExpressionClass::OPERATOR:
            return operator_text(expression.Cast<duckdb::OperatorExpression>());
        case ExpressionClass::COMPARISON:
            return comparison_text(expression.Cast<duckdb::ComparisonExpression>());
        case ExpressionClass::CONJUNCTION:
            return conjunction_text(expression.Cast<duckdb::ConjunctionExpression>());
        case ExpressionClass::BETWEEN:
            return between_text(expression.Cast<duckdb::BetweenExpression>());
        case ExpressionClass::CASE:
            return case_text(expression.Cast<duckdb::CaseExpression>());
        case ExpressionClass::CAST:
            return cast_text(expression.Cast<duckdb::CastExpression>());
        default:
            refuse(expression);
    }
}

}  // namespace lagoa
