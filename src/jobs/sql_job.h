// A SQL model: `jobs/<name>.sql`, one SELECT with a YAML header in its first comment.
//
//     /* lagoa
//     target: silver.stocks_refined
//     mode: merge
//     key: [symbol, trade_date]
//     */
//     SELECT …
//
// Grammar of the header: docs/reference/jobs.md
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/lake.h"
#include "model/table_name.h"

namespace lagoa::jobs {

struct SqlJob {
    std::string name;
    TableName target;
    WriteMode mode = WriteMode::kOverwrite;
    std::vector<std::string> key;  ///< mode merge: which rows are the same.
    std::vector<std::string> partition_by;
    std::string description;
    std::string select;  ///< The text after the header, without a final `;`.
    std::string text;    ///< The whole file.
};

/// kInvalidConfig names file, line and field. The SELECT itself is checked when it is bound.
Result<SqlJob> parse_sql_job(const std::string& name, const std::string& text);

}  // namespace lagoa::jobs
