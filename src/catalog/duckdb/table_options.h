// The properties of a table as SQL gives them: CREATE TABLE … WITH ('delta.appendOnly' = true), ALTER TABLE … SET (…).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "duckdb.hpp"
#include "duckdb/parser/parsed_expression.hpp"

namespace lagoa {

using TableOptions = duckdb::case_insensitive_map_t<duckdb::unique_ptr<duckdb::ParsedExpression>>;

/// DuckDB's parser hands names over in lower case; here they are as the protocol spells them. Raises kUnsupported for a
/// property that we do not honour, kInvalidArgument for a value that is no constant.
std::map<std::string, std::string> table_properties(const TableOptions& options);

/// Whether `name`, in any case, is a feature that `delta.feature.<name>` may ask for.
bool is_known_feature(std::string_view name);

/// The protocol's spelling of one name. Raises kUnsupported.
std::string property_name(const std::string& name);

}  // namespace lagoa
