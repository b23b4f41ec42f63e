// The form of a fixed-width file, and its check and cut into records.
//
//     record_bytes: 245                                  # without the line's end: LF or CRLF
//     header: {prefix: "00"}                             # the first record
//     trailer: {prefix: "99", record_count: [32, 42]}    # the last; counts every record, itself too
//     record_prefix: "01"                                # all the others
//     fields: {symbol: [13, 24]}                         # first and last byte, from 1
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/impl/declaration.h"

namespace lagoa::ingest {

/// Bytes [first, last) of a record.
struct ByteRange {
    std::size_t first = 0;
    std::size_t last = 0;
};

/// A file's records as JSON lines.
struct FixedWidthRecords {
    std::string lines;  ///< Fields as trimmed text, `_item`, `_at` = `byte <offset>`.
    std::uint64_t count = 0;
};

/// Immutable.
class FixedWidthLayout {
public:
    /// kInvalidConfig names file, line and field.
    static Result<FixedWidthLayout> read(const Declaration& stream);

    /// All records of `bytes`, a file called `name`. kDataRejected refuses the file as a whole, naming the
    /// record and the counts: a record of another length or prefix, no header or trailer, a trailer that
    /// counts other than there are (the file is cut).
    Result<FixedWidthRecords> parse(std::string_view bytes, std::string_view name) const;

private:
    struct Record {
        std::string_view text;
        std::size_t offset = 0;
    };
    struct Field {
        std::string name;
        ByteRange range;
    };

    Result<> read_fields(const Declaration& stream);
    Result<ByteRange> read_range(const Declaration& declared, std::string_view field) const;
    Result<std::vector<Record>> split(std::string_view bytes) const;
    Result<> check_trailer(const std::vector<Record>& records) const;
    Result<std::string> line(const Record& record, std::string_view name) const;

    std::size_t record_bytes_ = 0;
    std::string charset_;
    std::string header_prefix_;   // empty: no header
    std::string trailer_prefix_;  // empty: no trailer
    std::optional<ByteRange> trailer_count_;
    std::string record_prefix_;  // empty: any
    std::vector<Field> fields_;
};

}  // namespace lagoa::ingest
