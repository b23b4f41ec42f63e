// Goal: _last_checkpoint is a hint: whatever it says, the table is the same. Method: a sound table with a checkpoint,
// and the input as its _last_checkpoint.
#include "base/check.h"
#include "support/delta_table.h"

namespace lagoa::delta {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static test::DeltaTable table;
    if (!newest_version(table.location())) {
        LAGOA_CHECK(table.create({{"delta.checkpointInterval", "2"}}), "creating the table");
        for (const char* const file : {"a", "b", "c"})
            LAGOA_CHECK(table.commit(test::DeltaTable::append({file})), "adding to the table");
    }
    const std::string_view hint(reinterpret_cast<const char*>(bytes), size);
    LAGOA_CHECK(table.store().put(test::DeltaTable::log_key("_last_checkpoint"), hint), "writing the hint");

    const auto snapshot = read_snapshot(table.location());

    LAGOA_CHECK(snapshot, snapshot.error().message);
    LAGOA_CHECK((*snapshot)->version == 3, "another version");
    LAGOA_CHECK(table.files() == (std::vector<std::string>{"a", "b", "c"}), "other files");
    return 0;
}

}  // namespace lagoa::delta
