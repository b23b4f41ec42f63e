// Goal: retries wait as declared and answer the errors they name. Method: the policy's arithmetic and name matching
// alone; the golden cases show them at work.
#include "flow/impl/retry_policy.h"

#include <gtest/gtest.h>

namespace lagoa::flow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Result<std::vector<Retrier>> parse(const std::string& retry) {
    const auto document = Document::parse("state.json", "{\"Retry\":" + retry + "}").value();
    return parse_retriers(FieldReader::open(document, "", document.root()).value());
}

TEST(RetryPolicy, NamesAnswerErrors) {
    const auto answers_one = [](const char* name, const char* error) {
        const std::vector<std::string> names = {name};
        return answers(names, error);
    };
    EXPECT_TRUE(answers_one("Lagoa.Conflict", "Lagoa.Conflict"));
    EXPECT_FALSE(answers_one("Lagoa.Conflict", "Lagoa.Conflicting"));
    EXPECT_TRUE(answers_one("States.ALL", "States.Timeout"));
    EXPECT_TRUE(answers_one("States.ALL", ""));
    EXPECT_FALSE(answers_one("States.ALL", "States.Runtime"));
    EXPECT_FALSE(answers_one("States.ALL", "States.DataLimitExceeded"));
    EXPECT_TRUE(answers_one("States.TaskFailed", "Lagoa.Unavailable"));
    EXPECT_FALSE(answers_one("States.TaskFailed", "States.Timeout"));
    EXPECT_FALSE(answers_one("States.TaskFailed", "States.Runtime"));
}

TEST(RetryPolicy, WaitsGrowUpToTheMost) {
    Random random(1);
    const Retrier plain = parse(R"([{"ErrorEquals":["E"]}])").value()[0];
    EXPECT_EQ(plain.max_attempts, 3);
    EXPECT_EQ(delay_before(plain, 1, random), seconds(1));
    EXPECT_EQ(delay_before(plain, 3, random), seconds(4));
    const Retrier bounded =
        parse(R"([{"ErrorEquals":["E"],"IntervalSeconds":3,"BackoffRate":1.5,"MaxDelaySeconds":5}])").value()[0];
    EXPECT_EQ(delay_before(bounded, 1, random), seconds(3));
    EXPECT_EQ(delay_before(bounded, 2, random), milliseconds(4500));
    EXPECT_EQ(delay_before(bounded, 3, random), seconds(5));
    EXPECT_GT(delay_before(plain, 100'000, random), seconds(0)) << "the power overflows, the wait does not";
}

TEST(RetryPolicy, FullJitterSpreadsAndReplays) {
    const Retrier retrier = parse(R"([{"ErrorEquals":["E"],"IntervalSeconds":10,"JitterStrategy":"FULL"}])").value()[0];
    Random random(7);
    Random again(7);
    bool low = false;
    bool high = false;
    for (int i = 0; i < 100; ++i) {
        const auto delay = delay_before(retrier, 1, random);
        EXPECT_TRUE(delay >= seconds(0) && delay <= seconds(10));
        EXPECT_EQ(delay, delay_before(retrier, 1, again));
        low |= delay < seconds(3);
        high |= delay > seconds(7);
    }
    EXPECT_TRUE(low && high);
    EXPECT_NE(Random(7).split(0).next(), Random(7).split(1).next());
}

TEST(RetryPolicy, RefusesWhatIsOutOfBounds) {
    for (const char* retry :
         {"{}", "[1]", "[{}]", R"([{"ErrorEquals":[]}])", R"([{"ErrorEquals":[1]}])",
          R"([{"ErrorEquals":["E"],"MaxAttempts":-1}])", R"([{"ErrorEquals":["E"],"IntervalSeconds":0}])",
          R"([{"ErrorEquals":["E"],"IntervalSeconds":1.5}])", R"([{"ErrorEquals":["E"],"BackoffRate":0.5}])",
          R"([{"ErrorEquals":["E"],"MaxDelaySeconds":1}])", R"([{"ErrorEquals":["E"],"JitterStrategy":"SOME"}])",
          R"([{"ErrorEquals":["E"],"Next":"X"}])", R"([{"ErrorEquals":["States.ALL","E"]}])",
          R"([{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["E"]}])"})
        EXPECT_EQ(parse(retry).error().code, ErrorCode::kInvalidConfig) << retry;
}

}  // namespace
}  // namespace lagoa::flow
