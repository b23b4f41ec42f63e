// Rows on stdout: an aligned table for people, CSV and JSON for machines.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace lagoa::app {

enum class OutputFormat { kTable, kCsv, kJson, kParquet };

/// `table`, `csv`, `json`, `parquet`. kInvalidArgument.
Result<OutputFormat> parse_output_format(std::string_view name);

/// Prints every row of `rows` to `out` as they come (kTable: aligned by the first 1,000 of them). kParquet is not
/// printed here. CSV: RFC 4180, NULL empty. JSON: an array of objects, decimals with their exact digits. Both:
/// instants in UTC (`2026-01-02T03:00:00Z`), times without a zone alike but for the `Z`, nested values as JSON.
/// kUnavailable when `out` cannot be written; when its reader has gone, the rest is not read either.
Result<> print_rows(RowStream& rows, OutputFormat format, std::FILE* out);

/// A table of texts under `header`, numbers to the right.
void print_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                 std::FILE* out);

/// `value` as indented JSON and a new line.
void print_json(const json::Value& value, std::FILE* out);

/// `12.3 MB`, in powers of 1000.
std::string human_bytes(std::uint64_t bytes);

}  // namespace lagoa::app
