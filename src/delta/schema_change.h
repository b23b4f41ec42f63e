// Changes of a table's columns that need no rewriting of its files.
//
// Pure: each takes the metadata as it is and returns it as it will be; a commit writes it. Columns are named by their
// path (`{"address", "city"}`; `element`, `key`, `value` lead into lists and maps).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delta/actions.h"

namespace lagoa::delta {

using FieldPath = std::span<const std::string>;

/// Adds `field` to the struct at `parent` (empty: the table), last, or after the member `after` (empty text: first).
/// It must be nullable: files that stand do not have it. kAlreadyExists, kNotFound, kInvalidArgument.
Result<Metadata> add_column(Metadata metadata, FieldPath parent, Field field,
                            std::optional<std::string> after = std::nullopt);

/// kUnsupported without column mapping. kInvalidArgument: the column is used by a partition, a constraint, a generated
/// column or clustering where renaming would break it. A partition column keeps its physical name.
Result<Metadata> rename_column(Metadata metadata, FieldPath column, std::string new_name);

/// As rename_column; a partition column or the last column cannot be dropped.
Result<Metadata> drop_column(Metadata metadata, FieldPath column);

/// Whether the feature type widening allows values of `from` to be read as `to`.
bool can_widen(const Type& from, const Type& to);

/// Changes the type and records the change in the field's metadata (`delta.typeChanges`). kInvalidArgument for a change
/// that is no widening; kUnsupported unless delta.enableTypeWidening is on.
Result<Metadata> widen_column(Metadata metadata, FieldPath column, const Type& type);

/// Lets the column be NULL; or forbids it, that no row is being the caller's to know; or sets its description.
Result<Metadata> drop_not_null(Metadata metadata, FieldPath column);
Result<Metadata> set_not_null(Metadata metadata, FieldPath column);
Result<Metadata> comment_column(Metadata metadata, FieldPath column, std::string comment);

}  // namespace lagoa::delta
