// The statistics of Parquet files out of their footers, row group by row group.
//
// What a footer says was written by someone else: only what the format defines exactly is taken. Floating-point numbers
// have no bounds (NaN is left out of them), nor have INT96 and what only the old, wrongly ordered fields have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/impl/file_statistics.h"
#include "catalog/impl/parquet_schema.h"

namespace lagoa {

/// One column chunk of a row group.
struct FooterChunk {
    std::size_t leaf = 0;  ///< Among the file's.
    std::uint64_t rows = 0;
    std::optional<std::uint64_t> nulls;
    std::optional<std::string> min;  ///< As SQL prints them.
    std::optional<std::string> max;
};

/// Of one file.
class FooterStatistics {
public:
    explicit FooterStatistics(const std::vector<ParquetLeaf>& leaves) : leaves_(leaves), found_(leaves.size()) {}

    void add(FooterChunk chunk);

    std::uint64_t rows() const { return rows_; }
    /// By the leaves' quoted paths.
    FileStatistics statistics() const;

private:
    struct Bounds {
        LeafStatistics leaf;
        bool any_group = false;
        bool lacks_nulls = false;
        bool lacks_bounds = false;
    };

    const std::vector<ParquetLeaf>& leaves_;
    std::vector<Bounds> found_;
    std::uint64_t rows_ = 0;
};

}  // namespace lagoa
