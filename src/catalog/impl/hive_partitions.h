// Partition columns out of the names of folders: `day=2026-01-02/sector=oil%20%26%20gas/part-0.parquet`.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "delta/actions.h"
#include "engine/engine.h"
#include "model/schema.h"

namespace lagoa {

/// The columns that folders of `path` are named for and their values, unescaped, outermost first; nullopt is NULL.
std::vector<std::pair<std::string, std::optional<std::string>>> parse_hive_path(std::string_view path);

class HivePartitions {
public:
    /// Takes note of a file's folders. kDataRejected names two files whose folders are of other columns.
    Result<> add(const std::string& path);

    /// Decides the columns' types: those of `types` (SQL's names, for every column or for none), else the narrowest of
    /// INTEGER, BIGINT, DATE and VARCHAR that keeps each value's text. `session` casts values of other types.
    /// kInvalidArgument: other columns than the folders', or a type that no partition has. kDataRejected: a value that
    /// is not of its column's type.
    Result<> decide(Session& session, const std::map<std::string, std::string>& types);

    /// After decide(). As fields of the table, outermost first.
    const std::vector<Field>& columns() const { return fields_; }
    /// After decide(). The values of a file that was added.
    delta::PartitionValues values_of(const std::string& path) const;

private:
    struct Column {
        std::string name;
        std::map<std::string, std::string> values;  // text of the folder → as the log has it
    };

    std::string first_file_;  // empty: none was added
    std::vector<Column> columns_;
    std::vector<Field> fields_;
};

}  // namespace lagoa
