// Data files of a table before their commit: written whole, durable, and in nobody's snapshot.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "catalog/impl/staged_file.h"
#include "engine/engine.h"

namespace lagoa {

/// Owned by one write.
class StagedFiles {
public:
    StagedFiles(Session& session, StagingTarget target);

    /// Writes the rows of `select`, whose columns are those of the target's schema, in order, and adds the files to
    /// files(). No rows, no file. kDataRejected: a NULL in a column that may not be NULL. A write that fails leaves no
    /// file of its own.
    Result<> write(const std::string& select);

    const std::vector<delta::AddFile>& files() const { return files_; }
    std::uint64_t rows() const { return rows_; }
    /// As RowRules::identity_marks().
    const std::map<std::string, std::int64_t>& identity_marks() const { return identity_marks_; }

    /// Removes what was written, as far as it can; a file left behind is harmless. Not after a commit
    /// whose outcome is unknown.
    void discard();

private:
    Session& session_;
    const StagingTarget target_;
    std::vector<delta::AddFile> files_;
    std::uint64_t rows_ = 0;
    std::map<std::string, std::int64_t> identity_marks_;
};

}  // namespace lagoa
