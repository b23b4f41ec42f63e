// Goal: no entry of the lake log, however damaged, crashes its reader. Invariant: the newest entry is read, or is
// corruption or unsupported by name; it is never skipped.
#include "catalog/lake_log.h"
#include "base/check.h"
#include "store/memory_store.h"

namespace lagoa {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::shared_ptr<ObjectStore> store = make_memory_store();
    LAGOA_CHECK(store->put("_lagoa/log/00000000000000000001.json", {reinterpret_cast<const char*>(bytes), size}),
                "writing the entry");
    LakeLog log(store, system_clock());
    const auto latest = log.latest();
    if (latest)
        LAGOA_CHECK(latest->version == 1, "the entry was skipped");
    else
        LAGOA_CHECK(latest.error().code == ErrorCode::kCorruption || latest.error().code == ErrorCode::kUnsupported,
                    latest.error().message);
    for (const char* const at : {"v1", "tag:x", "2026-11-20"}) static_cast<void>(log.resolve(at, "UTC").has_value());
    return 0;
}

}  // namespace lagoa
