#include "catalog/duckdb/parquet_io.h"

#include <atomic>

#include <fmt/ranges.h>

#include "duckdb.hpp"

#include "base/text.h"
#include "catalog/duckdb/checkpoint_rows.h"
#include "catalog/duckdb/chunk_visitor.h"
#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

// The checkpoint schema as json_transform() takes it: the log's own names, the protocol's types.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Checkpoint Schema)
constexpr std::string_view kCheckpointShape = R"json({
"txn": {"appId": "VARCHAR", "version": "BIGINT", "lastUpdated": "BIGINT"},
"add": {"path": "VARCHAR", "partitionValues": "MAP(VARCHAR, VARCHAR)", "size": "BIGINT", "modificationTime": "BIGINT",
    "dataChange": "BOOLEAN", "stats": "VARCHAR", "tags": "MAP(VARCHAR, VARCHAR)",
    "deletionVector": {"storageType": "VARCHAR", "pathOrInlineDv": "VARCHAR", "offset": "INTEGER",
        "sizeInBytes": "INTEGER", "cardinality": "BIGINT"},
    "baseRowId": "BIGINT", "defaultRowCommitVersion": "BIGINT", "clusteringProvider": "VARCHAR"},
"remove": {"path": "VARCHAR", "deletionTimestamp": "BIGINT", "dataChange": "BOOLEAN", "extendedFileMetadata": "BOOLEAN",
    "partitionValues": "MAP(VARCHAR, VARCHAR)", "size": "BIGINT", "tags": "MAP(VARCHAR, VARCHAR)",
    "deletionVector": {"storageType": "VARCHAR", "pathOrInlineDv": "VARCHAR", "offset": "INTEGER",
        "sizeInBytes": "INTEGER", "cardinality": "BIGINT"},
    "baseRowId": "BIGINT", "defaultRowCommitVersion": "BIGINT"},
"metaData": {"id": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR",
    "format": {"provider": "VARCHAR", "options": "MAP(VARCHAR, VARCHAR)"}, "schemaString": "VARCHAR",
    "partitionColumns": ["VARCHAR"], "createdTime": "BIGINT", "configuration": "MAP(VARCHAR, VARCHAR)"},
"protocol": {"minReaderVersion": "INTEGER", "minWriterVersion": "INTEGER", "readerFeatures": ["VARCHAR"],
    "writerFeatures": ["VARCHAR"]},
"domainMetadata": {"domain": "VARCHAR", "configuration": "VARCHAR", "removed": "BOOLEAN"}})json";

// One store under a name of its own, for as long as this lives.
class ScopedMount {
public:
    ScopedMount(Mounts& mounts, ObjectStore& store)
        : mounts_(mounts), name_(fmt::format("_checkpoint_{}", next_.fetch_add(1))) {
        // Lent, not owned: whoever calls ParquetIo keeps the store alive for the call.
        unwrap(mounts_.add(name_, std::shared_ptr<ObjectStore>(&store, [](ObjectStore*) {})));
    }
    ScopedMount(const ScopedMount&) = delete;
    ~ScopedMount() { mounts_.remove(name_); }

    std::string path(std::string_view key) const { return fmt::format("lagoa://{}/{}", name_, key); }

private:
    static inline std::atomic<std::uint64_t> next_ = 0;
    Mounts& mounts_;
    std::string name_;
};

class ActionTexts final : public RowSource {
public:
    explicit ActionTexts(const std::vector<std::string>& actions) : actions_(actions) {}

    const Schema& schema() const override { return schema_; }

    Result<bool> next(RowSink& sink) override {
        for (std::size_t i = 0; i < sink.capacity() && at_ < actions_.size(); ++i, ++at_) {
            sink.add_row();
            sink.set_text(0, actions_[at_]);
        }
        return at_ < actions_.size();
    }

private:
    const std::vector<std::string>& actions_;
    std::size_t at_ = 0;
    Schema schema_{.fields = {Field{.name = "action"}}};
};

class DuckDbParquetIo final : public delta::ParquetIo {
public:
    explicit DuckDbParquetIo(Engine& engine) : engine_(engine) {}

    Result<> read_actions(ObjectStore& store, std::string_view key,
                          const std::function<Result<>(delta::Action action)>& each) override {
        auto done = guarded([&]() -> Result<> { return read(store, key, each); });
        if (done || done.error().code == ErrorCode::kNotFound) return done;
        Error error = std::move(done).error();
        // What DuckDB itself says of a file it cannot make sense of.
        if (error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kDataRejected ||
            error.code == ErrorCode::kInternal)
            error.code = ErrorCode::kCorruption;
        return pass_on(std::move(error), "reading checkpoint {}", key);
    }

    Result<std::uint64_t> write_actions(ObjectStore& store, std::string_view key,
                                        const std::vector<std::string>& actions) override {
        return guarded([&]() -> Result<std::uint64_t> {
            const ScopedMount mount(mounts(engine_), store);
            const auto session = LAGOA_TRY(engine_.connect());
            const std::string source = mount.path(key);  // unique, and says in errors what it is for
            LAGOA_TRY(session->add_source(source, std::make_shared<ActionTexts>(actions)));
            LAGOA_TRY(session->execute(fmt::format(
                          // Straight to the key, also when it is there: objects are not renamed.
                          "COPY (SELECT unnest(json_transform(action, {})) FROM rows_of({})) TO {} "
                          "(FORMAT parquet, USE_TMP_FILE false)",
                          quote_literal(kCheckpointShape), quote_literal(source), quote_literal(mount.path(key)))),
                      "writing checkpoint {}", key);
            const ObjectInfo written = LAGOA_TRY(store.head(key));
            return written.size_bytes;
        });
    }

private:
    Result<> read(ObjectStore& store, std::string_view key, const std::function<Result<>(delta::Action)>& each) {
        const ScopedMount mount(mounts(engine_), store);
        duckdb::Connection connection(instance(engine_));
        // The mount's name is never used again: its footer is not worth keeping.
        if (const auto set = connection.Query("SET parquet_metadata_cache = false"); set->HasError())
            return pass_on(to_error(set->GetErrorObject()));
        const auto make = [&](const duckdb::vector<duckdb::string>& names,
                              const duckdb::vector<duckdb::LogicalType>& types) -> VisitChunk {
            return [&each, rows = CheckpointRows(names, types)](duckdb::DataChunk& chunk) {
                return rows.read(chunk, each);
            };
        };
        const std::string file = quote_literal(mount.path(key));
        const std::vector<std::string> columns = LAGOA_TRY(columns_with_values(connection, file));
        if (columns.empty()) return {};
        return visit_rows(
            connection,
            fmt::format("SELECT {} FROM read_parquet({}, hive_partitioning = false)", fmt::join(columns, ", "), file),
            make, error_of_file);
    }

    // The columns that are not NULL throughout, quoted. Most kinds of action are in few checkpoints, and reading that
    // each row has none costs as much as reading a number.
    static Result<std::vector<std::string>> columns_with_values(duckdb::Connection& connection,
                                                                const std::string& file) {
        const auto found = connection.Query(fmt::format(
            "SELECT split_part(path_in_schema, ', ', 1) FROM parquet_metadata({}) GROUP BY 1 HAVING NOT "
            // What repeats may be empty without being NULL, and counts otherwise.
            "bool_and(coalesce(stats_null_count = num_values, false) OR regexp_matches(path_in_schema, ', .*, ')) "
            "ORDER BY min(column_id)",
            file));
        if (found->HasError()) return pass_on(error_of_file(found->GetErrorObject()));
        std::vector<std::string> columns;
        for (const auto& row : *found) columns.push_back(quote_identifier(row.GetValue<std::string>(0)));
        return columns;
    }

    // What the store fails with is raise()d. What DuckDB cannot read or lacks, it finds in the file.
    static Error error_of_file(const duckdb::ErrorData& found) {
        Error error = to_error(found);
        if (!is_raised(found) && (error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kUnsupported))
            error.code = ErrorCode::kCorruption;
        return error;
    }

    Engine& engine_;
};

}  // namespace

std::unique_ptr<delta::ParquetIo> make_parquet_io(Engine& engine) {
    return std::make_unique<DuckDbParquetIo>(engine);
}

}  // namespace lagoa
