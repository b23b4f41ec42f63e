// Data files of a table before their commit: written whole, durable, and in nobody's snapshot.
//
// All files that one StagedFiles writes carry its id in their name
// (`part-<n>-<id>.c000.zstd.parquet`), so that a write that fails can remove them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "delta/snapshot.h"
#include "engine/engine.h"

namespace lagoa {

/// The table that files are written for.
struct StagingTarget {
    delta::TableLocation location;
    std::string url;           ///< The table's folder in SQL: `lagoa://silver/stocks`.
    delta::Metadata metadata;  ///< As it will be.
};

/// Owned by one write.
class StagedFiles {
public:
    StagedFiles(Session& session, StagingTarget target);

    /// Writes the rows of `select`, whose columns are those of the target's schema, in order, and adds the files to
    /// files(). No rows, no file. kDataRejected: a NULL in a column that may not be NULL.
    Result<> write(const std::string& select);

    const std::vector<delta::AddFile>& files() const { return files_; }
    std::uint64_t rows() const { return rows_; }
    std::uint64_t size_bytes() const;

    /// Removes what was written, as far as it can; a file left behind is harmless. Not after a commit
    /// whose outcome is unknown.
    void discard();

private:
    Result<> add(const json::Object& written);
    std::string copy_statement(const std::string& select) const;

    Session& session_;
    const StagingTarget target_;
    const std::string id_;
    std::vector<delta::AddFile> files_;
    std::uint64_t rows_ = 0;
    bool started_ = false;
};

}  // namespace lagoa
