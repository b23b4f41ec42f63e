#include "engine/statement.h"

#include <algorithm>

#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"

namespace lagoa {

Result<std::vector<std::string>> table_references(Session& session, std::string_view sql) {
    return guarded([&]() -> Result<std::vector<std::string>> {
        const auto names = context(session).GetTableNames(std::string(sql), true);
        std::vector<std::string> sorted(names.begin(), names.end());
        std::ranges::sort(sorted);
        return sorted;
    });
}

}  // namespace lagoa
