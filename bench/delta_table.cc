// One operation of the Delta library on one table, timed inside its process: what bench/delta.py runs beside the peers.
//
// usage: delta_table snapshot FOLDER             the newest version, by its log alone
//        delta_table follow FOLDER COMMITS       follows COMMITS commits of one file each, made by this program
//        delta_table append FOLDER PARQUET_GLOB  appends the rows of Parquet files to the table FOLDER, which it makes
//
// Prints one JSON object: wall and CPU seconds of the operation (of `follow`: each of them), live rows (-1: not known),
// files, version.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/duckdb/parquet_io.h"
#include "catalog/lake.h"
#include "delta/commit.h"
#include "engine/engine.h"
#include "store/local_store.h"
#include "store/memory_store.h"

namespace lagoa {
namespace {

template <class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "delta_table: %s\n", result.error().message.c_str());
        std::exit(1);
    }
    return *std::move(result);
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Timing {
    double wall_s = 0;
    double cpu_s = 0;
};

template <class Operation>
Timing timed(Operation&& operation) {
    const double cpu = cpu_seconds();
    const auto began = std::chrono::steady_clock::now();
    operation();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
    return {wall.count(), cpu_seconds() - cpu};
}

void print(const char* operation, std::vector<Timing> timings, const delta::Snapshot& snapshot) {
    std::ranges::sort(timings, {}, &Timing::wall_s);
    const Timing& median = timings[timings.size() / 2];
    std::printf(
        "{\"operation\":\"%s\",\"wall_s\":%.6f,\"cpu_s\":%.6f,\"slowest_s\":%.6f,\"rows\":%lld,\"files\":%zu,"
        "\"version\":%lld}\n",
        operation, median.wall_s, median.cpu_s, timings.back().wall_s,
        static_cast<long long>(snapshot.row_count().value_or(-1)), snapshot.files.size(),
        static_cast<long long>(snapshot.version));
}

int run(const std::string& operation, const std::string& folder, int commits) {
    const auto store = must(open_local_store(folder));
    const auto engine = must(Engine::open({}));
    const auto parquet = make_parquet_io(*engine);
    const delta::TableLocation table{store.get(), parquet.get(), ""};
    std::shared_ptr<const delta::Snapshot> snapshot;
    const Timing opening = timed([&] { snapshot = must(delta::read_snapshot(table)); });
    if (operation == "snapshot") {
        print("snapshot", {opening}, *snapshot);
        return 0;
    }
    std::vector<Timing> followed;
    for (int i = 0; i < commits; ++i) {
        delta::AddFile file;
        file.path = "followed-" + std::to_string(snapshot->version + 1) + ".parquet";
        file.size_bytes = 400'000;
        file.stats = R"({"numRecords":10000})";
        must(delta::commit(table, snapshot, {.adds = {file}, .read_set = delta::ReadSet::nothing()},
                           {.checkpoint_interval = 1 << 30}));
        followed.push_back(timed([&] { snapshot = must(delta::refresh(table, snapshot)); }));
    }
    print("follow", followed, *snapshot);
    return 0;
}

int append(const std::filesystem::path& folder, const std::string& parquet) {
    const auto engine = must(Engine::open({}));
    const auto lake = must(Lake::open({.zones = {{"bench", must(open_local_store(folder.parent_path()))}},
                                       .log = make_memory_store(),
                                       .engine = engine.get()}));
    const auto session = must(lake->connect({.base = Cut::Base::kHead, .pins = {}}));
    const TableName table{"bench", folder.filename().string()};
    const Timing writing = timed([&] {
        must(lake->write(*session, {.table = table,
                                    .select = "SELECT * FROM read_parquet('" + parquet + "')",
                                    .properties = {{"delta.parquet.compression.codec", "snappy"}}}));  // the peer's
    });
    print("append", {writing}, *must(lake->snapshot(table, {.base = Cut::Base::kHead, .pins = {}})));
    return 0;
}

}  // namespace
}  // namespace lagoa

int main(int argc, char** argv) {
    if (argc < 3 || argc > 4) {
        std::fprintf(stderr, "usage: delta_table snapshot|follow|append FOLDER [COMMITS|PARQUET_GLOB]\n");
        return 2;
    }
    if (argc == 4 && std::string_view(argv[1]) == "append") return lagoa::append(argv[2], argv[3]);
    const int commits = argc == 4 ? std::atoi(argv[3]) : 100;
    if (commits < 1) {
        std::fprintf(stderr, "delta_table: %s is no number of commits\n", argv[3]);
        return 2;
    }
    return lagoa::run(argv[1], argv[2], commits);
}
