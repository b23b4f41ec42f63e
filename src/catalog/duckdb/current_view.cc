#include "catalog/duckdb/current_view.h"

#include <vector>

#include <fmt/ranges.h>

#include "base/text.h"
#include "codec/json.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

Result<std::vector<std::string>> business_key(const Schema& schema, const std::string& property) {
    const json::Value parsed = LAGOA_TRY(json::parse(property));
    if (!parsed.is_array() || parsed.array()->empty())
        return fail(ErrorCode::kCorruption, "not a list of columns: {}", property);
    std::vector<std::string> columns;
    for (const json::Value& name : *parsed.array()) {
        if (!name.is_string() || schema.find(*name.string()) == nullptr)
            return fail(ErrorCode::kCorruption, "{} is not a column", json::dump(name));
        columns.push_back(quote_identifier(*name.string()));
    }
    return columns;
}

}  // namespace

std::optional<std::string> current_view_sql(const LakeTable& table) {
    const delta::Metadata& metadata = table.snapshot().metadata;
    const auto property = metadata.configuration.find(std::string(kBusinessKeyProperty));
    if (property == metadata.configuration.end() || metadata.schema.find("_known_from") == nullptr) return std::nullopt;
    auto key = business_key(metadata.schema, property->second);
    if (!key) {
        raise({ErrorCode::kCorruption, fmt::format("reading {} of {}: {}", kBusinessKeyProperty,
                                                   table.table_name().text(), key.error().message)});
    }
    // The place of a row in what it was read from, by its numbers: as texts /9 comes after /10.
    constexpr const char* kPlace =
        "list_transform(regexp_extract_all(_pointer, '[0-9]+'), lambda n: TRY_CAST(n AS HUGEINT))";
    std::vector<std::string> newest_first;
    for (const char* column : {"_known_from", "_run", "_object", "_pointer"}) {
        if (metadata.schema.find(column) == nullptr) continue;
        if (std::string_view(column) == "_pointer") newest_first.push_back(fmt::format("{} DESC NULLS LAST", kPlace));
        newest_first.push_back(fmt::format("{} DESC NULLS LAST", column));
    }
    return fmt::format("SELECT * FROM {}.{}.{} QUALIFY row_number() OVER (PARTITION BY {} ORDER BY {}) = 1",
                       quote_identifier(table.ParentCatalog().GetName()), quote_identifier(table.table_name().zone),
                       quote_identifier(table.table_name().table), fmt::join(*key, ", "),
                       fmt::join(newest_first, ", "));
}

}  // namespace lagoa
