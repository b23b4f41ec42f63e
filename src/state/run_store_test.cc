// Goal: runs, histories and pending rows are kept as written, and a run never stays `running` after its process.
// Method: a real file; a child process that dies in the middle of a run.
#include "state/run_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "support/fake_clock.h"
#include "support/temp_dir.h"

namespace lagoa::state {
namespace {

struct RunStoreTest : testing::Test {
    test::TempDir dir;
    test::FakeClock clock;
    std::unique_ptr<Database> database = Database::open(dir.path() / "state.db").value();
    RunStore store{*database, clock};
};

TEST_F(RunStoreTest, KeepsARunFromStartToEnd) {
    ASSERT_TRUE(store.start_run("run-1", "daily", R"({"day":1})").has_value());
    EXPECT_EQ(store.get_run("run-1").value().status, RunStatus::kRunning);
    clock.advance(std::chrono::seconds(5));
    const RunEnd end = {
        .status = RunStatus::kFailed, .error = "Lagoa.Unavailable", .cause = "no", .failed_state = "Ingest"};
    ASSERT_TRUE(store.end_run("run-1", end).has_value());

    const state::Run run = store.get_run("run-1").value();
    EXPECT_EQ(run.pipeline, "daily");
    EXPECT_EQ(run.status, RunStatus::kFailed);
    EXPECT_EQ(run.input, R"({"day":1})");
    EXPECT_EQ(run.error, "Lagoa.Unavailable");
    EXPECT_EQ(run.cause, "no");
    EXPECT_EQ(run.failed_state, "Ingest");
    EXPECT_EQ(run.ended.value() - run.started, std::chrono::seconds(5));
}

TEST_F(RunStoreTest, RefusesWhatCannotBe) {
    ASSERT_TRUE(store.start_run("run-1", "daily", "{}").has_value());
    EXPECT_EQ(store.start_run("run-1", "daily", "{}").error().code, ErrorCode::kAlreadyExists);
    EXPECT_EQ(store.end_run("run-2", {}).error().code, ErrorCode::kNotFound);
    ASSERT_TRUE(store.end_run("run-1", {.status = RunStatus::kSucceeded, .output = "{}"}).has_value());
    EXPECT_EQ(store.end_run("run-1", {}).error().code, ErrorCode::kConflict);
    EXPECT_EQ(store.get_run("run-1").value().status, RunStatus::kSucceeded);
}

TEST_F(RunStoreTest, FindsARunByAUniquePrefix) {
    for (const char* id : {"0197-aa", "0197-ab", "0198-%", "0198-%x"})
        ASSERT_TRUE(store.start_run(id, "daily", "{}").has_value());
    EXPECT_EQ(store.get_run("0197-ab").value().id, "0197-ab");
    EXPECT_EQ(store.get_run("0197-a").error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(store.get_run("0198-%").value().id, "0198-%") << "an exact id wins over a longer one";
    EXPECT_EQ(store.get_run("0199").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(store.get_run("").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(store.get_run("%").error().code, ErrorCode::kNotFound);
}

TEST_F(RunStoreTest, ListsTheNewestFirst) {
    for (const char* id : {"a", "b", "c"}) {
        ASSERT_TRUE(store.start_run(id, id == std::string("b") ? "intraday" : "daily", "{}").has_value());
        clock.advance(std::chrono::seconds(1));
    }
    const auto two = store.list_runs(2).value();
    ASSERT_EQ(two.size(), 2U);
    EXPECT_EQ(two[0].id, "c");
    EXPECT_EQ(two[1].id, "b");
    const auto daily = store.list_runs(10, "daily").value();
    ASSERT_EQ(daily.size(), 2U);
    EXPECT_EQ(daily[1].id, "a");
}

TEST_F(RunStoreTest, ShowsAndMarksARunWhoseProcessIsGone) {
    const pid_t child = fork();
    if (child == 0) {
        const auto own = Database::open(dir.path() / "state.db").value();
        RunStore own_store(*own, clock);
        _exit(own_store.start_run("dead", "daily", "{}") ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(WEXITSTATUS(status), 0);
    const auto stored = [&] {
        return as_text(database->query("SELECT status FROM runs WHERE id = 'dead'").value()[0][0]);
    };
    EXPECT_EQ(store.get_run("dead").value().status, RunStatus::kCrashed);
    EXPECT_EQ(stored(), "running");

    const auto crashed = store.start_run("alive", "daily", "{}").value();
    ASSERT_EQ(crashed.size(), 1U);
    EXPECT_EQ(crashed[0].id, "dead");
    EXPECT_EQ(crashed[0].pipeline, "daily");
    EXPECT_TRUE(store.start_run("next", "daily", "{}").value().empty()) << "a crash is told once";
    EXPECT_EQ(stored(), "crashed");
    EXPECT_EQ(store.get_run("alive").value().status, RunStatus::kRunning);
    EXPECT_EQ(store.end_run("dead", {}).error().code, ErrorCode::kConflict);
}

TEST_F(RunStoreTest, KeepsHistoryAndTablesOfARun) {
    ASSERT_TRUE(store.record_event("r", {1, 0, clock.now(), "ExecutionStarted", "", "{}"}).has_value());
    ASSERT_TRUE(store.record_event("r", {2, 1, clock.now(), "TaskStateEntered", "Ingest", "{\"name\":\"Ingest\"}"})
                    .has_value());
    EXPECT_EQ(store.record_event("r", {2, 1, clock.now(), "Twice", "", "{}"}).error().code, ErrorCode::kAlreadyExists);
    const auto events = store.events_of("r").value();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[1].type, "TaskStateEntered");
    EXPECT_EQ(events[1].previous_id, 1);
    EXPECT_EQ(events[1].time, clock.now());
    EXPECT_TRUE(store.events_of("other").value().empty());

    ASSERT_TRUE(store.record_table("r", "silver.b", 3).has_value());
    ASSERT_TRUE(store.record_table("r", "bronze.a", 1).has_value());
    ASSERT_TRUE(store.record_table("r", "silver.b", 4).has_value());
    const auto tables = store.tables_of("r").value();
    ASSERT_EQ(tables.size(), 2U);
    EXPECT_EQ(tables[0].table, "bronze.a");
    EXPECT_EQ(tables[1].version, 4);
}

TEST_F(RunStoreTest, AFileMadeAnewIsAnotherOne) {
    const std::string id = store.database_id().value();
    EXPECT_EQ(id.size(), 36U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef-"), std::string::npos) << id;
    const auto again = Database::open(dir.path() / "state.db").value();
    EXPECT_EQ(RunStore(*again, clock).database_id().value(), id);
    const auto other = Database::open(dir.path() / "other.db").value();
    EXPECT_NE(RunStore(*other, clock).database_id().value(), id);
}

TEST_F(RunStoreTest, PendingRowsStayUntilRemoved) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(store.add_pending("ops.tasks", std::to_string(i)).has_value());
    const auto first = store.take_pending(2).value();
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first[0].row_json, "0");
    EXPECT_EQ(store.take_pending(2).value()[0].id, first[0].id);

    const std::array ids = {first[0].id, first[1].id};
    ASSERT_TRUE(store.remove_pending(ids).has_value());
    const auto rest = store.take_pending(10).value();
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].row_json, "2");
    ASSERT_TRUE(store.add_pending("ops.tasks", "3").has_value());
    EXPECT_GT(store.take_pending(10).value()[1].id, first[1].id) << "an id is never used again";
}

}  // namespace
}  // namespace lagoa::state
