// A small Delta table in memory for tests: a column `id`, data files that are names only.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "delta/commit.h"
#include "store/memory_store.h"
#include "support/fake_clock.h"
#include "support/fake_parquet_io.h"

namespace lagoa::test {

class DeltaTable {
public:
    ObjectStore& store() { return *store_; }
    FakeClock& clock() { return clock_; }

    /// The table, as seen through `through` or straight.
    delta::TableLocation location(ObjectStore* through = nullptr) {
        return {.store = through != nullptr ? through : store_.get(), .parquet = &parquet_, .path = "stocks"};
    }
    delta::CommitOptions options() { return {.clock = &clock_}; }

    static delta::Metadata metadata(std::map<std::string, std::string> configuration = {}) {
        Field id{.name = "id", .type = {.kind = TypeKind::kInt64, .children = {}}, .metadata = {}};
        return {.id = "",
                .name = "",
                .description = "",
                .schema = {.fields = {id}},
                .partition_columns = {},
                .configuration = std::move(configuration),
                .created_ms = {}};
    }
    static delta::AddFile add(std::string path, std::int64_t rows = 1) {
        delta::AddFile file;
        file.path = std::move(path);
        file.size_bytes = 100;
        file.stats = fmt::format(R"({{"numRecords":{}}})", rows);
        return file;
    }
    static delta::RemoveFile remove(std::string path) {
        delta::RemoveFile file;
        file.path = std::move(path);
        return file;
    }
    static delta::CommitRequest creation(std::map<std::string, std::string> configuration = {}) {
        delta::CommitRequest request;
        request.metadata = metadata(std::move(configuration));
        request.operation = "CREATE TABLE";
        return request;
    }
    static delta::CommitRequest append(std::initializer_list<std::string> paths) {
        delta::CommitRequest request;
        for (const auto& path : paths) request.adds.push_back(add(path));
        request.read_set = delta::ReadSet::nothing();
        return request;
    }
    static delta::CommitRequest replace(std::initializer_list<std::string> removes,
                                        std::initializer_list<std::string> adds) {
        delta::CommitRequest request = append(adds);
        for (const auto& path : removes) request.removes.push_back(remove(path));
        request.read_set = delta::ReadSet::whole_table();
        return request;
    }

    /// Creates the table; then commits on its newest version.
    Result<delta::Version> create(std::map<std::string, std::string> configuration = {}) {
        return delta::commit(location(), nullptr, creation(std::move(configuration)), options());
    }
    Result<delta::Version> commit(delta::CommitRequest request) {
        auto base = LAGOA_TRY(delta::read_snapshot(location()));
        return delta::commit(location(), std::move(base), std::move(request), options());
    }

    /// The live files of a version, by path.
    std::vector<std::string> files(std::optional<delta::Version> version = {}) {
        std::vector<std::string> paths;
        const auto snapshot = delta::read_snapshot(location(), version);
        if (!snapshot) return {"error: " + snapshot.error().message};
        for (const auto& file : (*snapshot)->files) paths.push_back(file.path);
        std::ranges::sort(paths);
        return paths;
    }

    static std::string log_key(std::string_view name) { return fmt::format("stocks/_delta_log/{}", name); }
    static std::string commit_key(delta::Version version) { return log_key(fmt::format("{:020}.json", version)); }
    static std::string checkpoint_key(delta::Version version) {
        return log_key(fmt::format("{:020}.checkpoint.parquet", version));
    }

private:
    std::unique_ptr<ObjectStore> store_ = make_memory_store();
    FakeParquetIo parquet_;
    FakeClock clock_;
};

}  // namespace lagoa::test
