// Goal: the same definition and input give what AWS Step Functions gave. Method: replays the recorded executions in
// ../shared/asl (status, output, error name, order of events) that use supported parts of the language; the others
// must be refused as kUnsupported. Skipped where the recordings are not there.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "flow/state_machine.h"
#include "support/fake_clock.h"

namespace lagoa::flow {
namespace {

using EventName = std::pair<std::string, std::string>;  // type, state
using EventNames = std::vector<EventName>;

json::Value read_cases(const std::string& file) {
    std::ifstream stream("../shared/asl/" + file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    auto cases = json::parse(text);
    return cases ? *cases : json::Value();
}

struct RecordingSink final : HistorySink {
    Result<> record(const Event& event) override {
        events.emplace_back(event.type, event.state);
        return {};
    }
    EventNames events;
};

bool ends_parallel(const std::string& type) {
    return type == "ParallelStateSucceeded" || type == "ParallelStateAborted" || type == "ParallelStateExited" ||
           type == "ParallelStateFailed";
}

// The recordings are without the order of branches that ran side by side: what stands between ParallelStateStarted and
// the first event that ends a Parallel was sorted, and of several ends in a row only the last was kept.
EventNames without_order_of_branches(const EventNames& events) {
    EventNames normal;
    std::size_t start = EventNames::size_type(-1);
    for (const EventName& event : events) {
        if (event.first == "ParallelStateStarted") {
            normal.push_back(event);
            start = normal.size();
        } else if (ends_parallel(event.first)) {
            if (!normal.empty() && ends_parallel(normal.back().first) && start != EventNames::size_type(-1))
                normal.pop_back();
            if (start != EventNames::size_type(-1) && start < normal.size())
                std::sort(normal.begin() + static_cast<std::ptrdiff_t>(start), normal.end());
            normal.push_back(event);
        } else {
            normal.push_back(event);
        }
    }
    return normal;
}

std::string to_text(const EventNames& events) {
    std::string text;
    for (const auto& [type, state] : events) text += type + (state.empty() ? "" : "/" + state) + " ";
    return text;
}

std::string status_text(ExecutionResult::Status status) {
    using enum ExecutionResult::Status;
    return status == kSucceeded  ? "SUCCEEDED"
           : status == kFailed   ? "FAILED"
           : status == kTimedOut ? "TIMED_OUT"
                                 : "ABORTED";
}

void replay(const json::Value& recorded, const StateMachine& machine) {
    test::FakeClock clock;
    RecordingSink sink;
    ExecutionOptions options;
    options.run = "execution";
    options.machine = "machine";
    options.history = &sink;
    options.clock = &clock;
    options.max_parallel = 1;  // the order of branches is then the file's
    const auto result = execute(machine, *recorded.find("input"), options);

    ASSERT_TRUE(result.has_value()) << result.error().message;
    const std::string cause = result->error.error + ": " + result->error.cause;
    EXPECT_EQ(status_text(result->status), recorded.string_at("expected_status")) << cause;
    if (const auto* output = recorded.find("expected_output")) {
        EXPECT_TRUE(result->output == *output) << json::dump(result->output) << " for " << json::dump(*output);
    }
    EXPECT_EQ(result->error.error, recorded.string_at("expected_error").value_or("")) << cause;
    // Recorded causes have placeholders in angle brackets where they named what differs from run to run.
    const std::string expected_cause = recorded.string_at("expected_cause").value_or("");
    if (!expected_cause.contains('<')) {
        EXPECT_EQ(result->error.cause, expected_cause);
    }
    if (const auto* events = recorded.find("events")) {
        EventNames expected;
        for (const json::Value& event : *events->array()) {
            const json::Array& parts = *event.array();
            expected.emplace_back(*parts[0].string(),
                                  parts.size() > 1 && parts[1].is_string() ? *parts[1].string() : "");
        }
        EXPECT_EQ(to_text(without_order_of_branches(sink.events)), to_text(without_order_of_branches(expected)));
    }
}

TEST(Conformance, RecordedExecutions) {
    const json::Value cases = read_cases("executions.json");
    if (!cases.is_array()) GTEST_SKIP() << "no recordings beside the source";
    int replayed = 0;
    std::map<std::string, int> refused;
    for (const json::Value& recorded : *cases.array()) {
        const std::string name = recorded.string_at("name").value();
        SCOPED_TRACE(name);
        const auto document = Document::parse(name, json::dump(*recorded.find("definition"), 2));
        ASSERT_TRUE(document.has_value()) << document.error().message;
        const auto machine = StateMachine::parse(*document);
        if (!machine) {
            ASSERT_EQ(machine.error().code, ErrorCode::kUnsupported) << machine.error().message;
            const std::string& message = machine.error().message;
            ++refused[message.substr(message.rfind(": ") + 2)];
            continue;
        }
        replay(recorded, *machine);
        ++replayed;
    }
    std::cout << "replayed " << replayed << " of " << cases.array()->size() << " recorded executions\n";
    for (const auto& [reason, count] : refused) std::cout << "  " << count << " refused: " << reason << "\n";
    EXPECT_GE(replayed, 357);
}

// What AWS rejects at creation is rejected here; what it accepts is accepted. Express machines are AWS's own matter.
TEST(Conformance, RecordedValidations) {
    const json::Value cases = read_cases("validations.json");
    if (!cases.is_array()) GTEST_SKIP() << "no recordings beside the source";
    int checked = 0;
    for (const json::Value& recorded : *cases.array()) {
        const std::string name = recorded.string_at("name").value();
        SCOPED_TRACE(name);
        const auto* expected = recorded.find("expected");
        const bool accepted = expected->string_at("result") == "OK";
        const auto parsed = [&]() -> Result<StateMachine> {
            const auto document = LAGOA_TRY(Document::parse(name, recorded.string_at("definition").value()));
            return StateMachine::parse(document);
        }();
        EXPECT_EQ(parsed.has_value(), accepted) << (parsed ? "accepted" : parsed.error().message);
        ++checked;
    }
    std::cout << "checked " << checked << " recorded verdicts\n";
}

}  // namespace
}  // namespace lagoa::flow
