// One record of a landed object, and what reads records one after the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lagoa::ingest {

/// A value as it stands in the record. Its text lives as long as the record.
struct RawValue {
    enum class Kind : std::uint8_t {
        kAbsent,
        kNull,
        kBoolean,  ///< `true` or `false`
        kNumber,   ///< As written.
        kText,     ///< Unescaped, valid UTF-8.
        kNested,   ///< An array or object, as written.
        kBroken,   ///< Not readable; the text says why.
    };
    Kind kind = Kind::kAbsent;
    std::string_view text;
};

struct Record {
    std::vector<RawValue> values;  ///< By column of the table.
    std::string pointer;           ///< RFC 6901, or the record's `_at`.
    std::string_view text;         ///< As landed; empty when it cannot be told.
    std::string fault;             ///< Why it is not readable as a whole; empty: it is.
};

/// Reads an object's records in order, once.
class RecordReader {
public:
    virtual ~RecordReader() = default;

    /// Fills `record`, whose views live until the next call. False after the last.
    virtual Result<bool> next(Record& record) = 0;

    /// JSON only: the place where the record path ended although it goes on; empty when every branch that was
    /// walked led to a list of records, be it an empty one.
    virtual std::string_view missing_path() const { return {}; }
};

}  // namespace lagoa::ingest
