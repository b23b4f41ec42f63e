#include "model/table_name.h"

namespace lagoa {

bool is_name(std::string_view name) {
    if (name.empty() || name.size() > 63 || name[0] < 'a' || name[0] > 'z') return false;
    return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

Result<TableName> TableName::parse(std::string_view text) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || !is_name(text.substr(0, dot)) || !is_name(text.substr(dot + 1)))
        return fail_with_hint(ErrorCode::kInvalidArgument,
                              "Write zone.table in lower case, e.g. silver.stocks_refined.",
                              "\"{}\" is not a table name", text);
    return TableName{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

}  // namespace lagoa
