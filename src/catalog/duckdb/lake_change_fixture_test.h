// For the tests of statements that change rows: what a table of `bronze` holds and what its log says, and tables of
// every kind that changes are written for.
#pragma once

#include <string>
#include <vector>

#include "catalog/duckdb/lake_fixture_test.h"
#include "delta/commit.h"
#include "delta/table_properties.h"

namespace lagoa::test {

/// How a table keeps what goes out of it.
struct TableKind {
    const char* name;
    const char* properties;  ///< Of CREATE TABLE: `WITH (…)`, or nothing.
    bool deletion_vectors = false;
};

inline const std::vector<TableKind>& table_kinds() {
    static const std::vector<TableKind> kinds{
        {"copy on write", ""},
        {"deletion vectors", "WITH (\"delta.enableDeletionVectors\" = 'true')", true},
        {"change feed", "WITH (\"delta.enableChangeDataFeed\" = 'true')"},
        {"deletion vectors, change feed",
         "WITH (\"delta.enableDeletionVectors\" = 'true', \"delta.enableChangeDataFeed\" = 'true')", true},
        {"column mapping", "WITH (\"delta.columnMapping.mode\" = 'name')"},
        {"row tracking", "WITH (\"delta.enableRowTracking\" = 'true')"},
    };
    return kinds;
}

class LakeChangeFixture : public LakeFixture {
protected:
    std::shared_ptr<const delta::Snapshot> snapshot(const std::string& table) {
        auto read = delta::read_snapshot({stores_.at("bronze").get(), parquet_.get(), table});
        EXPECT_TRUE(read) << read.error().message;
        return read ? *read : nullptr;
    }

    /// The commit info of the newest version.
    json::Object last_commit(const std::string& table) {
        auto history = delta::read_history({stores_.at("bronze").get(), parquet_.get(), table}, 1);
        EXPECT_TRUE(history) << history.error().message;
        return history && !history->empty() ? history->front().commit_info : json::Object{};
    }

    /// The values of a query's one column as one text, sorted, NULLs left out.
    static std::string rows(Session& session, const std::string& query) {
        return value(session,
                     "SELECT coalesce(string_agg(CAST(c AS VARCHAR), ' ' ORDER BY CAST(c AS VARCHAR)), '') FROM (" +
                         query + ") AS r(c)");
    }

    /// The rows that a statement says it changed.
    static std::uint64_t changed(Session& session, std::string_view sql) {
        const auto done = session.execute(sql);
        EXPECT_TRUE(done) << sql << "\n" << done.error().message;
        return done.value_or(UINT64_MAX);
    }
};

}  // namespace lagoa::test
