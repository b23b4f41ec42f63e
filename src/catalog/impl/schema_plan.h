// What a write does to a table's columns, and how its source's columns are selected to fit them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "delta/actions.h"
#include "delta/snapshot.h"
#include "engine/engine.h"
#include "model/schema.h"

namespace lagoa {

struct SchemaPlan {
    delta::Metadata metadata;  ///< The table's, with its columns after the write; of a new table its columns only.
    bool changed = true;       ///< Whether the columns differ from the table's.
    /// For each column of the schema, the expression over the source's columns that yields it, with its name:
    /// `CAST("close" AS DECIMAL(18,4)) AS "close"`.
    std::vector<std::string> select;
    /// Generated and identity columns that the source lacks: they are NULL in the selection, and filled in on the way.
    std::set<std::string> computed;
};

/// What becomes of columns that the table has.
enum class Columns { kEvolve, kReplace };

/// Matches by name, ASCII case ignored. kEvolve: columns that the source lacks are computed, or have their default, or
/// are NULL; columns, and members of
/// structs wherever they nest, that the table (`current`, nullptr: it is created) lacks are added as nullable, columns
/// with their text in `comments`; a source type that the column's type holds exactly is cast; a column whose type can
/// be widened to the source's is, where the table has type widening. kReplace: the table gets the source's columns, in
/// their order; those it had keep what is said of them. kDataRejected names the column and both types;
/// kInvalidArgument: two columns of one name, a NULL without type, a name that check_column_name refuses.
Result<SchemaPlan> plan_schema(const delta::Metadata* current, std::span<const Column> columns,
                               const std::map<std::string, std::string>& comments, Columns what = Columns::kEvolve);

/// kInvalidArgument for the name of a virtual column of every scan (file_index, filename, file_row_number): a column
/// would hide it, and a merge reads it.
Result<> check_column_name(std::string_view name);

/// Makes the columns of `metadata`, which replaces `before` in one log, go on where those stopped: ids are given once,
/// and a table that was mapped stays so, as its older versions are.
void keep_column_mapping(delta::Metadata& metadata, const delta::Metadata& before);

/// Makes `metadata`, of a new table or as it will be on top of `base`, what the commit will write, before files are
/// staged for it: columns have their places in files (column mapping), properties have said which features they need.
/// Returns the protocol for it. kUnsupported: a feature we do not write, by name.
Result<delta::Protocol> prepare_metadata(delta::Metadata& metadata, const delta::Snapshot* base);

}  // namespace lagoa
