// A table, or a folder that may become one, as a statement names it: by its name, by its path in the lake, or by an
// address outside of it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "catalog/impl/operation_context.h"

namespace lagoa {

struct TablePlace {
    delta::TableLocation location;
    std::string url;                ///< The folder as SQL opens it: `lagoa://bronze/stocks`, `/data/stocks`.
    std::optional<TableName> name;  ///< If it is a folder of a zone.
    std::shared_ptr<ObjectStore> opened =
        nullptr;  ///< The location's store, if no zone's; shared as open_store() says.
};

/// What `source` names: `bronze.stocks`, `lagoa://bronze/stocks`, `/data/stocks`, `file:///data/stocks`,
/// `s3://bucket/stocks`. What lies in a zone is found there, however it is named. kNotFound: no such zone or folder.
/// kPermissionDenied: outside the lake, where the engine reads nothing but it.
Result<TablePlace> find_place(const OperationContext& context, std::string source);

/// The folder of `table`; kNotFound for an unknown zone.
Result<TablePlace> place_of(const OperationContext& context, const TableName& table);

}  // namespace lagoa
