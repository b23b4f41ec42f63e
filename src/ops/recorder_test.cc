// Goal: every metric reaches its table once, whoever flushes it and wherever a flush is cut off.
// Method: a lake on memory stores and real state files; two recorders interleaved at a chosen operation of the store
// and racing on threads; a fault at every operation of a flush.
#include "ops/recorder.h"

#include <gtest/gtest.h>

#include <functional>
#include <semaphore>
#include <thread>

#include "store/memory_store.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"
#include "support/temp_dir.h"

namespace lagoa::ops {
namespace {

using test::FaultyStore;

// Runs `hook` once, before the first object of a write is opened: after the writer has read what the table holds.
class HookedStore final : public ObjectStore {
public:
    explicit HookedStore(ObjectStore& inner) : inner_(inner) {}
    std::function<void()> hook;

    Result<std::string> get(std::string_view key) override { return inner_.get(key); }
    Result<std::string> get_range(std::string_view key, std::uint64_t offset, std::uint64_t length) override {
        return inner_.get_range(key, offset, length);
    }
    Result<ObjectInfo> head(std::string_view key) override { return inner_.head(key); }
    Result<> put(std::string_view key, std::string_view bytes) override { return inner_.put(key, bytes); }
    Result<> put_if_absent(std::string_view key, std::string_view bytes) override {
        return inner_.put_if_absent(key, bytes);
    }
    Result<std::unique_ptr<ObjectWriter>> writer(std::string_view key) override {
        if (const auto once = std::exchange(hook, nullptr)) once();
        return inner_.writer(key);
    }
    Result<std::vector<ObjectInfo>> list(std::string_view prefix, std::string_view after) override {
        return inner_.list(prefix, after);
    }
    Result<> remove(std::string_view key) override { return inner_.remove(key); }
    std::string root() const override { return inner_.root(); }

private:
    ObjectStore& inner_;
};

// One process: its own connection to the state file, its own engine and lake, over shared stores.
struct Process {
    Process(const std::filesystem::path& state_file, std::shared_ptr<ObjectStore> tables,
            std::shared_ptr<ObjectStore> log, Clock& clock)
        : database(state::Database::open(state_file).value()),
          store(*database, clock),
          engine(Engine::open({}).value()) {
        LakeOptions options{
            .zones = {{"ops", std::move(tables)}}, .log = std::move(log), .engine = engine.get(), .clock = &clock};
        lake = Lake::open(std::move(options)).value();
    }

    Result<> record(int number) {
        return recorder.record(
            OpsTable::kTasks,
            json::make_object({{"run", fmt::format("r{}", number)}, {"state", "S"}, {"success", true}}));
    }
    Result<std::uint64_t> flush() { return recorder.flush(*lake); }

    std::unique_ptr<state::Database> database;
    state::RunStore store;
    Recorder recorder{store};
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Lake> lake;
};

struct RecorderTest : testing::Test {
    Process process(std::shared_ptr<ObjectStore> over = nullptr, const std::string& file = "state.db") {
        return Process(dir.path() / file, over ? std::move(over) : tables, log, clock);
    }

    // `rows distinct` of ops.tasks, read by a process of its own.
    std::string kept() {
        const auto lake = process();
        const auto session = lake.lake->connect(Cut{.base = Cut::Base::kHead, .pins = {}}).value();
        const auto text = session->value("SELECT count(*) || ' ' || count(DISTINCT run) FROM ops.tasks");
        return text ? text->value_or("NULL") : std::string(info(text.error().code).name);
    }

    test::TempDir dir;
    test::FakeClock clock;
    std::shared_ptr<ObjectStore> tables = make_memory_store();
    std::shared_ptr<ObjectStore> log = make_memory_store();
};

TEST_F(RecorderTest, AppendsEveryRowOnce) {
    auto one = process();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(one.record(i).has_value());
    EXPECT_EQ(one.flush().value(), 3U);
    EXPECT_EQ(one.flush().value(), 0U);
    ASSERT_TRUE(one.record(3).has_value());
    EXPECT_EQ(one.flush().value(), 1U);
    EXPECT_EQ(kept(), "4 4");
}

// Another process flushes between this one's look at the table and its commit: the same rows, fewer, or more.
TEST_F(RecorderTest, RowsThatAnotherProcessFlushedMeanwhileAreNotDoubled) {
    int number = 0;
    for (const bool table_exists : {false, true}) {
        for (const int more : {0, 2}) {
            if (!table_exists) {
                tables = make_memory_store();
                number = 0;
            }
            const auto hooked = std::make_shared<HookedStore>(*tables);
            auto one = process(hooked);
            auto other = process();
            for (int i = 0; i < 3; ++i) ASSERT_TRUE(one.record(number++).has_value());
            hooked->hook = [&] {
                for (int i = 0; i < more; ++i) ASSERT_TRUE(other.record(number++).has_value());
                ASSERT_TRUE(other.flush().has_value());
            };
            const auto flushed = one.flush();
            ASSERT_TRUE(flushed.has_value()) << flushed.error().message << (table_exists ? "" : " (new table)");
            EXPECT_EQ(kept(), fmt::format("{0} {0}", number));
        }
    }
}

// The other process took fewer rows, and commits them between this one's look and its commit: its txn is lower, so that
// only txn_after tells.
TEST_F(RecorderTest, FewerRowsThatAnotherProcessFlushedMeanwhileAreNotDoubled) {
    const auto slow_store = std::make_shared<HookedStore>(*tables);
    const auto hooked = std::make_shared<HookedStore>(*tables);
    auto slow = process(slow_store);
    auto one = process(hooked);
    std::binary_semaphore has_taken(0);
    std::binary_semaphore may_commit(0);
    std::binary_semaphore has_committed(0);
    std::binary_semaphore may_go_on(0);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(slow.record(i).has_value());
    slow_store->hook = [&] {
        has_taken.release();
        may_commit.acquire();
        slow_store->hook = [&] {  // its flush goes on with the row that came meanwhile
            has_committed.release();
            may_go_on.acquire();
        };
    };
    std::jthread other([&] { EXPECT_TRUE(slow.flush().has_value()); });
    has_taken.acquire();
    EXPECT_TRUE(one.record(2).has_value());
    hooked->hook = [&] {
        may_commit.release();
        has_committed.acquire();
    };
    const auto flushed = one.flush();
    may_go_on.release();
    other.join();
    ASSERT_TRUE(flushed.has_value()) << flushed.error().message;
    EXPECT_EQ(*flushed, 1U);
    EXPECT_EQ(kept(), "3 3");
}

TEST_F(RecorderTest, ProcessesThatRaceDoubleAndLoseNothing) {
    constexpr int kRows = 8;
    auto one = process();
    auto two = process();
    ASSERT_TRUE(one.record(-1).has_value());
    ASSERT_TRUE(one.flush().has_value());
    const auto work = [](Process& self, int from) {
        for (int i = 0; i < kRows; ++i) {
            EXPECT_TRUE(self.record(from + i).has_value());
            const auto flushed = self.flush();  // giving up is allowed, what it leaves is flushed later
            EXPECT_TRUE(flushed || flushed.error().code == ErrorCode::kConflict) << flushed.error().message;
        }
    };
    {
        const std::jthread first(work, std::ref(one), 0);
        const std::jthread second(work, std::ref(two), 100);
    }
    ASSERT_TRUE(one.flush().has_value());
    EXPECT_EQ(kept(), fmt::format("{0} {0}", 2 * kRows + 1));
}

TEST_F(RecorderTest, ACrashBetweenCommitAndCleanUpDoublesNothing) {
    auto one = process();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(one.record(i).has_value());
    const auto rows = one.database->query("SELECT id, table_name, row_json FROM pending_rows").value();
    ASSERT_EQ(one.flush().value(), 3U);
    for (const auto& row : rows)  // as the crash would have left them
        ASSERT_TRUE(one.database->execute("INSERT INTO pending_rows VALUES (?, ?, ?)", row).has_value());
    ASSERT_TRUE(one.record(3).has_value());
    auto next = process();
    EXPECT_EQ(next.flush().value(), 1U);
    EXPECT_EQ(kept(), "4 4");
}

TEST_F(RecorderTest, AFaultAtAnyStepDoublesAndLosesNothing) {
    for (const auto kind : {FaultyStore::Kind::kFail, FaultyStore::Kind::kCrash, FaultyStore::Kind::kOutcomeUnknown}) {
        tables = make_memory_store();
        int rows = 0;
        for (int k = 1;; ++k) {
            const auto faulty = std::make_shared<FaultyStore>(*tables, FaultyStore::Fault{.kind = kind, .at = k});
            {
                auto struck = process(faulty);
                ASSERT_TRUE(struck.record(rows++).has_value());
                ASSERT_TRUE(struck.record(rows++).has_value());
                std::ignore = struck.flush();
            }
            auto next = process();
            ASSERT_TRUE(next.flush().has_value()) << "fault at " << k;
            ASSERT_EQ(kept(), fmt::format("{0} {0}", rows)) << "fault at " << k;
            if (!faulty->tripped()) break;
            ASSERT_LT(k, 100);
        }
    }
}

// Row ids count within one state file: deleting it, or working on two machines, must drop nothing.
TEST_F(RecorderTest, ANewStateFileBeginsAgainWithoutLosingRows) {
    for (const std::string file : {"first.db", "second.db"}) {
        auto each = process(nullptr, file);
        ASSERT_TRUE(each.record(file == "first.db" ? 1 : 2).has_value());
        EXPECT_EQ(each.flush().value(), 1U) << file;
    }
    EXPECT_EQ(kept(), "2 2");
}

}  // namespace
}  // namespace lagoa::ops
