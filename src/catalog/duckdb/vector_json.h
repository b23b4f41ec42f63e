// Rows of DuckDB's vectors as JSON text, without a value in between.
#pragma once

#include <string>

#include "duckdb.hpp"

namespace lagoa {

/// Makes every vector of `chunk`, nested ones too, flat: what append_json_object() reads.
void flatten_deep(duckdb::DataChunk& chunk);

/// Appends one value of a vector made flat, as append_json_object() prints members.
void append_json(std::string& out, const duckdb::Vector& vector, duckdb::idx_t row);

/// Appends the row as `{"name":value,…}`. NULL members of the row and of structs are left out, NULL values
/// of maps and lists are null. Maps are objects; dates and instants are ISO 8601 (`Z` where they are instants);
/// decimals are numbers with all their digits.
void append_json_object(std::string& out, const duckdb::vector<duckdb::string>& names, const duckdb::DataChunk& chunk,
                        duckdb::idx_t row);

}  // namespace lagoa
