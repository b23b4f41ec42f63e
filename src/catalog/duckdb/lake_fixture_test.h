// For the tests of the attached catalog: an engine, two zones in memory, and sessions that see them through a
// view of their own. The view is the test's, so that these tests need no Lake.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "catalog/duckdb/attach.h"
#include "catalog/duckdb/held_snapshot.h"
#include "catalog/duckdb/parquet_io.h"
#include "catalog/duckdb/staging.h"
#include "engine/engine.h"
#include "store/memory_store.h"

namespace lagoa::test {

/// Numbers `k` without end, whose reader is interrupted when it has begun.
struct InterruptingSource final : RowSource {
    explicit InterruptingSource(Session& reading) : session(reading) {}
    const Schema& schema() const override { return columns; }
    Result<bool> next(RowSink& sink) override {
        for (int i = 0; i < 1000; ++i) {
            sink.add_row();
            sink.set_int64(0, calls * 1000 + i);
        }
        if (++calls == 200) session.interrupt();
        return true;
    }
    Session& session;
    Schema columns{{Field{.name = "k", .type = parse_sql_type("BIGINT").value()}}};
    int calls = 0;
};

/// Every table at its newest version, unless pinned.
class PinnedView final : public LakeView {
public:
    PinnedView(std::map<std::string, std::shared_ptr<ObjectStore>> stores, delta::ParquetIo& parquet, Engine& engine)
        : stores_(std::move(stores)), parquet_(parquet), engine_(engine) {}

    Result<std::vector<std::string>> zones() override {
        std::vector<std::string> names;
        for (const auto& [name, store] : stores_) names.push_back(name);
        return names;
    }

    Result<std::vector<std::string>> tables(std::string_view zone) override {
        const delta::TableLocation location = LAGOA_TRY(this->location({std::string(zone), "x"}));
        std::set<std::string> names;
        for (const ObjectInfo& object : LAGOA_TRY(location.store->list("")))
            if (const auto slash = object.key.find("/_delta_log/"); slash != std::string::npos)
                names.insert(object.key.substr(0, slash));
        return std::vector<std::string>(names.begin(), names.end());
    }

    Result<std::shared_ptr<const delta::Snapshot>> snapshot(const TableName& table) override {
        std::optional<delta::Version> version;
        {
            const std::lock_guard guard(mutex_);
            if (const auto pinned = pins_.find(table); pinned != pins_.end()) version = pinned->second;
        }
        return delta::read_snapshot(LAGOA_TRY(location(table)), version);
    }

    bool is_fixed(const TableName& table) override {
        const std::lock_guard guard(mutex_);
        return pins_.contains(table);
    }

    Result<std::shared_ptr<const delta::Snapshot>> newest(const TableName& table) override {
        return delta::read_snapshot(LAGOA_TRY(location(table)));
    }

    Result<std::shared_ptr<const delta::Snapshot>> dropped(const TableName&) override { return nullptr; }

    Result<delta::TableLocation> location(const TableName& table) override {
        const auto store = stores_.find(table.zone);
        if (store == stores_.end()) return fail(ErrorCode::kNotFound, "no zone {}", table.zone);
        return delta::TableLocation{store->second.get(), &parquet_, table.table};
    }

    Result<std::map<std::string, std::string>> views(std::string_view zone) override {
        std::map<std::string, std::string> found;
        const std::lock_guard guard(mutex_);
        for (const auto& [name, sql] : views_)
            if (name.zone == zone) found[name.table] = sql;
        return found;
    }

    Result<> change(const LakeChange& change) override {
        const std::lock_guard guard(mutex_);
        for (const auto& [name, sql] : change.views) views_[name] = sql;
        for (const TableName& name : change.dropped_views) views_.erase(name);
        return {};
    }

    Result<delta::Version> kept_version(const TableName&) override { return 0; }

    bool has_contract(const TableName& table) override { return table.table == "contracted"; }

    Result<std::unique_ptr<Session>> side_session() override { return engine_.connect(); }

    Clock& clock() override { return system_clock(); }

    void pin(const TableName& table, delta::Version version) override {
        const std::lock_guard guard(mutex_);
        pins_[table] = version;
    }

private:
    std::map<std::string, std::shared_ptr<ObjectStore>> stores_;
    delta::ParquetIo& parquet_;
    Engine& engine_;
    std::map<TableName, std::string> views_;  // guarded by mutex_
    std::mutex mutex_;
    std::map<TableName, delta::Version> pins_;  // guarded by mutex_
};

class LakeFixture : public testing::Test {
protected:
    void SetUp() override { open(make_memory_store()); }

    /// With `bronze` in the store given.
    void open(std::shared_ptr<ObjectStore> bronze) {
        auto opened = Engine::open({});
        ASSERT_TRUE(opened) << opened.error().message;
        engine_ = std::move(*opened);
        stores_ = {{"bronze", std::move(bronze)}, {"silver", make_memory_store()}};
        for (const auto& [zone, store] : stores_) ASSERT_TRUE(engine_->mount(zone, store));
        parquet_ = make_parquet_io(*engine_);
        ASSERT_TRUE(register_held_snapshots(*engine_));
        ASSERT_TRUE(register_staging(*engine_));
    }

    /// A session that sees `pins` as they are pinned and every other table at its newest version.
    std::unique_ptr<Session> connect(const std::map<TableName, delta::Version>& pins = {}) {
        auto view = std::make_shared<PinnedView>(stores_, *parquet_, *engine_);
        for (const auto& [table, version] : pins) view->pin(table, version);
        auto session = engine_->connect();
        EXPECT_TRUE(session);
        const auto attached = attach_lake(**session, std::move(view));
        EXPECT_TRUE(attached) << attached.error().message;
        return std::move(*session);
    }

    static void run(Session& session, std::string_view sql) {
        const auto done = session.execute(sql);
        EXPECT_TRUE(done) << sql << "\n" << done.error().message;
    }

    static std::string value(Session& session, std::string_view sql) {
        const auto text = session.value(sql);
        if (!text) {
            ADD_FAILURE() << sql << "\n" << text.error().message;
            return "error";
        }
        return text->value_or("NULL");
    }

    /// kInternal stands for success.
    static ErrorCode error_of(Session& session, std::string_view sql) {
        const auto done = session.execute(sql);
        return done ? ErrorCode::kInternal : done.error().code;
    }

    std::vector<std::string> keys(const std::string& zone) {
        std::vector<std::string> keys;
        const auto objects = stores_.at(zone)->list("");
        for (const ObjectInfo& object : *objects) keys.push_back(object.key);
        return keys;
    }

    std::unique_ptr<Engine> engine_;
    std::map<std::string, std::shared_ptr<ObjectStore>> stores_;
    std::unique_ptr<delta::ParquetIo> parquet_;
};

}  // namespace lagoa::test
