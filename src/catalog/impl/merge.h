// Merge by key: the rows of a table that a row of the source replaces are those of equal key.
#pragma once

#include <memory>
#include <string>
#include <vector>

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
    /// The rows that replace a row of `found` (a table in SQL), and those that replace none; `with_ids`: after each, as
    /// row tracking columns, the id of the row that it replaces, NULL for none, and NULL.
    std::string select_matched(const std::string& found, bool with_ids) const;
    std::string select_unmatched(const std::string& found, bool with_ids) const;
    /// The rows of the table that a source row replaces, as RowSearch takes it.
    std::string match() const;

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
