// Metrics of runs, tasks, ingestions and jobs: durable in the state database at once, appended to the
// `ops.*` Delta tables in batches, never one commit a row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "catalog/lake.h"
#include "ops/ops_table.h"
#include "state/run_store.h"

namespace lagoa::ops {

/// Thread-safe.
class Recorder {
public:
    explicit Recorder(state::RunStore& store) : store_(store) {}

    /// Keeps `row` (column → value; instants as text) until flush(). Durable on return.
    Result<> record(OpsTable table, const json::Object& row);

    /// Appends all kept rows to their tables. A crash between the commit and the clean-up doubles nothing: each
    /// commit carries txn(lagoa/ops/<table>/<state file's id>, last row id). Several processes may flush at once.
    /// Returns the rows appended by this call.
    Result<std::uint64_t> flush(Lake& lake);

private:
    state::RunStore& store_;
};

/// Measures one piece of work and writes its row whatever its end.
class Measured {
public:
    Measured(Recorder& recorder, Clock& clock, OpsTable table, json::Object row);

    /// Adds columns known at the end.
    void set(std::string_view column, json::Value value) { row_.set(column, std::move(value)); }

    /// Writes the row; `error` nullptr: success. A row that cannot be kept is logged: metrics fail no work.
    void finish(const Error* error);

private:
    Recorder& recorder_;
    Clock& clock_;
    OpsTable table_;
    json::Object row_;
    Instant started_;
};

}  // namespace lagoa::ops
