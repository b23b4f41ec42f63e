// Spark's expressions bound to the columns of a table's rows.
#pragma once

#include <string>
#include <vector>

#include "duckdb.hpp"
#include "duckdb/parser/column_list.hpp"

#include "catalog/duckdb/spark_expression.h"
#include "engine/duckdb/error.h"

namespace lagoa {

/// Binds DuckDB's SQL over the columns of a schema, by name, to their places in a chunk. Borrows the schema.
class RuleBinder {
public:
    RuleBinder(duckdb::ClientContext& context, const Schema& schema);

    /// What `translation` answers; an error is raised with the rule that it is of.
    template <class Translation>
    SparkExpression translate(const std::string& rule, const Translation& translation) const {
        Result<SparkExpression> translated = translation();
        if (!translated)
            raise({translated.error().code, fmt::format("{}: {}", rule, translated.error().message),
                   translated.error().hint});
        return *std::move(translated);
    }

    duckdb::unique_ptr<duckdb::Expression> bind(const std::string& sql, const duckdb::LogicalType& type) const;

    /// The places of the columns that `expression` reads.
    std::vector<std::size_t> indexes(const SparkExpression& expression) const;

private:
    duckdb::ClientContext& context_;
    const Schema& schema_;
    duckdb::ColumnList columns_;
};

}  // namespace lagoa
