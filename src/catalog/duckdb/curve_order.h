// Rows in the order of a curve through some of their columns, so that files cut from it are narrow in all of these.
//
// A column's values are ranked by quantiles of a sample, whatever their type: what is compared are DuckDB's sort keys.
// NULLs are first, NaN last. Ranks are the coordinates of SpaceFillingCurve.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/impl/space_filling_curve.h"
#include "engine/engine.h"

namespace lagoa {

/// Adds the private function `lagoa_curve_place('<name>', <sort key>, …)` to `engine`. Once an engine.
Result<> register_curve_order(Engine& engine);

/// Used by the thread that uses the session, which outlives it.
class CurveOrder {
public:
    /// Samples `table`, a scan in SQL with the virtual columns of a table's (HeldSnapshot::sql()), of about `rows`
    /// rows. `columns` are expressions over it, as `t`. kInvalidArgument beyond SpaceFillingCurve::kMaxDimensions.
    static Result<std::unique_ptr<CurveOrder>> make(Session& session, Curve curve, const std::string& table,
                                                    std::uint64_t rows, const std::vector<std::string>& columns);
    ~CurveOrder();
    CurveOrder(const CurveOrder&) = delete;
    CurveOrder& operator=(const CurveOrder&) = delete;

    /// To be put after ORDER BY, of a SELECT from a table `t` of the same columns. Valid while this lives.
    const std::string& sql() const { return sql_; }

private:
    CurveOrder(Session& session, std::string name, std::string sql);

    Session& session_;
    const std::string name_;
    const std::string sql_;
};

}  // namespace lagoa
