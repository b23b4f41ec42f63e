// Data contracts: Open Data Contract Standard (ODCS) v3.1 YAML, the parts that are enforced.
//
// Every field of the standard is accepted; a constraint that is not enforced (exclusiveMinimum,
// mustBeLessThan, …) is refused rather than ignored, and so is a field that the standard lacks.
//
// Source: https://bitol-io.github.io/open-data-contract-standard/v3.1.0/
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codec/document.h"
#include "model/schema.h"
#include "model/table_name.h"

namespace lagoa {

/// One column's promises. Type from physicalType (SQL spelling) or, without one, logicalType
/// (string, integer → BIGINT, number → DECIMAL(38,18), boolean, date, timestamp → TIMESTAMPTZ).
struct ContractColumn {
    std::string name;
    Type type;
    bool required = false;
    bool unique = false;
    std::optional<int> key_position;  ///< primaryKeyPosition, from 1
    std::string description;
    // logicalTypeOptions; each nullopt/empty when not declared
    std::optional<json::Number> minimum, maximum;  ///< inclusive
    std::string pattern;                           ///< RE2, whole value
    std::optional<std::int64_t> min_length, max_length;
    std::vector<std::string>
        one_of;  ///< quality: {type: library, metric: invalidValues, arguments.validValues} or customProperties `enum`
};

/// A quality rule of the table: an SQL count that must be `must_be`.
struct ContractRule {
    std::string name;
    std::string query;  ///< `{object}` or the table's name stands for the rows that are checked.
    std::int64_t must_be = 0;
    std::string severity;  ///< `error` (the commit is dropped) or `warning`
};

struct Contract {
    TableName table;
    std::string version;
    std::string file;
    std::string description;
    std::vector<ContractColumn> columns;
    std::vector<ContractRule> rules;
    std::string text = {};  ///< The whole document as JSON: equal texts promise the same.

    /// Columns with a key_position, in its order.
    std::vector<std::string> key() const;
    const ContractColumn* find(std::string_view column) const;
    Schema schema() const;
};

/// The document's name ends with `<id>.odcs.yaml` and `id` is the table's name. Column names that start
/// with `_` are the lake's own and refused. kInvalidConfig names file, line and field.
Result<Contract> parse_contract(const Document& document);

}  // namespace lagoa
