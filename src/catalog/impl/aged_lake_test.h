// For the tests of operations that go by the age of files: a lake whose clock is the test's, and whose objects have its
// times.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "catalog/lake.h"
#include "store/local_store.h"
#include "store/memory_store.h"
#include "support/dated_store.h"
#include "support/fake_clock.h"

namespace lagoa::test {

/// What outlives processes: a disk and the time.
class Disk {
public:
    Disk() : inner_(make_memory_store()), store_(std::make_shared<DatedStore>(*inner_, clock_)) {}
    explicit Disk(const std::filesystem::path& folder)
        : inner_(open_local_store(folder).value()), store_(std::make_shared<DatedStore>(*inner_, clock_)) {}

    FakeClock& clock() { return clock_; }
    std::shared_ptr<ObjectStore> store() { return store_; }
    void pass(std::chrono::hours time) { clock_.advance(time); }

    /// Keys of data files: those outside of `_delta_log`.
    std::vector<std::string> data_files(const std::string& table) {
        std::vector<std::string> keys;
        const auto objects = store()->list(table + "/").value();
        for (const ObjectInfo& object : objects)
            if (object.key.find("/_delta_log/") == std::string::npos) keys.push_back(object.key);
        return keys;
    }

private:
    FakeClock clock_;
    std::unique_ptr<ObjectStore> inner_;
    std::shared_ptr<DatedStore> store_;  // shared with the lakes over it
};

/// One process over a disk; `through` stands before the disk's store.
class AgedLake {
public:
    explicit AgedLake(Disk& disk, std::shared_ptr<ObjectStore> through = nullptr, LakeRetention retention = {})
        : engine_(Engine::open({.threads = 2}).value()) {
        const std::shared_ptr<ObjectStore> store = through ? std::move(through) : disk.store();
        lake_ = Lake::open({.zones = {{"silver", store}},
                            .log = store,
                            .engine = engine_.get(),
                            .clock = &disk.clock(),
                            .contracted = {{"silver", "promised"}},
                            .retention = retention})
                    .value();
    }

    Lake& lake() { return *lake_; }
    TableOperations& operations() { return lake_->operations(); }
    Engine& engine() { return *engine_; }

    Result<WriteResult> write(const WriteRequest& request) {
        const auto session = LAGOA_TRY(lake_->connect(kHead));
        return lake_->write(*session, request);
    }
    void append(const TableName& table, const std::string& select) {
        const auto written = write({.table = table, .select = select});
        ASSERT_TRUE(written) << written.error().message;
    }
    void overwrite(const TableName& table, const std::string& select) {
        const auto written = write({.table = table, .select = select, .mode = WriteMode::kOverwrite});
        ASSERT_TRUE(written) << written.error().message;
    }

    std::string value(const std::string& sql, const Cut& cut = kHead) {
        const auto session = lake_->connect(cut);
        if (!session) return "error: " + session.error().message;
        const auto text = (*session)->value(sql);
        return text ? text->value_or("NULL") : "error: " + text.error().message;
    }
    /// Every row of a version, or of the newest, in one text that does not depend on their order.
    std::string rows(const TableName& table, std::optional<delta::Version> version = {}) {
        Cut cut = kHead;
        if (version) cut.pins[table] = *version;
        return value(fmt::format("SELECT coalesce(string_agg(t::VARCHAR, ' ' ORDER BY t::VARCHAR), '') FROM {} AS t",
                                 table.text()),
                     cut);
    }
    std::shared_ptr<const delta::Snapshot> snapshot(const TableName& table) {
        return lake_->snapshot(table, kHead).value();
    }
    std::vector<delta::HistoryEntry> history(const TableName& table) {
        return delta::read_history(lake_->locate(table).value()).value();
    }
    std::uint64_t publish(const TableName& table) {
        LakeChange change;
        change.tables[table] = {.location = "silver/" + table.table, .version = snapshot(table)->version};
        return publish(change).version;
    }
    void tag(const std::string& name, std::uint64_t lake_version) {
        LakeChange change;
        change.tags[name] = lake_version;
        publish(change);
    }
    LakeVersion publish(const LakeChange& change) {
        return lake_->log().publish(change, lake_->log().latest().value(), "run").value();
    }

    static inline const Cut kHead{.base = Cut::Base::kHead, .pins = {}};

private:
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Lake> lake_;
};

/// AgedLake::rows() as another process reads them: an engine keeps blocks of files that it has read, though they go.
inline std::string rows_on(Disk& disk, const TableName& table, std::optional<delta::Version> version = {}) {
    return AgedLake(disk).rows(table, version);
}

}  // namespace lagoa::test
