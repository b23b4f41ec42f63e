// A source's declaration (`sources/<name>.yaml`), parsed: what to fetch and which tables it feeds.
//
// The full grammar with an example of each kind: docs/reference/sources.md
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codec/document.h"
#include "model/table_name.h"

namespace lagoa::ingest {

/// How a record's text becomes the contract's type. kAuto reads what the type's own spelling is.
enum class Parse {
    kAuto,
    kEpochSeconds,  ///< → DATE in the project's time zone, or TIMESTAMPTZ
    kEpochMilliseconds,
    kInstantDate,      ///< ISO instant → DATE in the project's time zone; midnight UTC and a bare `2026-11-25` are that
                       ///< very day
    kDateDmy,          ///< 25/11/2026
    kDateYmd,          ///< 20261125; 00000000 and 99991231 are NULL
    kPtBr,             ///< `1.234,56`, `-60,77%` (percent sign dropped), `R$ 17,30 M`, `-`, `N/A`, empty → NULL
    kImpliedDecimals,  ///< digits with the column's scale implied: `000000001234` → 12.34
};

/// Where one column of a table comes from.
struct ColumnMapping {
    std::string column;
    /// `name` or `a/b` inside the record; `/results/*/symbol` from the top, stars as in records. `_item`, `_fetched`:
    /// of the landed object; `_at`: the record's place in the evidence. Empty: the column's name.
    std::string from;
    Parse parse = Parse::kAuto;
    std::optional<std::string> constant;
    bool trim = false;
};

/// One bronze table fed by a stream.
struct TableMapping {
    TableName table;      ///< zone bronze
    std::string records;  ///< kJson: pointer pattern, e.g. `/results/*/historicalDataPrice/*`; empty for other formats
    std::vector<ColumnMapping> columns;           ///< Only those that differ from "same name, auto".
    std::vector<std::string> skip_when_all_null;  ///< A record with all of these null is no record (an empty candle):
                                                  ///< counted, not quarantined.
    bool optional = false;  ///< An answer may lack `records` altogether; otherwise one without it is a drift of the
                            ///< source and refused.
};

/// One request template (http, html), table (postgres) or file pattern (fixed_width) of a source.
struct Stream {
    std::string name;
    json::Value declaration;  ///< The connector's own fields, environment expanded at use.
    std::string pointer;      ///< Of the declaration in the document, for messages.
    std::vector<TableMapping> tables;
};

struct Source {
    std::string name;
    std::string kind;   ///< http, html, postgres, fixed_width
    Document document;  ///< For messages; root() is the declaration as written.
    std::vector<Stream> streams;
    std::vector<std::string> retired_streams;  ///< Once declared: a load leaves out what they landed.

    bool is_retired(std::string_view stream) const;
    const Stream* find(std::string_view stream) const;
};

/// kInvalidConfig names file, line, field and the fix. Checks what every kind shares; the connector
/// checks the rest.
Result<Source> parse_source(const std::string& name, const Document& document);

}  // namespace lagoa::ingest
