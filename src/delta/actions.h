// The actions of a Delta log, as typed values.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Actions)
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec/json.h"
#include "model/schema.h"

namespace lagoa::delta {

using Version = std::int64_t;

/// Partition column (its physical name, see column_mapping.h) → value as the protocol serialises it; nullopt is NULL.
using PartitionValues = std::map<std::string, std::optional<std::string>>;

struct Protocol {
    int min_reader_version = 1;
    int min_writer_version = 2;
    std::vector<std::string> reader_features;  ///< Reader version 3 only.
    std::vector<std::string> writer_features;  ///< Writer version 7 only.
    bool operator==(const Protocol&) const = default;
};

struct Metadata {
    std::string id;  ///< UUID, for the table's life.
    std::string name;
    std::string description;
    Schema schema;
    std::vector<std::string> partition_columns;
    std::map<std::string, std::string> configuration;
    std::optional<std::int64_t> created_ms;
};

/// Where the deleted rows of a file are listed.
struct DeletionVector {
    std::string storage_type;  ///< `u`, `i` or `p`
    std::string path_or_inline;
    std::optional<std::int32_t> offset;
    std::int32_t size_bytes = 0;
    std::int64_t cardinality = 0;
    bool operator==(const DeletionVector&) const = default;
};

struct AddFile {
    std::string path;  ///< As in the log: relative and %-encoded, or an absolute URI.
    PartitionValues partition_values;
    std::int64_t size_bytes = 0;
    std::int64_t modified_ms = 0;
    bool data_change = true;
    std::string stats;  ///< JSON text as in the log; empty if there is none.
    std::map<std::string, std::string> tags;
    std::optional<DeletionVector> deletion_vector;
    std::optional<std::int64_t> base_row_id;
    std::optional<std::int64_t> default_row_commit_version;
    std::string clustering_provider;
};

struct RemoveFile {
    std::string path;
    std::optional<std::int64_t> deleted_ms;
    bool data_change = true;
    bool extended_file_metadata = false;
    PartitionValues partition_values;
    std::optional<std::int64_t> size_bytes;
    std::optional<DeletionVector> deletion_vector;
    std::optional<std::int64_t> base_row_id;
    std::optional<std::int64_t> default_row_commit_version;
};

struct CdcFile {
    std::string path;
    PartitionValues partition_values;
    std::int64_t size_bytes = 0;
};

/// An application's own progress mark: commits with a version not above the last are repeats.
struct Txn {
    std::string app_id;
    std::int64_t version = 0;
    std::optional<std::int64_t> last_updated_ms;
};

struct DomainMetadata {
    std::string domain;
    std::string configuration;
    bool removed = false;
};

/// Free-form provenance; `timestamp`, `operation`, `operationParameters`, `userMetadata` are usual.
struct CommitInfo {
    json::Object fields;
};

/// Of a v2 checkpoint: the version it is of. Only in checkpoints.
struct CheckpointMetadata {
    std::int64_t version = 0;
};

/// A Parquet file under `_delta_log/_sidecars/` that holds some of a v2 checkpoint's adds and removes.
struct Sidecar {
    std::string path;  ///< A name in `_sidecars/`, or an absolute URI.
    std::int64_t size_bytes = 0;
    std::int64_t modified_ms = 0;
};

using Action = std::variant<Protocol, Metadata, AddFile, RemoveFile, CdcFile, Txn, DomainMetadata, CommitInfo,
                            CheckpointMetadata, Sidecar>;

/// Whether a table with this protocol may be read by us; kUnsupported names the feature. For writing: table_features.h.
Result<> check_readable(const Protocol& protocol);

/// The log path of an AddFile or RemoveFile, %-decoded, relative to the table unless absolute.
std::string decode_path(std::string_view path);
std::string encode_path(std::string_view path);

/// What an action's file is reconciled by: its path in one spelling (`/a b`, `file:/a%20b` and
/// `file:///a%20b` are one file) and its deletion vector.
std::string file_key(std::string_view path, const std::optional<DeletionVector>& deletion_vector);

}  // namespace lagoa::delta
