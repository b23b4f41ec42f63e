// Views of the lake in DuckDB: a name in the lake log that stands for a SELECT.
#pragma once

#include <memory>
#include <string>

#include "duckdb.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/parser/parsed_data/create_view_info.hpp"

namespace lagoa {

/// The entry of the view `name` of `schema`. Raises kCorruption, with the view's name, for a text that is no SELECT.
std::unique_ptr<duckdb::CatalogEntry> make_view_entry(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
                                                      const std::string& name, const std::string& sql);

/// The SELECT that `info` asks for, as every session of the lake can read it: it binds by the names of its own zone,
/// without what only `client` knows (temporary tables, macros, USE). Raises kUnsupported if it reads anything but the
/// lake (files, other catalogs, functions that read), kInvalidArgument if it would read itself.
std::string view_select(duckdb::ClientContext& client, duckdb::SchemaCatalogEntry& schema,
                        const duckdb::CreateViewInfo& info);

}  // namespace lagoa
