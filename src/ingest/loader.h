// The raw job: applies a source's new manifests to a bronze table, in order, once.
//
// Each Delta commit carries txn(appId = lagoa/<source>/<table>, version = last sequence applied), so a
// replay or a kill at any point changes nothing. Rows that break the contract go to
// quarantine.<table>, each once by its id, committed first. A row equal in every contract column to the
// newest row of its business key is dropped; any other row is kept with its own _known_from.
//
// Reserved columns: _run, _object, _pointer (JSON pointer or place in the source's bytes), _known_from.
#pragma once

#include <stop_token>

#include "catalog/lake.h"
#include "ingest/manifest.h"
#include "ingest/source.h"
#include "model/project.h"

namespace lagoa::ingest {

struct LoadResult {
    delta::Version version = -1;  ///< Of the bronze table after the load.
    bool committed = false;
    std::uint64_t manifests = 0;
    std::uint64_t rows_in = 0;         ///< Records read.
    std::uint64_t rows_out = 0;        ///< Rows added to bronze.
    std::uint64_t rows_duplicate = 0;  ///< Dropped: equal to what is known.
    std::uint64_t rows_quarantined = 0;
    std::uint64_t rows_skipped = 0;                    ///< skip_when_all_null
    std::uint64_t size_bytes = 0;                      ///< Landed bytes read.
    std::optional<delta::Version> quarantine_version;  ///< Of quarantine.<table> after the load, if there is one.
};

struct LoadContext {
    const Project* project = nullptr;
    Lake* lake = nullptr;
    ObjectStore* landing = nullptr;
    Clock* clock = nullptr;
    std::stop_token stop;
    std::string run;
};

/// Loads every stream of every source of the project that feeds `table`. kNotFound when none does;
/// kInvalidConfig without a contract for it, and for a landed object whose stream is neither declared nor retired.
/// kDataRejected, after its commits, if every record was refused.
Result<LoadResult> load_table(const LoadContext& context, const TableName& table);

}  // namespace lagoa::ingest
