// One value of a landed record becomes one typed cell, or the rule it breaks.
//
// Nothing is rounded, cut or guessed: a number with more digits than its column holds breaks `scale` or
// `range`, a text that is no day breaks `type`. An empty text is NULL in a column that is not text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/int128.h"
#include "engine/row_source.h"
#include "ingest/impl/record.h"
#include "ingest/source.h"
#include "model/contract.h"
#include "model/time_zone.h"

namespace lagoa::ingest {

/// A broken rule. `value` is what was found.
struct Violation {
    std::string_view rule;  ///< required, type, scale, range, length, enum, key, json
    std::string_view column;
    std::string value;
    std::string message;
};

/// How one column of a table is read, compiled from its contract and mapping. Immutable. `column` and `zone`
/// outlive it.
class CellReader {
public:
    /// kInvalidConfig for a type that cannot be read this way, or a bound that the type cannot hold.
    static Result<CellReader> make(const ContractColumn& column, const ColumnMapping& mapping, const TimeZone& zone);

    /// Writes `raw` to `index` of the sink's current row. Returns whether a value (not NULL) was written; what
    /// breaks a rule is left NULL and added to `broken`.
    bool read(const RawValue& raw, RowSink& sink, std::size_t index, std::vector<Violation>& broken) const;

    const ContractColumn& column() const { return *column_; }
    const ColumnMapping& mapping() const { return mapping_; }

private:
    // What one conversion came to. A fault is a rule's name and a message.
    struct Fault {
        std::string_view rule;
        std::string message;
    };
    enum class Outcome { kValue, kNull, kFault };

    CellReader(const ContractColumn& column, ColumnMapping mapping, const TimeZone& zone)
        : column_(&column), mapping_(std::move(mapping)), zone_(&zone) {}

    Result<> compile_bounds();
    Outcome convert(const RawValue& raw, RowSink& sink, std::size_t index, Fault& fault) const;
    Outcome convert_number(std::string_view text, int shift, RowSink& sink, std::size_t index, Fault& fault) const;
    Outcome convert_double(std::string_view text, int shift, RowSink& sink, std::size_t index, Fault& fault) const;
    Outcome convert_implied(std::string_view text, RowSink& sink, std::size_t index, Fault& fault) const;
    Outcome convert_text(std::string_view text, RowSink& sink, std::size_t index, Fault& fault) const;
    Outcome convert_boolean(const RawValue& raw, RowSink& sink, std::size_t index, Fault& fault) const;
    Outcome convert_time(std::string_view text, RowSink& sink, std::size_t index, Fault& fault) const;
    Outcome convert_epoch(std::string_view text, RowSink& sink, std::size_t index, Fault& fault) const;
    Outcome store_number(Int128 unscaled, RowSink& sink, std::size_t index, Fault& fault) const;
    Outcome wrong_type(Fault& fault) const;
    bool is_numeric() const;

    const ContractColumn* column_;
    ColumnMapping mapping_;
    const TimeZone* zone_;
    int precision_ = 38;  // digits of an integer or decimal column
    int scale_ = 0;
    std::optional<Int128> least_, most_;  // unscaled; the type's own range and the contract's
    std::optional<double> least_double_, most_double_;
};

}  // namespace lagoa::ingest
