// A ParquetIo whose "Parquet" is JSON lines between two magic words, so that delta is tested without
// an engine. A file that was cut short or is something else is kCorruption, as with the real format.
#pragma once

#include "delta/parquet_io.h"

namespace lagoa::test {

class FakeParquetIo final : public delta::ParquetIo {
public:
    Result<> read_actions(ObjectStore& store, std::string_view key,
                          const std::function<Result<>(delta::Action action)>& each) override;

    /// Through a streamed writer, one append an action: a crash sweep meets every step.
    Result<std::uint64_t> write_actions(ObjectStore& store, std::string_view key,
                                        const std::vector<std::string>& actions) override;
};

}  // namespace lagoa::test
