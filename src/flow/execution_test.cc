// Goal: what only shows with threads, time and failures of the outside: siblings are stopped, deadlines hold, a run can
// be stopped, and no effect comes before its event. Method: handlers that wait for each other or for their stop token;
// a history that fails at every event in turn. What one thread shows is in test/golden/asl.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "flow/state_machine.h"
#include "support/fake_clock.h"

namespace lagoa::flow {
namespace {

using Status = ExecutionResult::Status;
using Answer = std::expected<json::Value, TaskError>;

StateMachine machine_of(std::string_view text) {
    const auto document = Document::parse("test.asl.json", text).value();
    return StateMachine::parse(document).value();
}

std::string task(std::string_view name, std::string_view more = "") {
    return fmt::format(R"("{}":{{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke",{}"End":true}})", name,
                       more);
}

std::string parallel(std::initializer_list<std::string> tasks, std::string_view more = "") {
    std::string branches;
    for (const std::string& one : tasks)
        branches += fmt::format(R"({}{{"StartAt":{},"States":{{{}}}}})", branches.empty() ? "" : ",",
                                one.substr(0, one.find(':')), one);
    return fmt::format(R"({{"StartAt":"P","States":{{"P":{{"Type":"Parallel",{}"End":true,"Branches":[{}]}}}}}})", more,
                       branches);
}

// Keeps events; fails at the event of a given number, as a full disk would.
struct Sink final : HistorySink {
    Result<> record(const Event& event) override {
        const std::lock_guard lock(mutex);
        if (event.id == fails_at) return fail(ErrorCode::kResourceExhausted, "disk full");
        EXPECT_EQ(event.id, static_cast<std::int64_t>(events.size()) + 1) << "ids come in order";
        EXPECT_LT(event.previous_id, event.id);
        events.push_back(event);
        return {};
    }
    std::int64_t count(std::string_view type) const {
        return std::count_if(events.begin(), events.end(), [&](const Event& event) { return event.type == type; });
    }
    std::int64_t fails_at = 0;
    std::mutex mutex;
    std::vector<Event> events;
};

struct ExecutionTest : testing::Test {
    Result<ExecutionResult> run(std::string_view definition, TaskHandler handler) {
        options.run = "r";
        options.machine = "m";
        options.task = std::move(handler);
        options.history = &sink;
        options.clock = &clock;
        return execute(machine_of(definition), json::Object(), options);
    }
    test::FakeClock clock;
    Sink sink;
    ExecutionOptions options;
};

// Blocks until its stop token says so; a test that never stops it hangs and is killed by its time limit.
Answer wait_for_stop(const TaskCall& call) {
    std::mutex mutex;
    std::condition_variable_any bell;
    std::unique_lock lock(mutex);
    bell.wait(lock, call.stop, [] { return false; });
    return std::unexpected(TaskError{"Lagoa.Cancelled", "stopped"});
}

TEST_F(ExecutionTest, BranchesRunAtTheSameTime) {
    std::atomic<int> arrived = 0;
    const auto result = run(parallel({task("A"), task("B"), task("C")}), [&](const TaskCall& call) -> Answer {
        for (++arrived; arrived < 3;) std::this_thread::yield();  // each waits for the others
        return json::Value(call.state);
    });
    ASSERT_EQ(result.value().status, Status::kSucceeded);
    EXPECT_EQ(json::dump(result->output), R"(["A","B","C"])");
}

TEST_F(ExecutionTest, AFailingBranchStopsItsSiblings) {
    const auto result = run(parallel({task("Waits"), task("Fails")}), [](const TaskCall& call) -> Answer {
        if (call.state == "Waits") return wait_for_stop(call);
        return std::unexpected(TaskError{"Lagoa.DataRejected", "no"});
    });
    EXPECT_EQ(result.value().status, Status::kFailed);
    EXPECT_EQ(result->error.error, "Lagoa.DataRejected");
    EXPECT_EQ(result->failed_state, "Fails");
    EXPECT_EQ(sink.count("TaskStateAborted"), 1);
    EXPECT_EQ(sink.count("ParallelStateFailed"), 1);
    EXPECT_EQ(sink.events.back().type, "ExecutionFailed");
}

TEST_F(ExecutionTest, NeverMoreThreadsThanAllowedHoweverDeep) {
    options.max_parallel = 2;
    std::mutex mutex;
    std::set<std::thread::id> threads;
    const std::string inner =
        R"({"StartAt":"%","States":{"%":{"Type":"Map","MaxConcurrency":0,"End":true,"ItemsPath":"$",
        "ItemProcessor":{"StartAt":"T%","States":{"T%":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true}}}}}})";
    std::string branches;
    for (const char name : {'a', 'b', 'c'}) {
        std::string branch = inner;
        for (auto at = branch.find('%'); at != std::string::npos; at = branch.find('%')) branch[at] = name;
        branches += (branches.empty() ? "" : ",") + branch;
    }
    const auto result =
        run(fmt::format(R"({{"StartAt":"L","States":{{"L":{{"Type":"Pass","Result":[1,2,3,4,5],"Next":"P"}},
        "P":{{"Type":"Parallel","End":true,"Branches":[{}]}}}}}})",
                        branches),
            [&](const TaskCall& call) -> Answer {
                const std::lock_guard lock(mutex);
                threads.insert(std::this_thread::get_id());
                return call.input;
            });
    ASSERT_EQ(result.value().status, Status::kSucceeded);
    EXPECT_EQ(json::dump(result->output), "[[1,2,3,4,5],[1,2,3,4,5],[1,2,3,4,5]]");
    EXPECT_EQ(sink.count("TaskSucceeded"), 15);
    EXPECT_LE(threads.size(), 4U) << "the caller, and one worker at a time";
}

TEST_F(ExecutionTest, StopFromOutsideAbortsTheRun) {
    std::stop_source stop;
    options.stop = stop.get_token();
    const auto result = run(parallel({task("A"), task("B", R"("Retry":[{"ErrorEquals":["States.ALL"]}],)")},
                                     R"("Catch":[{"ErrorEquals":["States.ALL"],"Next":"P"}],)"),
                            [&](const TaskCall& call) -> Answer {
                                if (call.state == "A") stop.request_stop();
                                return wait_for_stop(call);
                            });
    EXPECT_EQ(result.value().status, Status::kAborted) << "neither Retry nor Catch answers a stop";
    EXPECT_EQ(sink.events.back().type, "ExecutionAborted");
    EXPECT_EQ(sink.count("ParallelStateExited"), 0);
}

TEST_F(ExecutionTest, ATaskPastItsTimeoutIsStoppedAndTimedOut) {
    // The handler's own work moves the clock; the watchdog then sees the deadline behind it.
    const auto result = run(R"({"StartAt":"T","States":{)" + task("T", R"("TimeoutSeconds":30,)") + "}}",
                            [&](const TaskCall& call) -> Answer {
                                clock.advance(std::chrono::seconds(31));
                                return wait_for_stop(call);
                            });
    EXPECT_EQ(result.value().status, Status::kFailed);
    EXPECT_EQ(result->error.error, "States.Timeout");
    EXPECT_EQ(sink.count("TaskTimedOut"), 1);
}

TEST_F(ExecutionTest, TheMachinesTimeoutEndsTaskWaitAndRetry) {
    const std::string definition = R"({"TimeoutSeconds":60,"StartAt":"T","States":{%}})";
    const auto with = [&](const std::string& state) {
        return std::string(definition).replace(definition.find('%'), 1, state);
    };
    const auto check = [&](const std::string& state, const TaskHandler& handler) {
        sink.events.clear();
        const auto started = clock.now();
        const auto result = run(with(state), handler);
        EXPECT_EQ(result.value().status, Status::kTimedOut) << state;
        EXPECT_EQ(result->error.error, "States.Timeout");
        EXPECT_EQ(result->failed_state, "T");
        EXPECT_EQ(sink.events.back().type, "ExecutionTimedOut");
        EXPECT_LE(clock.now() - started, std::chrono::seconds(61));
    };
    check(task("T", R"("Catch":[{"ErrorEquals":["States.ALL"],"Next":"T"}],)"), [&](const TaskCall& call) -> Answer {
        clock.advance(std::chrono::seconds(61));
        return wait_for_stop(call);
    });
    check(R"("T":{"Type":"Wait","Seconds":3600,"End":true})", {});
    check(task("T", R"("Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":3600}],)"),
          [](const TaskCall&) -> Answer { return std::unexpected(TaskError{"E", ""}); });
}

TEST_F(ExecutionTest, AMachineThatLoopsForEverEnds) {
    const auto result =
        run(R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"}}})", {});
    EXPECT_EQ(result.value().status, Status::kFailed);
    EXPECT_EQ(result->error.error, "States.Runtime");
    EXPECT_EQ(sink.events.size(), 25'000U);
}

// Crash sweep: for every k, history fails at event k. The run reports that error, records nothing more, and has called
// no task whose TaskStarted is not on record.
TEST_F(ExecutionTest, NoEffectWithoutItsEvent) {
    const std::string definition = R"({"StartAt":"First","States":{
        "First":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Next":"Both","Retry":[{"ErrorEquals":["E"]}]},
        "Both":{"Type":"Parallel","Branches":[{"StartAt":"A","States":{)" +
                                   task("A") + R"(}},{"StartAt":"B","States":{)" + task("B") +
                                   R"(}}],"Next":"Last","Catch":[{"ErrorEquals":["States.ALL"],"Next":"Last"}]},
        )" + task("Last") + "}}";
    bool clean = false;
    std::int64_t k = 0;
    while (!clean) {
        sink.events.clear();
        sink.fails_at = ++k;
        std::atomic<int> calls = 0;
        std::atomic<int> failures_left = 1;
        const auto result = run(definition, [&](const TaskCall& call) -> Answer {
            ++calls;
            if (call.state == "First" && failures_left-- > 0) return std::unexpected(TaskError{"E", ""});
            if (call.state == "B") return std::unexpected(TaskError{"Other", ""});
            return json::Value(call.state);
        });
        EXPECT_EQ(calls, sink.count("TaskStarted")) << "k = " << k;
        clean = result.has_value();
        if (clean) break;
        EXPECT_EQ(result.error().code, ErrorCode::kResourceExhausted) << "k = " << k;
        EXPECT_LT(static_cast<std::int64_t>(sink.events.size()), k);
    }
    EXPECT_GT(k, 20);
    EXPECT_EQ(sink.events.back().type, "ExecutionSucceeded");
}

TEST_F(ExecutionTest, JitterReplaysFromItsSeed) {
    const std::string definition =
        R"({"StartAt":"T","States":{)" +
        task("T", R"("Retry":[{"ErrorEquals":["E"],"IntervalSeconds":100,"JitterStrategy":"FULL"}],)") + "}}";
    const auto slept = [&](std::uint64_t seed) {
        options.jitter_seed = seed;
        sink.events.clear();
        const auto before = clock.slept();
        EXPECT_EQ(run(definition, [](const TaskCall&) -> Answer { return std::unexpected(TaskError{"E", ""}); })
                      .value()
                      .status,
                  Status::kFailed);
        return clock.slept() - before;
    };
    const auto first = slept(1);
    EXPECT_EQ(first, slept(1));
    EXPECT_NE(first, slept(2));
    EXPECT_LT(first, std::chrono::seconds(700));
}

}  // namespace
}  // namespace lagoa::flow
