// The rows of a Delta checkpoint, out of DuckDB's vectors.
//
// Adds and removes, nearly all of a checkpoint, are taken member by member; every other action, and files whose members
// have other types than the protocol's, go through their JSON text.
#pragma once

#include <functional>
#include <optional>

#include "duckdb.hpp"

#include "delta/actions.h"

namespace lagoa {

class CheckpointRows {
public:
    /// Of a result with these columns.
    CheckpointRows(const duckdb::vector<duckdb::string>& names, const duckdb::vector<duckdb::LogicalType>& types);

    /// Passes the chunk's actions on in order; makes its vectors flat. kCorruption as delta::parse_action.
    Result<> read(duckdb::DataChunk& chunk, const std::function<Result<>(delta::Action action)>& each) const;

    /// The members of `add` and `remove` by their place in the struct; nullopt: not there.
    struct Members {
        using Place = std::optional<duckdb::idx_t>;

        duckdb::idx_t column = 0;
        Place path, partition_values, size, modification_time, data_change, stats, tags, deletion_vector, base_row_id,
            default_row_commit_version, clustering_provider, deletion_timestamp, extended_file_metadata;
        Place storage_type, path_or_inline, offset, size_in_bytes, cardinality;  // of deletion_vector
        Place stats_parsed, partition_values_parsed;                             // structs of any members
    };

private:
    duckdb::vector<duckdb::string> names_;
    std::optional<Members> add_;  // nullopt: not there, or of another shape
    std::optional<Members> remove_;
};

}  // namespace lagoa
