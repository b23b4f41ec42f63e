// Goal: no SQL text crashes the rewriting of Delta's statements. Invariants: what it makes, if it is SQL, it leaves
// alone; without edits nothing is changed; an edited position comes from inside the text.
#include <exception>

#include "duckdb.hpp"
#include "duckdb/parser/parser.hpp"

#include "base/check.h"
#include "catalog/duckdb/lake_statements.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

bool parses(const std::string& sql) {
    try {
        duckdb::Parser().ParseQuery(sql);
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

void check(const std::string& sql) {
    const auto edits = rewrite_lake_statements(sql);
    if (!edits) return;
    const std::string once = edits->apply(sql);
    LAGOA_CHECK(!edits->empty() || once == sql, "a text is changed without edits");
    for (std::size_t at = 0; at <= once.size(); ++at)
        LAGOA_CHECK(edits->origin(at) <= sql.size(), "an edited place comes from nowhere");
    if (!parses(once)) return;
    const auto again = rewrite_lake_statements(once);
    LAGOA_CHECK(!again || again->apply(once) == once, "what was rewritten is rewritten again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string sql(reinterpret_cast<const char*>(bytes), size);
    try {
        check(sql);
    } catch (const std::exception& thrown) {
        const Error error = to_error(duckdb::ErrorData(thrown));
        LAGOA_CHECK(error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kUnsupported, error.message);
    }
    return 0;
}

}  // namespace lagoa
