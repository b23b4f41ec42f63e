// Goal: a user's view of a run: this definition, this input, these answers of the tasks give this history. Method:
// every test/golden/asl/*.asl.test, on a clock that stands still, branches one after another. GOLDEN_UPDATE=1 rewrites
// what was expected; the diff is reviewed.
//
// The format, a text of sections `--- name`, everything before the first being a comment:
//
//     --- definition   The state machine.
//     --- input        JSON; `{}` if left out.
//     --- tasks        How tasks answer, one call a line, the calls of one state in order; its last line repeats:
//                          Ingest: {"rows": 1}                   succeeds with this result
//                          Ingest: fail Lagoa.Unavailable down   fails with this error and cause
//                          Ingest: take 90 {"rows": 1}           lets 90 seconds pass first
//     --- events       Expected: `type` or `type state`, one event a line.
//     --- result       Expected: the status, then the output, or error, cause and the state that failed.
//     --- waited       Expected: seconds waited in all, left out if none.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "base/text.h"
#include "flow/state_machine.h"
#include "support/fake_clock.h"

namespace lagoa::flow {
namespace {

const std::filesystem::path kFolder = "test/golden/asl";

using Sections = std::vector<std::pair<std::string, std::string>>;  // in the order of the file; the comment is ""

Sections read_sections(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    Sections sections = {{"", ""}};
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with("--- ")) {
            sections.emplace_back(line.substr(4), "");
        } else {
            sections.back().second += line + "\n";
        }
    }
    return sections;
}

std::string& section(Sections& sections, std::string_view name) {
    const auto found = std::ranges::find(sections, name, &Sections::value_type::first);
    return found != sections.end() ? found->second : sections.emplace_back(name, "").second;
}

// Answers the calls of each state by the lines that were written for it.
class ScriptedTasks {
public:
    ScriptedTasks(std::string_view script, test::FakeClock& clock) : clock_(clock) {
        for (const std::string_view line : split(script, '\n')) {
            const auto colon = line.find(": ");
            if (colon != std::string_view::npos)
                answers_[std::string(line.substr(0, colon))].push_back(line.substr(colon + 2));
        }
    }

    std::expected<json::Value, TaskError> operator()(const TaskCall& call) {
        const auto found = answers_.find(call.state);
        if (found == answers_.end()) return std::unexpected(TaskError{"Test.NoAnswer", "no answer for " + call.state});
        auto& lines = found->second;
        std::string_view line = lines.front();
        if (lines.size() > 1) lines.erase(lines.begin());
        if (line.starts_with("take ")) {
            const std::string_view rest = line.substr(5);
            const auto space = rest.find(' ');
            clock_.advance(std::chrono::seconds(std::stol(std::string(rest.substr(0, space)))));
            line = rest.substr(space + 1);
        }
        if (line.starts_with("fail ")) {
            const std::string_view rest = line.substr(5);
            const auto space = std::min(rest.find(' '), rest.size());
            return std::unexpected(
                TaskError{std::string(rest.substr(0, space)), std::string(trim(rest.substr(space)))});
        }
        return json::parse(line).value();
    }

private:
    test::FakeClock& clock_;
    std::map<std::string, std::vector<std::string_view>, std::less<>> answers_;
};

struct EventLines final : HistorySink {
    Result<> record(const Event& event) override {
        text += event.type + (event.state.empty() ? "" : " " + event.state) + "\n";
        return {};
    }
    std::string text;
};

std::string describe(const ExecutionResult& result) {
    using enum ExecutionResult::Status;
    if (result.status == kSucceeded) return "SUCCEEDED\n" + json::dump(result.output) + "\n";
    const std::string status = result.status == kFailed     ? "FAILED"
                               : result.status == kTimedOut ? "TIMED_OUT"
                                                            : "ABORTED";
    return fmt::format("{}\n{}\n{}\nin {}\n", status, result.error.error, result.error.cause, result.failed_state);
}

struct Golden : testing::TestWithParam<std::filesystem::path> {};

TEST_P(Golden, GivesTheExpectedHistory) {
    Sections sections = read_sections(GetParam());
    const auto document = Document::parse(GetParam().filename(), section(sections, "definition"));
    ASSERT_TRUE(document.has_value()) << document.error().message;
    const auto machine = StateMachine::parse(*document);
    ASSERT_TRUE(machine.has_value()) << machine.error().message;
    const std::string input = section(sections, "input");
    const std::string script = section(sections, "tasks");

    test::FakeClock clock;
    ScriptedTasks tasks(script, clock);
    EventLines events;
    ExecutionOptions options;
    options.run = "run";
    options.machine = "golden";
    options.task = std::ref(tasks);
    options.history = &events;
    options.clock = &clock;
    options.max_parallel = 1;  // branches in the file's order
    const auto result = execute(*machine, json::parse(trim(input).empty() ? "{}" : input).value(), options);

    ASSERT_TRUE(result.has_value()) << result.error().message;
    const double waited = std::chrono::duration<double>(clock.slept()).count();
    const std::map<std::string, std::string> actual = {{"events", events.text},
                                                       {"result", describe(*result)},
                                                       {"waited", waited > 0 ? fmt::format("{}\n", waited) : ""}};
    for (const auto& [name, text] : actual) {
        if (std::getenv("GOLDEN_UPDATE") == nullptr) {
            EXPECT_EQ(text, section(sections, name)) << "section " << name;
        } else {
            section(sections, name) = text;
        }
    }
    if (std::getenv("GOLDEN_UPDATE") == nullptr) return;
    std::ofstream stream(GetParam(), std::ios::binary);
    for (const auto& [name, text] : sections) {
        const bool given = name == "definition" || name == "events" || name == "result";
        if (text.empty() && !given) continue;
        stream << (name.empty() ? "" : "--- " + name + "\n") << text;
    }
}

std::vector<std::filesystem::path> golden_files() {
    std::vector<std::filesystem::path> files;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(kFolder, missing)) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

INSTANTIATE_TEST_SUITE_P(Asl, Golden, testing::ValuesIn(golden_files()), [](const auto& file) {
    std::string name = file.param.filename();
    name.resize(name.find('.'));
    return name;
});

}  // namespace
}  // namespace lagoa::flow
