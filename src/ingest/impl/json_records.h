// Records of landed JSON, in one pass over its bytes (simdjson's on-demand parser).
//
// A text is never a tree: the record path is walked with one iterator a `*`, members that feed columns are
// noted as views into the bytes, everything else is stepped over. What is not JSON is found where it is
// reached: the record there is broken, and the object ends.
#pragma once

#include <memory>

#include "ingest/impl/record_plan.h"

namespace lagoa::ingest {

/// Bytes with the room behind them that the parser may read, never use.
class PaddedBytes {
public:
    explicit PaddedBytes(std::size_t size);
    std::span<char> writable() { return {bytes_.get(), size_}; }
    std::string_view view() const { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

/// One JSON text whose records lie at the plan's path.
std::unique_ptr<RecordReader> read_json(std::shared_ptr<const PaddedBytes> bytes, RecordPlan& plan);

/// One record a line. A line that is not JSON is a broken record, and the next one is read.
std::unique_ptr<RecordReader> read_json_lines(std::shared_ptr<const PaddedBytes> bytes, RecordPlan& plan);

}  // namespace lagoa::ingest
