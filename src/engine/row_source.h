// Rows made by C++ code, read by SQL: `select … from rows_of('<name>')`.
//
// The engine calls next() until it returns false; each call fills at most RowSink::capacity()
// rows. Ingest implements this over landed JSON, so that values go from bytes to typed columns
// in one pass and decimals never become doubles.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/int128.h"
#include "base/result.h"
#include "model/schema.h"

namespace lagoa {

/// Where one chunk of rows is written, column by column. A cell that is not set is NULL.
/// A setter must fit the column's type (LAGOA_CHECK). Scalar types only, and VARCHAR[].
class RowSink {
public:
    virtual ~RowSink() = default;
    virtual std::size_t capacity() const = 0;
    /// Starts the next row and returns its index, from 0.
    virtual std::size_t add_row() = 0;
    virtual void set_null(std::size_t column) = 0;
    virtual void set_bool(std::size_t column, bool value) = 0;
    virtual void set_int64(std::size_t column, std::int64_t value) = 0;     ///< every integer type; must be in range
    virtual void set_double(std::size_t column, double value) = 0;          ///< FLOAT and DOUBLE
    virtual void set_decimal(std::size_t column, Int128 unscaled) = 0;      ///< at the column's scale
    virtual void set_text(std::size_t column, std::string_view value) = 0;  ///< VARCHAR (valid UTF-8) and BLOB
    virtual void set_texts(std::size_t column, std::span<const std::string_view> values) = 0;  ///< VARCHAR[]
    virtual void set_date(std::size_t column, std::int32_t days_since_1970) = 0;
    virtual void set_timestamp(std::size_t column, std::int64_t micros_since_1970) = 0;  ///< both TIMESTAMP types
};

/// Produces rows once, in order, from one thread at a time.
class RowSource {
public:
    virtual ~RowSource() = default;
    virtual const Schema& schema() const = 0;
    /// Fills `sink`. Returns false when there is nothing more (the sink may hold last rows).
    virtual Result<bool> next(RowSink& sink) = 0;
};

}  // namespace lagoa
