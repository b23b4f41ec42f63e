// The rows of one load: records of landed objects as typed columns with their verdict, in one pass.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "ingest/impl/record_plan.h"
#include "ingest/manifest.h"

namespace lagoa::ingest {

/// One object to load and how its stream's records are read.
struct Feed {
    std::shared_ptr<const Manifest> manifest;
    const LandedObject* object = nullptr;  ///< Of the manifest.
    RecordPlan* plan = nullptr;
};

/// What was read so far.
struct ReadCounts {
    std::uint64_t records = 0;
    std::uint64_t skipped = 0;
    std::uint64_t size_bytes = 0;
};

/// Columns: the contract's, then `_pointer` VARCHAR, `_feed` INTEGER (index of the Feed), `_position` BIGINT (order of
/// arrival, from 0), `_known_from` TIMESTAMPTZ, `_sequence` BIGINT, `_verdict` VARCHAR (JSON array of broken rules,
/// NULL: none),
/// `_record` VARCHAR (as landed; only of rows that break a rule).
class LandingRows final : public RowSource {
public:
    /// Opens a session that can read the landing zone's Parquet files.
    using Connect = std::function<Result<std::unique_ptr<Session>>()>;

    /// What is passed by reference, and the feeds' plans, outlive the source.
    LandingRows(ObjectStore& landing, std::vector<Feed> feeds, const Contract& contract, Connect connect);

    const Schema& schema() const override { return schema_; }
    /// kCorruption: an object that a manifest names is gone or not what was landed. kDataRejected: a source
    /// has drifted, an object lacks the record path and nothing else of its stream has records.
    Result<bool> next(RowSink& sink) override;

    const ReadCounts& counts() const { return counts_; }

private:
    // Whether the objects of one manifest and stream gave anything.
    struct StreamState {
        bool found = false;
        std::string missing_in;  // key of the first object without the path
        std::string missing_path;
    };

    Result<> open(const Feed& feed);
    Result<> close();
    Result<> check_drift();
    bool is_skipped() const;
    void add_row(RowSink& sink);
    void read_cells(const RecordPlan& plan, RowSink& sink);

    ObjectStore& landing_;
    const std::vector<Feed> feeds_;
    const Contract& contract_;
    const Connect connect_;
    Schema schema_;
    std::size_t feed_ = 0;
    std::unique_ptr<RecordReader> reader_;
    Record record_;
    std::uint64_t records_before_ = 0;
    std::string fetched_;  // when the object was, as text
    std::vector<Violation> broken_;
    std::map<std::string, StreamState> streams_;  // of the manifest being read
    ReadCounts counts_;
    std::int64_t position_ = 0;
};

}  // namespace lagoa::ingest
