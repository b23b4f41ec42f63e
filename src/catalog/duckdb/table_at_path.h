// Tables by path: a folder of this machine, a folder of a mounted store, or a prefix of an S3 bucket.
#pragma once

#include <memory>
#include <string>

#include "duckdb.hpp"

#include "catalog/duckdb/delta_scan.h"
#include "catalog/duckdb/parquet_io.h"

namespace lagoa {

/// Where a table is, before a version of it is read.
struct TableAtPath {
    std::string root;  ///< As ScanSource::root.
    delta::TableLocation table;
    std::shared_ptr<ObjectStore> store;  ///< As ScanSource::store.

    ScanSource at(std::shared_ptr<const delta::Snapshot> snapshot) const {
        return {.snapshot = std::move(snapshot), .root = root, .table = table, .store = store, .mounts = nullptr};
    }
};

/// Carried by the table functions that take a path.
struct TableAtPathInfo final : duckdb::TableFunctionInfo {
    explicit TableAtPathInfo(Engine& engine) : parquet(make_parquet_io(engine)) {}

    std::unique_ptr<delta::ParquetIo> parquet;
};

/// What `path` names: `/data/t`, `file:///data/t`, `lagoa://<zone>/<table>` or `s3://bucket/prefix`, reached with the
/// environment's credentials unless a mounted store holds it. kNotFound: a folder that is not there. kPermissionDenied:
/// what no mounted store holds, where the engine's external access is off.
Result<TableAtPath> table_at_path(duckdb::ClientContext& context, delta::ParquetIo& parquet, std::string path);

/// Mounts the bucket of `address` (`s3://bucket/key`) unless a mounted store holds it. kPermissionDenied as above.
Result<> mount_bucket(duckdb::ClientContext& context, const std::string& address);

}  // namespace lagoa
