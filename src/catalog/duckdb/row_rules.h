// What a Delta table asks of every row that is written to it, evaluated on chunks of rows on their way into files.
//
// NOT NULL (nested too), CHECK constraints (`delta.constraints.*`), column invariants, generated columns (filled in
// where the writer left them out, else checked) and identity columns. Rules that are SQL text are Spark's SQL
// (spark_expression.h). CHECK is Delta's: a row for which the condition is NULL breaks it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "duckdb.hpp"

#include "delta/actions.h"

namespace lagoa {

/// Which columns of the rows are still to be filled in: generated and identity columns that the writer left out. By
/// logical name.
using ComputedColumns = std::set<std::string>;

/// What is left to compute where an INSERT gives values to the columns `given`, or an UPDATE to the columns `set`;
/// ASCII case is ignored. Raises kInvalidArgument for an identity column that an UPDATE sets.
ComputedColumns computed_on_insert(const delta::Metadata& metadata, const std::set<std::string>& given);
ComputedColumns computed_on_update(const delta::Metadata& metadata, const std::set<std::string>& set);

/// Whether rows are new to their table, or new values of rows it had, which keep their identity.
enum class RowOrigin { kInserted, kUpdated };

/// One write's rules. Immutable but for the identity counters; used by many threads, each with a state of its own.
class RowRules {
public:
    class State;

    /// Raises kUnsupported for a rule whose SQL we cannot evaluate, by name and text; kInvalidArgument for a value
    /// given to a column that is GENERATED ALWAYS AS IDENTITY (`computed` lacks it, and the rows are inserted).
    RowRules(duckdb::ClientContext& context, const delta::Metadata& metadata, const ComputedColumns& computed,
             RowOrigin origin = RowOrigin::kInserted);
    ~RowRules();

    /// Whether rows pass as they are.
    bool empty() const;
    /// For one thread; must not outlive the rules.
    std::unique_ptr<State> make_state(duckdb::ClientContext& context) const;

    /// Fills in the computed columns of `rows`, whose first columns are those of the schema, in order, and checks each
    /// row. Raises kDataRejected: which rule, its text, and the row's values that it speaks of.
    void apply(duckdb::DataChunk& rows, State& state) const;

    /// Column → the last identity value given out (`delta.identity.highWaterMark` of the commit). After the last row.
    std::map<std::string, std::int64_t> identity_marks() const;

private:
    struct Compiled;
    std::unique_ptr<Compiled> compiled_;
};

/// As apply() holds what is used by one thread.
class RowRules::State {
public:
    State(duckdb::ClientContext& context, const Compiled& compiled);
    ~State();

private:
    friend class RowRules;
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace lagoa
