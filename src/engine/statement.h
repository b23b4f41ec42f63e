// What a statement refers to, by the engine's own parser.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace lagoa {

/// One statement of a script.
struct Statement {
    std::string text;        ///< Without the `;` that ends it; in DuckDB's own words.
    bool is_select = false;  ///< Whether it can stand in parentheses: COPY (…) TO.
};

/// The statements of `sql`, separated by `;`, as `session` parses them. kInvalidArgument if one of them does not parse.
Result<std::vector<Statement>> split_statements(Session& session, std::string_view sql);

/// What the rows of a SELECT depend on.
struct References {
    std::vector<std::string> tables;  ///< `schema.table`, sorted, each once; views are followed to their tables.
    /// Whether the tables' versions decide the rows: false for one that reads files, or calls now() or random().
    bool only_tables = true;
};

/// kInvalidArgument if `sql` is not one statement that parses and binds.
Result<References> references(Session& session, std::string_view sql);

}  // namespace lagoa
