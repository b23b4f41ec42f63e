// Goal: no bytes in a checkpoint's place crash the reader. Method: the input as a Parquet file read through ParquetIo,
// and as the checkpoint of a table whose whole log is there. Invariant: a checkpoint that cannot be read costs no data.
#include "base/check.h"
#include "catalog/duckdb/parquet_io.h"
#include "delta/log_json.h"
#include "delta/snapshot.h"
#include "store/memory_store.h"

namespace lagoa::delta {
namespace {

constexpr std::string_view kCreation =
    R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})"
    "\n"
    R"({"metaData":{"id":"u","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[)"
    R"({\"name\":\"k\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{}}})"
    "\n";

struct Fixture {
    std::unique_ptr<Engine> engine = Engine::open({.threads = 1}).value();
    std::unique_ptr<ParquetIo> parquet = make_parquet_io(*engine);
    std::unique_ptr<ObjectStore> store = make_memory_store();
    TableLocation table{.store = store.get(), .parquet = parquet.get(), .path = "t"};

    Fixture() {
        LAGOA_CHECK(store->put("t/_delta_log/00000000000000000000.json", kCreation), "writing the log");
        LAGOA_CHECK(store->put("t/_delta_log/00000000000000000001.json",
                               "{\"add\":{\"path\":\"a\",\"partitionValues\":{},"
                               "\"size\":1,\"dataChange\":true}}\n"),
                    "writing the log");
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static Fixture fixture;
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const std::string key = "t/_delta_log/00000000000000000001.checkpoint.parquet";
    LAGOA_CHECK(fixture.store->put(key, input), "writing the checkpoint");

    const auto read = fixture.parquet->read_actions(*fixture.store, key, [](const Action& action) -> Result<> {
        static_cast<void>(print_action(action));
        return {};
    });
    const auto snapshot = read_snapshot(fixture.table);

    if (!read && read.error().code != ErrorCode::kUnsupported) {
        LAGOA_CHECK(snapshot, snapshot.error().message);
        LAGOA_CHECK((*snapshot)->files.size() == 1, "a damaged checkpoint hid a file");
    }
    return 0;
}

}  // namespace lagoa::delta
