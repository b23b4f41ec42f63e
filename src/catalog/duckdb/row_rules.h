// What a Delta table asks of every row that is written to it, evaluated on chunks of rows on their way into files.
//
// NOT NULL (nested too), CHECK constraints (`delta.constraints.*`), column invariants, generated columns (filled in where
// the writer left them out, else checked) and identity columns. Rules that are SQL text are Spark's SQL
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

/// One write's rules. Immutable but for the identity counters; used by many threads, each with a state of its own.
class RowRules {
public:
    class State;

    /// Raises kUnsupported for a rule whose SQL we cannot evaluate, by name and text; kInvalidArgument for a value given
    /// to a column that is GENERATED ALWAYS AS IDENTITY (`computed` lacks it).
    RowRules(duckdb::ClientContext& context, const delta::Metadata& metadata, const ComputedColumns& computed);
    ~RowRules();

    /// Whether rows pass as they are.
    bool empty() const;
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

}  // namespace lagoa
