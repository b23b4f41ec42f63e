// `rows_of('<name>')`: a RowSource as a DuckDB table function.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "duckdb.hpp"

#include "engine/row_source.h"

namespace lagoa {

/// The sources that sessions have added, by name. Thread-safe.
class RowSources {
public:
    /// kAlreadyExists.
    Result<> add(const std::string& name, std::shared_ptr<RowSource> source);
    void remove(const std::string& name);
    /// kNotFound.
    Result<std::shared_ptr<RowSource>> find(const std::string& name) const;
    /// As find(), to read its rows. kInvalidArgument the second time: a source makes its rows once.
    Result<std::shared_ptr<RowSource>> claim(const std::string& name);

private:
    struct Entry {
        std::shared_ptr<RowSource> source;  // shared with running scans
        bool claimed = false;
    };
    mutable std::mutex mutex_;
    std::map<std::string, Entry> sources_;  // guarded by mutex_
};

/// Makes `rows_of` known to `instance`.
void register_row_sources(duckdb::DatabaseInstance& instance, std::shared_ptr<RowSources> sources);

}  // namespace lagoa
