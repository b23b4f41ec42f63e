// Where the paths of a log lead: into the table's own folder, or to an absolute address anywhere.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Add File and Remove File)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "delta/snapshot.h"

namespace lagoa::delta {

/// `uri` as roots of stores are written: `file:///a` is `/a`, `s3a://b/c` is `s3://b/c`.
std::string store_address(std::string_view uri);

/// Whether a path of the log, decoded, says itself where it is: `/data/x`, `file:/data/x`, `s3://bucket/x`.
bool is_absolute(std::string_view path);

/// The table's folder as a person calls it: `/srv/lake/stocks`, `s3://bucket/stocks`.
std::string table_address(const TableLocation& table);

/// A path of the log, decoded and relative to the table's folder; nullopt if it is outside of it.
std::optional<std::string> path_in_table(const TableLocation& table, std::string_view log_path);

/// A path of the log of `table` as other tables' logs may name it: an absolute URI, %-encoded, `file:/a`
/// with one slash as Hadoop writes and compares them. kUnsupported: the table is in a store that has no address outside
/// this process.
Result<std::string> absolute_uri(const TableLocation& table, std::string_view log_path);

struct StoredFile {
    ObjectStore* store = nullptr;
    std::string key;
    std::shared_ptr<ObjectStore> opened =
        nullptr;  ///< `store`, where it is not the table's; shared as open_store() says.
};

/// Where the file of a path of the log is: in the table's own store, or in one of its folder. kNotFound: its folder is
/// not there. kUnsupported: neither a local file nor on S3.
Result<StoredFile> find_file(const TableLocation& table, std::string_view log_path);

}  // namespace lagoa::delta
