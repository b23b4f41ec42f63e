// One call of a private function, and what its rows look like.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "duckdb.hpp"
#include "duckdb/parser/qualified_name.hpp"

#include "catalog/duckdb/session_view.h"
#include "catalog/table_operations.h"
#include "model/table_name.h"

namespace lagoa {

using SqlRow = std::vector<duckdb::Value>;
using SqlRows = std::vector<SqlRow>;

/// What a function was called with. Raises what does not fit.
class StatementCall {
public:
    StatementCall(duckdb::ClientContext& context, const duckdb::Value& table,
                  const duckdb::named_parameter_map_t& parameters)
        : context_(context), session_(session_view(context)), name_(table.ToString()), parameters_(parameters) {}

    duckdb::ClientContext& context() const { return context_; }
    LakeView& view() const { return *session_->view; }
    /// The table; one of this lake, by its zone and name or in the zone of USE. kInvalidArgument, kNotFound.
    TableName table() const { return resolve(name_); }
    TableName resolve(const std::string& name) const;
    /// The catalog that the table is in.
    duckdb::Catalog& lake() const;
    /// Whether the table is one that DuckDB has in another catalog.
    bool is_foreign() const;

    /// The lake's operations. Raises kUnsupported inside a transaction, for they take effect at once.
    TableOperations& operations() const;
    /// From now on the session sees `version` of the table.
    void pin(delta::Version version) const { view().pin(table(), version); }

    bool flag(const char* name) const;
    std::optional<std::string> text(const char* name) const;
    std::optional<std::int64_t> integer(const char* name) const;
    std::vector<std::string> texts(const char* name) const;
    /// `version` or `instant`.
    VersionChoice version() const;

private:
    const duckdb::Value* find(const char* name) const;
    duckdb::QualifiedName parts_of(const std::string& name) const;

    duckdb::ClientContext& context_;
    duckdb::shared_ptr<SessionView> session_;  // shared with the connection
    std::string name_;
    const duckdb::named_parameter_map_t& parameters_;
};

struct RowFunction {
    const char* name;
    std::vector<std::pair<const char*, duckdb::LogicalType>> columns;
    std::vector<std::pair<const char*, duckdb::LogicalType>> parameters;
    /// Runs once a statement, when its first row is asked for: not when it is prepared.
    std::function<SqlRows(const StatementCall&)> run;
};

void register_row_function(duckdb::DatabaseInstance& instance, RowFunction function);

}  // namespace lagoa
