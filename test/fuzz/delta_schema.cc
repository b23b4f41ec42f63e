// Goal: no schema string crashes its reader. Invariant: a schema that is read is written as one that reads as the same.
#include "base/check.h"
#include "delta/column_mapping.h"
#include "model/schema_delta.h"

namespace lagoa {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const auto value = json::parse({reinterpret_cast<const char*>(bytes), size});
    if (!value) return 0;
    const auto schema = schema_from_delta(*value);
    if (!schema) {
        LAGOA_CHECK(schema.error().code == ErrorCode::kCorruption || schema.error().code == ErrorCode::kUnsupported,
                    schema.error().message);
        return 0;
    }
    const auto again = schema_from_delta(to_delta(*schema));
    LAGOA_CHECK(again && *again == *schema, "a schema changes when written");
    delta::Metadata metadata;
    metadata.schema = *schema;
    metadata.configuration["delta.columnMapping.mode"] = "name";
    static_cast<void>(delta::to_physical(*schema));
    static_cast<void>(delta::assign_column_mapping(metadata, true, false).has_value());
    return 0;
}

}  // namespace lagoa
