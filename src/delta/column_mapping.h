// Column mapping: what a column is called in data files, in partition values and in statistics, which is not
// what it is called in the schema once a column may be renamed or dropped.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Column Mapping)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "delta/actions.h"

namespace lagoa::delta {

enum class ColumnMapping { kNone, kName, kId };

/// kInvalidArgument: a mode that is none of `none`, `name`, `id`.
Result<ColumnMapping> column_mapping_of(const Metadata& metadata);

/// The field's name in files: `delta.columnMapping.physicalName`, else its name.
std::string physical_name(const Field& field);
/// The field's id in Parquet: `delta.columnMapping.id`.
std::optional<std::int64_t> field_id(const Field& field);

/// `schema` with every field, nested ones too, under its physical name.
Schema to_physical(const Schema& schema);
/// The partition columns under their physical names, in their order.
std::vector<std::string> physical_partition_columns(const Metadata& metadata);

/// Gives every field that lacks them an id and a physical name, and moves `delta.columnMapping.maxColumnId`. Fields of
/// a table whose mapping is just being turned on (`was_mapped` false, not new) keep their names as physical ones;
/// others get `col-<uuid>`. Nothing is done if `metadata` has no mapping. kCorruption: two fields of one id or physical
/// name.
Result<> assign_column_mapping(Metadata& metadata, bool was_mapped, bool is_new_table);

/// Makes `metadata`, which takes the place of `before` in one log together with files of its own, go on where that
/// stopped: column ids are given once, and a table that is mapped stays so, its columns of before the mapping being in
/// files under their names. kUnsupported: `before` is mapped by ids, which such files lack.
Result<> continue_column_mapping(Metadata& metadata, const Metadata& before);

}  // namespace lagoa::delta
