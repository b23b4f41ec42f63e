// The lake: zones of Delta tables, its versions, and sessions that see one cut of them as SQL.
//
// A zone is a SQL schema and has its own store. A table `silver.stocks_refined` is the Delta table
// `stocks_refined/` in the zone's store. Sessions attach the lake as a DuckDB catalog
// (catalog/duckdb/), so that SELECT, INSERT and CREATE TABLE AS go through DuckDB's own planner.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/lake_log.h"
#include "catalog/table_operations.h"
#include "delta/commit.h"
#include "engine/engine.h"
#include "model/table_name.h"

namespace lagoa {

/// Which version of each table a session sees.
///
/// The base is the last published lake version, a given one, or (head) each table's newest. `pins`
/// overrides single tables: a run reads the published cut plus what it wrote itself.
struct Cut {
    enum class Base { kPublished, kVersion, kHead };
    Base base = Base::kPublished;
    std::uint64_t lake_version = 0;  ///< kVersion only.
    std::map<TableName, delta::Version> pins;
};

/// How Lake::write changes a table.
enum class WriteMode {
    kAppend,
    kOverwrite,            ///< All rows go; new ones come.
    kOverwritePartitions,  ///< The rows of those partitions go that the new rows fall into.
    kReplaceWhere,         ///< The rows that match `replace_where` go; the new ones must match it.
    kMerge,
};

struct WriteRequest {
    TableName table;
    std::string select;  ///< One SELECT; its columns are the table's. Runs in the session passed.
    WriteMode mode = WriteMode::kAppend;
    std::string replace_where;                      ///< kReplaceWhere: a condition over the table's columns.
    std::vector<std::string> key;                   ///< kMerge: matched rows are replaced, others added. NULLs match.
    std::vector<std::string> partition_by;          ///< Used when the table is created.
    std::map<std::string, std::string> properties;  ///< Table properties to hold (`lagoa.businessKey`: JSON array).
    std::map<std::string, std::string> comments;    ///< Column → description, for new columns.
    std::string description;
    std::optional<delta::Txn> txn;  ///< Already committed: nothing is written.
    /// The txn version (-1: none) of txn's application that `select` was made on; kConflict if the table has another,
    /// lower than txn's own. What a reader-then-writer needs whose steps may be cut differently by another one.
    std::optional<std::int64_t> txn_after;
    std::string operation = "WRITE";
    std::string user_metadata;    ///< JSON text kept in the commit.
    json::Object commit_info;     ///< More members of commitInfo.
    bool replace_schema = false;  ///< kOverwrite: the table gets the columns of `select` and no others.
    bool skip_if_empty = false;   ///< No rows: no commit (but the table is created).
};

struct WriteResult {
    delta::Version version = -1;  ///< The table's version after the write (also when nothing was written).
    bool committed = false;
    std::uint64_t rows = 0;  ///< Rows written (for a merge: rows of the source).
    std::uint64_t files = 0;
    std::uint64_t size_bytes = 0;
};

/// One line of `table ls`.
struct TableInfo {
    TableName name;
    delta::Version version = -1;
    std::optional<std::uint64_t> rows;
    std::uint64_t files = 0;
    std::uint64_t size_bytes = 0;
    Instant modified;
    std::optional<Error> unreadable;  ///< Why nothing but the name is known.
};

struct LakeOptions {
    std::map<std::string, std::shared_ptr<ObjectStore>> zones;  ///< By name; shared_ptr: engine sessions outlive calls.
    std::shared_ptr<ObjectStore> log;                           ///< Holds `_lagoa/log/`.
    Engine* engine = nullptr;
    Clock* clock = nullptr;
    std::set<TableName>
        contracted;  ///< Have a contract: SQL may not create or add to them (kUnsupported), write() may.
    std::string time_zone = "America/Sao_Paulo";
    LakeRetention retention;
};

/// Thread-safe.
class Lake {
public:
    static Result<std::unique_ptr<Lake>> open(LakeOptions options);
    virtual ~Lake() = default;

    /// A session with the lake attached as `lake` and made the default catalog, so that
    /// `silver.stocks_refined` names a table. Every table with the property `lagoa.businessKey` has a
    /// view `<table>_current`: the newest row of each key by `_known_from`, then by arrival.
    /// `delta('PATH')` reads any Delta table by path.
    virtual Result<std::unique_ptr<Session>> connect(const Cut& cut) = 0;

    /// Writes rows of `request.select`, run in `session`. New columns of an append or overwrite, members of structs
    /// too, are added to the schema as nullable; a column whose type widens is widened where the table has type
    /// widening; a column that cannot hold its old type is kDataRejected. Builds on the table's newest version,
    /// whatever the session's cut; afterwards the session sees what it wrote. kConflict, kResourceExhausted (disk full;
    /// nothing visible), as delta::commit.
    virtual Result<WriteResult> write(Session& session, const WriteRequest& request) = 0;

    /// Commits `changed`, the metadata of `table` after changes of its columns or properties (delta/schema_change.h)
    /// made on its version `base`, raising the protocol if it must be. Returns the version made.
    virtual Result<delta::Version> alter(const TableName& table, std::shared_ptr<const delta::Snapshot> base,
                                         delta::Metadata changed, std::string operation,
                                         json::Object operation_parameters) = 0;

    /// Where `table` is; it need not exist. kNotFound for an unknown zone.
    virtual Result<delta::TableLocation> locate(const TableName& table) = 0;

    /// kNotFound names close matches.
    virtual Result<std::shared_ptr<const delta::Snapshot>> snapshot(const TableName& table, const Cut& cut) = 0;

    /// A table that cannot be read is listed, with the reason.
    virtual Result<std::vector<TableInfo>> tables(const Cut& cut) = 0;

    /// The views that this cut holds: name → SELECT. `<table>_current` is none of them.
    virtual Result<std::map<TableName, std::string>> views(const Cut& cut) = 0;

    /// Maintenance, versions and rules of single tables. Lives as long as the lake.
    virtual TableOperations& operations() = 0;

    virtual LakeLog& log() = 0;
};

}  // namespace lagoa
