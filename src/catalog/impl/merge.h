// Merge by key, copy on write: files that hold a matched key are rewritten, others are left alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/impl/schema_plan.h"
#include "engine/engine.h"

namespace lagoa {

/// The rows to merge, kept in a temporary table of the session while this lives: a merge reads them several
/// times, and the SELECT behind them may be readable once.
class MergeSource {
public:
    /// `select` has the columns of `schema`. Two rows of one key are kDataRejected, naming the key.
    /// NULLs of a key are equal to each other.
    static Result<std::unique_ptr<MergeSource>> make(Session& session, const std::string& select, const Schema& schema,
                                                     const std::vector<std::string>& key);
    ~MergeSource();
    MergeSource(const MergeSource&) = delete;
    MergeSource& operator=(const MergeSource&) = delete;

    std::uint64_t rows() const { return rows_; }
    /// `SELECT * FROM` the source.
    std::string select() const;
    /// The slots of the files of `scan` (a held snapshot's rows in SQL) with a matched key, ascending.
    Result<std::vector<std::size_t>> touched_files(const std::string& scan) const;
    /// The rows of `scan` that have no match, as columns of `schema`; columns that only `schema` has are NULL.
    std::string select_kept(const std::string& scan, const Schema& table, const Schema& schema) const;

private:
    MergeSource(Session& session, std::string name, std::vector<std::string> key);
    Result<> check_key();
    std::string condition() const;

    Session& session_;
    const std::string name_;
    const std::vector<std::string> key_;
    std::uint64_t rows_ = 0;
    bool has_null_key_ = false;
};

}  // namespace lagoa
