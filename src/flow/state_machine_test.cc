// Goal: a wrong definition is refused where it is wrong: file, line, JSON pointer. Method: one good definition, one
// mistake at a time; then random mutations, which may be refused but must never crash.
#include "flow/state_machine.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <iostream>

#include "flow/impl/random.h"

namespace lagoa::flow {
namespace {

constexpr std::string_view kGood = R"json({
  "Comment": "Every type of state.",
  "StartAt": "Ingest",
  "TimeoutSeconds": 3600,
  "States": {
    "Ingest": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "ingest", "Payload": {"day.$": "States.Format('{}', $.day)"}},
      "ResultSelector": {"rows.$": "$.Payload.rows"},
      "ResultPath": "$.ingest",
      "TimeoutSeconds": 60,
      "Retry": [{"ErrorEquals": ["Lagoa.Unavailable"], "IntervalSeconds": 5, "MaxAttempts": 2, "JitterStrategy": "FULL"}],
      "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Failed"}],
      "Next": "Any"
    },
    "Any": {
      "Type": "Choice",
      "Choices": [{"Not": {"Variable": "$.ingest.rows", "NumericEquals": 0}, "Next": "Both"}],
      "Default": "Done"
    },
    "Both": {
      "Type": "Parallel",
      "Branches": [
        {"StartAt": "Soon", "States": {"Soon": {"Type": "Wait", "Seconds": 1, "End": true}}},
        {"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.items[?(@.n > 1)]", "MaxConcurrency": 2, "End": true,
          "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "InputPath": "$.a[0:2]", "End": true}}}}}}
      ],
      "ResultPath": null,
      "Next": "Done"
    },
    "Done": {"Type": "Succeed"},
    "Failed": {"Type": "Fail", "ErrorPath": "$.error.Error", "Cause": "see above"}
  }
})json";

Result<StateMachine> parse(std::string_view text) {
    const auto document = LAGOA_TRY(Document::parse("pipelines/daily.asl.json", text));
    return StateMachine::parse(document);
}

// kGood with `from` replaced once by `to`.
std::string changed(std::string_view from, std::string_view to) {
    std::string text(kGood);
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(StateMachine, ReadsEveryTypeOfState) {
    const auto machine = parse(kGood);
    ASSERT_TRUE(machine.has_value()) << machine.error().message;
    const auto tasks = machine->tasks();
    ASSERT_EQ(tasks.size(), 1U);
    EXPECT_EQ(tasks[0].state, "Ingest");
    EXPECT_EQ(tasks[0].pointer, "/States/Ingest");
    EXPECT_EQ(tasks[0].parameters.string_at("FunctionName"), "ingest");
}

struct Mistake {
    std::string_view from;
    std::string_view to;
    std::string_view place;  // line and pointer
};

TEST(StateMachine, NamesThePlaceOfAMistake) {
    constexpr auto kMistakes = std::to_array<Mistake>({
        {R"("StartAt": "Ingest")", R"("StartAt": "Nowhere")", ":3: /StartAt:"},
        {R"("StartAt": "Ingest",)", "", ": StartAt is missing"},
        {R"("TimeoutSeconds": 3600)", R"("Timeout": 3600)", ":4: /Timeout:"},
        {R"("Type": "Task")", R"("Type": "Job")", ":7: /States/Ingest/Type:"},
        {R"("Resource": "arn:aws:states:::lambda:invoke")", R"("Resource": "arn:aws:states:::dynamodb:query")",
         ":8: /States/Ingest/Resource:"},
        {R"("day.$": "States)", R"("day.$": "State)", ":9: /States/Ingest/Parameters/Payload/day.$:"},
        {R"("ResultSelector")", R"("ResultSelect")", ":10: /States/Ingest/ResultSelect:"},
        {R"("ResultPath": "$.ingest")", R"("ResultPath": "$.ingest[*]")", ":11: /States/Ingest/ResultPath:"},
        {R"("TimeoutSeconds": 60)", R"("TimeoutSeconds": "60")", ":12: /States/Ingest/TimeoutSeconds:"},
        {R"("MaxAttempts": 2)", R"("MaxAttempts": 2.5)", ":13: /States/Ingest/Retry/0/MaxAttempts:"},
        {R"("Next": "Failed")", R"("Next": "Faild")", ":14: /States/Ingest/Catch/0/Next:"},
        {R"("Next": "Any")", R"("Comment": "")", "/States/Ingest: Ingest has neither Next nor End"},
        {R"("Next": "Any")", R"("Next": "Any", "End": true)", "/States/Ingest/End:"},
        {R"("NumericEquals": 0)", R"("NumericEqual": 0)", ":19: /States/Any/Choices/0/Not/NumericEqual:"},
        {R"("Default": "Done")", R"("Next": "Done")", ":20: /States/Any/Next:"},
        {R"("Seconds": 1)", R"("Seconds": 1, "Timestamp": "2026-01-01T00:00:00Z")",
         "/States/Both/Branches/0/States/Soon:"},
        {R"({"Soon")", R"({"Done": {"Type": "Succeed"}, "Soon")", "/States/Done:"},  // the outer one is read later
        {R"("StartAt": "One")", R"("StartAt": "Done")", "/ItemProcessor/StartAt:"},  // no jumping out of a branch
        {R"("$.items[?(@.n > 1)]")", R"("$.items[?(@.n >)]")", "/States/Each/ItemsPath:"},
        {R"("Done": {"Type": "Succeed"})", R"("Done": {"Type": "Succeed"}, "Left": {"Type": "Succeed"})",
         "/States/Left: no state leads to Left"},
        {R"("Cause": "see above")", R"("Cause": "see above", "CausePath": "$.c")", "/States/Failed/CausePath:"},
        {R"("Done": {"Type": "Succeed"})", R"("Done": 1)", "/States/Done:"},
    });
    for (const Mistake& mistake : kMistakes) {
        const auto machine = parse(changed(mistake.from, mistake.to));
        ASSERT_FALSE(machine.has_value()) << mistake.to;
        EXPECT_EQ(machine.error().code, ErrorCode::kInvalidConfig) << machine.error().message;
        EXPECT_TRUE(machine.error().message.starts_with("pipelines/daily.asl.json:")) << machine.error().message;
        EXPECT_TRUE(machine.error().message.contains(mistake.place)) << machine.error().message;
    }
}

TEST(StateMachine, RefusesByNameWhatComesLater) {
    for (const auto& [from, to] : std::to_array<std::pair<const char*, const char*>>(
             {{R"("StartAt": "Ingest")", R"("QueryLanguage": "JSONata", "StartAt": "Ingest")"},
              {R"("Type": "Succeed")", R"("Type": "Succeed", "QueryLanguage": "JSONata")"},
              {R"("TimeoutSeconds": 60)", R"("HeartbeatSeconds": 60)"},
              {R"("TimeoutSeconds": 60)", R"("Assign": {"x": 1})"},
              {R"("TimeoutSeconds": 60)", R"("TimeoutSecondsPath": "$variable")"},
              {R"("rows.$": "$.Payload.rows")", R"("rows.$": "$variable")"},
              {R"("MaxConcurrency": 2)", R"("ItemBatcher": {})"},
              {R"("ItemProcessor": {)", R"("ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, )"}})) {
        const auto machine = parse(changed(from, to));
        ASSERT_FALSE(machine.has_value()) << to;
        EXPECT_EQ(machine.error().code, ErrorCode::kUnsupported) << machine.error().message;
    }
}

// One random edit of a value: drop, retype, repeat, or splice text into it.
void mutate(json::Value& value, Random& random, int depth) {
    const auto choose = [&](std::size_t count) { return static_cast<std::size_t>(random.next() % count); };
    if (auto* object = value.object(); object != nullptr && !object->empty() && choose(8) != 0 && depth < 12) {
        auto member = object->begin() + static_cast<std::ptrdiff_t>(choose(object->size()));
        if (choose(6) == 0) {
            const std::string key = member->first;
            if (choose(2) == 0) object->set(key + (choose(2) == 0 ? ".$" : "Path"), member->second);
            object->erase(key);
            return;
        }
        return mutate(member->second, random, depth + 1);
    }
    if (auto* array = value.array(); array != nullptr && !array->empty() && choose(8) != 0) {
        json::Value& item = (*array)[choose(array->size())];
        if (choose(8) == 0) return array->push_back(json::Value(item));
        return mutate(item, random, depth + 1);
    }
    if (const auto* text = value.string(); text != nullptr && choose(4) != 0) {
        constexpr std::string_view kPieces[] = {"$", "$.", "..", "[",  "]",  "[?(", "@.a", ")", "'", "States.Array(",
                                                "*", "-1", ":",  "\\", "==", "&&",  "!"};
        std::string spliced = *text;
        spliced.insert(choose(spliced.size() + 1), kPieces[choose(std::size(kPieces))]);
        value = std::move(spliced);
        return;
    }
    const json::Value kinds[] = {nullptr,         true,  -1, 1e300, "", "$.x", json::Array(), json::Object(),
                                 "States.UUID()", "Done"};
    value = kinds[choose(std::size(kinds))];
}

TEST(StateMachine, RandomMutationsNeverCrash) {
    const char* fixed = std::getenv("LAGOA_SEED");
    const std::uint64_t seed = fixed != nullptr ? std::strtoull(fixed, nullptr, 10) : 8412;
    std::cout << "seed " << seed << " (LAGOA_SEED replays another)\n";
    Random random(seed);
    const json::Value good = json::parse(kGood).value();
    int accepted = 0;
    constexpr int kRounds = 300;
    for (int round = 0; round < kRounds; ++round) {
        json::Value mutant = good;
        for (std::uint64_t edits = random.next() % 3 + 1; edits > 0; --edits) mutate(mutant, random, 0);
        const auto machine = parse(json::dump(mutant));
        if (machine) {
            ++accepted;
        } else {
            EXPECT_TRUE(machine.error().code == ErrorCode::kInvalidConfig ||
                        machine.error().code == ErrorCode::kUnsupported)
                << machine.error().message;
        }
    }
    EXPECT_LT(accepted, kRounds / 2);
}

}  // namespace
}  // namespace lagoa::flow
