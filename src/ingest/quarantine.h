// Looking at what contracts refused. Columns and rules: docs/formats/quarantine.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/lake.h"
#include "model/project.h"

namespace lagoa::ingest {

/// One line of `quarantine ls`: the refused rows of a table.
struct QuarantineSummary {
    TableName table;  ///< That refused them: `bronze.stocks`.
    std::uint64_t rows = 0;
    Instant last;  ///< The newest refusal.
    std::vector<std::pair<std::string, std::uint64_t>>
        rules;  ///< Broken rule and column (`scale close`) → rows, most first.
};

/// One refused row. `object`, `pointer` and `record` are empty where it has none.
struct QuarantinedRow {
    std::string id;
    std::string source;
    std::uint64_t sequence = 0;
    std::string run;
    Instant quarantined_at;
    json::Value rules;  ///< Array of {rule, column, value, message}.
    std::string contract_version;
    std::string object;
    std::string pointer;
    std::string record;
};

/// Every table that has refused rows, by name.
Result<std::vector<QuarantineSummary>> list_quarantine(Lake& lake, const Cut& cut);

/// The newest `limit` refused rows of `table`; none when it never refused one. kNotFound when there is neither such a
/// table nor a contract for it.
Result<std::vector<QuarantinedRow>> show_quarantine(Lake& lake, const Project& project, const TableName& table,
                                                    std::size_t limit);

/// The one whose id is, or starts with, `id` (at least 6 letters). kNotFound; kInvalidArgument for several.
Result<QuarantinedRow> show_quarantined(Session& session, const TableName& table, std::string_view id);

}  // namespace lagoa::ingest
