// Goal: whenever the process dies, the history on disk is a prefix of the run's, and every task that had an effect has
// its TaskStarted in it. Method: crash sweep by fork: the child dies after its k-th event for k = 1, 2, … until a run
// ends by itself; the tasks' effects are a line each in a file.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "flow/state_machine.h"
#include "state/run_store.h"
#include "support/fake_clock.h"
#include "support/temp_dir.h"

namespace lagoa::flow {
namespace {

constexpr int kDied = 7;

class DyingHistory final : public HistorySink {
public:
    DyingHistory(state::RunStore& runs, std::int64_t last) : runs_(runs), last_(last) {}

    Result<> record(const Event& event) override {
        LAGOA_TRY(runs_.record_event(
            "run", {event.id, event.previous_id, event.time, event.type, event.state, json::dump(event.details)}));
        if (event.id == last_) _exit(kDied);
        return {};
    }

private:
    state::RunStore& runs_;
    std::int64_t last_;
};

int run_in_child(const StateMachine& machine, const std::filesystem::path& folder, std::int64_t last_event) {
    const pid_t child = fork();
    if (child == 0) {
        test::FakeClock clock;
        const auto database = state::Database::open(folder / "state.db").value();
        state::RunStore runs(*database, clock);
        if (!runs.start_run("run", "daily", "{}")) _exit(1);
        DyingHistory history(runs, last_event);
        ExecutionOptions options;
        options.history = &history;
        options.clock = &clock;
        options.max_parallel = 1;
        options.task = [&](const TaskCall& call) -> std::expected<json::Value, TaskError> {
            std::ofstream(folder / "effects", std::ios::app) << call.state << "\n";
            return call.input;
        };
        const auto result = execute(machine, json::Object(), options);
        _exit(result && runs.end_run("run", {.status = state::RunStatus::kSucceeded}) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(HistoryCrash, WhatIsOnDiskIsAPrefixThatCoversEveryEffect) {
    const auto document = Document::parse("daily.asl.json", R"({"StartAt":"Ingest","States":{
        "Ingest":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Next":"Both"},
        "Both":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::glue:startJobRun.sync","End":true}}},
            {"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}]}}})");
    const auto machine = StateMachine::parse(document.value()).value();
    for (std::int64_t k = 1;; ++k) {
        const test::TempDir dir;
        const int code = run_in_child(machine, dir.path(), k);
        ASSERT_TRUE(code == 0 || code == kDied) << "k = " << k;

        test::FakeClock clock;
        const auto database = state::Database::open(dir.path() / "state.db").value();
        state::RunStore runs(*database, clock);
        const auto events = runs.events_of("run").value();
        for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].id, static_cast<std::int64_t>(i) + 1);
        std::ifstream effects(dir.path() / "effects");
        const auto done = std::count(std::istreambuf_iterator<char>(effects), {}, '\n');
        EXPECT_GE(std::ranges::count(events, "TaskStarted", &state::RunEvent::type), done) << "k = " << k;
        if (code == 0) {
            EXPECT_EQ(events.back().type, "ExecutionSucceeded");
            EXPECT_EQ(runs.get_run("run").value().status, state::RunStatus::kSucceeded);
            EXPECT_GT(k, 15);
            return;
        }
        EXPECT_EQ(static_cast<std::int64_t>(events.size()), k);
        EXPECT_EQ(runs.get_run("run").value().status, state::RunStatus::kCrashed);
    }
}

}  // namespace
}  // namespace lagoa::flow
