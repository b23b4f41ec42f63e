#include "catalog/impl/rule_change.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "base/text.h"
#include "catalog/duckdb/held_snapshot.h"
#include "catalog/duckdb/spark_expression.h"
#include "catalog/impl/clustering_columns.h"
#include "catalog/impl/feature_drop.h"
#include "catalog/impl/schema_plan.h"
#include "delta/clustering.h"
#include "delta/column_rules.h"
#include "delta/schema_change.h"
#include "delta/table_features.h"

namespace lagoa {
namespace {

using Changed = Result<std::optional<ChangedTable>>;  // nullopt: it is so already

constexpr int kMaxAttempts = 5;  // on tables that others write meanwhile

// A rule that our SQL would take to mean something else is not stored from it: who wrote it may mean either.
Result<> check_same_meaning(const SparkExpression& expression) {
    if (expression.departures.empty()) return {};
    return fail_with_hint(ErrorCode::kUnsupported, "Write it in a way that means the same in both.",
                          "rules are Spark's SQL, where it means something else: {}",
                          fmt::join(expression.departures, "; "));
}

Result<std::size_t> column_index(const delta::Metadata& metadata, const std::string& name) {
    const Field* const field = metadata.schema.find(name);
    if (field == nullptr) return fail(ErrorCode::kNotFound, "there is no column {}", name);
    return static_cast<std::size_t>(field - metadata.schema.fields.data());
}

// One table at its newest version, and a session to look at its rows.
class RuleChanger {
public:
    RuleChanger(const OperationContext& context, const TableName& table, std::shared_ptr<const delta::Snapshot> base)
        : context_(context), table_(table), base_(std::move(base)) {}

    Changed change(const RuleChange& change) {
        using enum RuleChange::Kind;
        switch (change.kind) {
            case kAddConstraint:
                return add_constraint(change.name, std::string(trim(change.text)));
            case kDropConstraint:
                return drop_constraint(change);
            case kSetNotNull:
                return set_not_null(change.name);
            case kSetDefault:
                return set_default(change.name, std::string(trim(change.text)));
            case kDropDefault:
                return drop_default(change.name);
            case kClusterBy:
                return cluster_by(change.columns);
            case kAddFeature:
                return add_feature(change.name);
            case kDropFeature:
                break;  // takes more than one commit: drop_table_feature()
        }
        return fail(ErrorCode::kInternal, "a change of no kind");
    }

private:
    ChangedTable changed(std::string operation, json::Object parameters) const {
        return {.metadata = base_->metadata, .operation = std::move(operation), .parameters = std::move(parameters)};
    }

    // ------------------------------------------------------------------ rules

    Changed add_constraint(const std::string& name, const std::string& text) {
        if (name.empty()) return fail(ErrorCode::kInvalidArgument, "a constraint has no name");
        const std::string property = std::string(delta::kConstraintProperty) + to_lower(name);
        if (base_->metadata.configuration.contains(property))
            return fail(ErrorCode::kAlreadyExists, "there is a constraint {}", name);
        const auto condition = LAGOA_TRY(translate_spark_condition(text, base_->metadata.schema), "CHECK ({})", text);
        LAGOA_TRY(check_same_meaning(condition), "CHECK ({})", text);
        LAGOA_TRY(check_rows(condition, fmt::format("CHECK {} ({})", name, text)));
        ChangedTable table = changed("ADD CONSTRAINT", json::make_object({{"name", name}, {"expr", text}}));
        table.metadata.configuration[property] = text;
        return table;
    }

    Changed drop_constraint(const RuleChange& change) {
        const std::string property = std::string(delta::kConstraintProperty) + to_lower(change.name);
        const auto at = base_->metadata.configuration.find(property);
        if (at == base_->metadata.configuration.end()) {
            if (change.if_exists) return std::nullopt;
            return fail(ErrorCode::kNotFound, "there is no constraint {}", change.name);
        }
        ChangedTable table =
            changed("DROP CONSTRAINT", json::make_object({{"name", change.name}, {"expr", at->second}}));
        table.metadata.configuration.erase(property);
        return table;
    }

    Changed set_not_null(const std::string& name) {
        const std::size_t index = LAGOA_TRY(column_index(base_->metadata, name));
        const Field& field = base_->metadata.schema.fields[index];
        if (!field.nullable) return std::nullopt;
        const SparkExpression condition{.sql = quote_identifier(field.name) + " IS NOT NULL",
                                        .type = {.kind = TypeKind::kBoolean},
                                        .columns = {field.name},
                                        .departures = {}};
        LAGOA_TRY(check_rows(condition, field.name + " NOT NULL"));
        ChangedTable table = changed("CHANGE COLUMN", json::make_object({{"column", field.name}, {"nullable", false}}));
        const std::vector<std::string> path{field.name};
        table.metadata = LAGOA_TRY(delta::set_not_null(std::move(table.metadata), path));
        return table;
    }

    // All rows that are there meet `condition`, or the first that does not is named.
    Result<> check_rows(const SparkExpression& condition, const std::string& rule) const {
        const auto session = LAGOA_TRY(context_.connect());
        const delta::TableLocation location = LAGOA_TRY(context_.tables->locate(table_));
        const HeldSnapshot held(*session, base_, fmt::format("lagoa://{}/{}", table_.zone, location.path), location);
        std::vector<std::string> columns;
        for (const std::string& column : condition.columns) columns.push_back(quote_identifier(column));
        const std::string values = columns.empty() ? "1 AS one" : fmt::format("{}", fmt::join(columns, ", "));
        auto broken = session->rows(
            fmt::format("SELECT {} FROM {} WHERE ({}) IS NOT TRUE LIMIT 1", values, held.sql(), condition.sql));
        if (!broken) {
            const bool is_of_values = broken.error().code == ErrorCode::kInvalidArgument;
            return pass_on({is_of_values ? ErrorCode::kDataRejected : broken.error().code, broken.error().message,
                            broken.error().hint},
                           "evaluating {} on the rows that are there", rule);
        }
        if (broken->empty()) return {};
        return fail_with_hint(ErrorCode::kDataRejected, "Update or delete such rows first.",
                              "a row that is there breaks {}: {}", rule, json::dump(broken->front()));
    }

    Changed set_default(const std::string& name, const std::string& text) {
        const std::size_t index = LAGOA_TRY(column_index(base_->metadata, name));
        const Field& field = base_->metadata.schema.fields[index];
        LAGOA_TRY(check_column_default(field, text), "DEFAULT of {} ({})", field.name, text);
        ChangedTable table = changed("CHANGE COLUMN", json::make_object({{"column", field.name}, {"default", text}}));
        table.metadata.schema.fields[index].metadata.set(delta::kDefaultExpression, text);
        return table;
    }

    Changed drop_default(const std::string& name) {
        const std::size_t index = LAGOA_TRY(column_index(base_->metadata, name));
        const Field& field = base_->metadata.schema.fields[index];
        if (!delta::default_expression(field)) return std::nullopt;
        ChangedTable table =
            changed("CHANGE COLUMN", json::make_object({{"column", field.name}, {"default", nullptr}}));
        table.metadata.schema.fields[index].metadata.erase(delta::kDefaultExpression);
        return table;
    }

    // ------------------------------------------------------------------ layout and features

    Changed cluster_by(const std::vector<std::string>& columns) {
        delta::DomainMetadata domain = LAGOA_TRY(clustering_of(base_->metadata, columns));
        const auto before = base_->domains.find(domain.domain);
        const bool was_clustered = before != base_->domains.end() && !before->second.removed;
        if (was_clustered ? before->second.configuration == domain.configuration : columns.empty()) return std::nullopt;
        std::vector<std::string> old_columns;
        for (const delta::NamePath& path : LAGOA_TRY(delta::clustering_columns(*base_)))
            old_columns.push_back(delta::to_text(path));
        ChangedTable table = changed(
            "CLUSTER BY", json::make_object({{"oldClusteringColumns", fmt::format("{}", fmt::join(old_columns, ","))},
                                             {"newClusteringColumns", fmt::format("{}", fmt::join(columns, ","))}}));
        table.metadata.configuration["delta.feature.clustering"] = "supported";
        table.domains.push_back(std::move(domain));
        return table;
    }

    Changed add_feature(const std::string& name) {
        if (delta::has_feature(base_->protocol, name)) return std::nullopt;
        const std::string property = "delta.feature." + name;
        ChangedTable table =
            changed("SET TBLPROPERTIES",
                    json::make_object({{"properties", json::dump(json::make_object({{property, "supported"}}))}}));
        table.metadata.configuration[property] = "supported";
        delta::Metadata trial = table.metadata;
        const delta::Protocol protocol = LAGOA_TRY(delta::protocol_for(trial, &base_->protocol));
        if (protocol == base_->protocol) return std::nullopt;
        return table;
    }

    const OperationContext& context_;
    const TableName& table_;
    const std::shared_ptr<const delta::Snapshot> base_;  // shared with the snapshot cache
};

}  // namespace

Result<> check_default(const std::string& text, const Type& type) {
    return check_same_meaning(LAGOA_TRY(translate_spark_as(text, Schema{}, type)));
}

Result<> check_column_default(const Field& column, const std::string& text) {
    const auto identity = LAGOA_TRY(delta::identity_of(column));
    if (identity || delta::generation_expression(column))
        return fail(ErrorCode::kInvalidArgument, "column {} is computed: it has no default", column.name);
    return check_default(text, column.type);
}

Result<> check_condition(const std::string& text, const Schema& schema) {
    return check_same_meaning(LAGOA_TRY(translate_spark_condition(text, schema)));
}

Result<std::string> generation_text(const std::string& text, const Schema& schema, const Field& column) {
    const auto expression = LAGOA_TRY(translate_spark(text, schema));
    LAGOA_TRY(check_same_meaning(expression));
    for (const std::string& used : expression.columns) {
        const Field& source = *schema.find(used);
        if (used == column.name || delta::generation_expression(source) || LAGOA_TRY(delta::identity_of(source)))
            return fail(ErrorCode::kInvalidArgument, "it uses {}, which is computed itself", used);
    }
    if (expression.type == column.type) return text;
    const auto assigned = translate_spark_as(text, schema, column.type);
    if (!assigned) return pass_on(assigned.error());
    return fmt::format("CAST({} AS {})", text, spark_type_name(column.type));
}

Result<delta::Version> change_table_rule(const OperationContext& context, const TableName& table,
                                         const RuleChange& change) {
    const bool is_layout = change.kind == RuleChange::Kind::kClusterBy ||
                           change.kind == RuleChange::Kind::kAddFeature ||
                           change.kind == RuleChange::Kind::kDropFeature;
    if (!is_layout && context.tables->contracted.contains(table))
        return fail_with_hint(ErrorCode::kUnsupported, "Change its contract.",
                              "{} has a contract, which says what its rows must be", table.text());
    if (change.kind == RuleChange::Kind::kDropFeature) return drop_table_feature(context, table, change.name);
    for (int attempt = 1;; ++attempt) {
        auto base = LAGOA_TRY(context.writable(table));
        auto changed = LAGOA_TRY(RuleChanger(context, table, base).change(change));
        if (!changed) return base->version;
        auto version = commit_change(context, table, std::move(base), *std::move(changed));
        if (version || version.error().code != ErrorCode::kConflict || attempt == kMaxAttempts) return version;
    }
}

}  // namespace lagoa
