// The rules that CREATE TABLE declares: CHECK, DEFAULT, GENERATED ALWAYS AS; and NOT NULL.
#pragma once

#include "duckdb.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"

#include "delta/actions.h"

namespace lagoa {

/// Writes the rules of `info` into `metadata`, whose columns are those of `info`, as Spark's SQL. Constraints without a
/// name, which is all of them to DuckDB's parser, are called check_1, check_2, … Raises kUnsupported for keys, and for
/// an expression that Spark lacks or takes to mean something else; kInvalidArgument for one that does not fit.
void apply_creation_rules(const duckdb::CreateTableInfo& info, delta::Metadata& metadata);

}  // namespace lagoa
