// Goal: no v2 checkpoint in JSON crashes its reader, and one that cannot be read costs no data. Method: a sound log of
// four commits beside the input as the checkpoint of version 2; whatever the checkpoint is, the table opens or is
// refused by code.
#include "base/check.h"
#include "support/delta_table.h"

namespace lagoa::delta {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static test::DeltaTable table;
    if (!newest_version(table.location())) {
        LAGOA_CHECK(table.create({{"delta.checkpointInterval", "100"}}), "creating the table");
        for (const char* const file : {"a", "b", "c"})
            LAGOA_CHECK(table.commit(test::DeltaTable::append({file})), "adding to the table");
    }
    const std::string key =
        test::DeltaTable::log_key("00000000000000000002.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json");
    LAGOA_CHECK(table.store().put(key, {reinterpret_cast<const char*>(bytes), size}), "writing the checkpoint");

    const auto snapshot = read_snapshot(table.location());

    if (snapshot)
        LAGOA_CHECK((*snapshot)->version == 3, "another version");
    else
        LAGOA_CHECK(snapshot.error().code == ErrorCode::kUnsupported || snapshot.error().code == ErrorCode::kCorruption,
                    snapshot.error().message);
    return 0;
}

}  // namespace lagoa::delta
