// Goal: no log, however damaged, crashes the parser or slips through half-read. Method: lines of every
// action, mutated from a seed that a failure prints; a line either parses, and then survives being
// printed and parsed again, or is kCorruption or kUnsupported.
#include <array>
#include <random>

#include <gtest/gtest.h>

#include "delta/log_json.h"
#include "delta/stats.h"

namespace lagoa::delta {
namespace {

constexpr std::array<std::string_view, 9> kLines = {
    R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["a"],"writerFeatures":["b"]}})",
    R"({"metaData":{"id":"u","format":{"provider":"parquet"},"schemaString":"{\"type\":\"struct\",\"fields\":[)"
    R"({\"name\":\"a\",\"type\":\"decimal(18,4)\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":["a"]}})",
    R"({"metaData":{"id":"u","schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"m\",\"type\":{\"type\":\"map\",)"
    R"(\"keyType\":\"string\",\"valueType\":{\"type\":\"array\",\"elementType\":\"long\"}}}]}","configuration":{"k":"v"}}})",
    R"({"add":{"path":"a%20b","partitionValues":{"a":null},"size":10,"stats":"{\"numRecords\":1}","tags":{"t":"v"}}})",
    R"({"add":{"path":"x","size":1,"deletionVector":{"storageType":"u","pathOrInlineDv":"ab","offset":1,)"
    R"("sizeInBytes":3,"cardinality":2}}})",
    R"({"remove":{"path":"x","deletionTimestamp":9,"extendedFileMetadata":true,"partitionValues":{"a":"1"},"size":10}})",
    R"({"txn":{"appId":"a","version":3,"lastUpdated":9}})",
    R"({"domainMetadata":{"domain":"d","configuration":"{}","removed":false}})",
    R"({"commitInfo":{"timestamp":1,"operationParameters":{"mode":"Append"},"x":[1e5,-0.5,null]}})",
};

class Mutator {
public:
    explicit Mutator(unsigned seed) : random_(seed) {}

    std::string line() {
        std::string text(kLines[below(kLines.size())]);
        for (std::size_t left = 1 + below(4); left > 0; --left) mutate(text);
        return text;
    }

private:
    std::size_t below(std::size_t bound) { return random_() % bound; }

    void mutate(std::string& text) {
        if (text.empty()) return;
        const std::size_t at = below(text.size());
        switch (below(5)) {
            case 0:
                text[at] = static_cast<char>(below(256));
                break;
            case 1:
                text.erase(at, 1 + below(8));
                break;
            case 2:
                text.insert(at, text.substr(below(text.size()), below(20)));
                break;
            case 3:
                text.replace(at, 1, kTokens[below(kTokens.size())]);
                break;
            default:
                text.resize(at);
                break;
        }
    }

    static constexpr std::array<std::string_view, 8> kTokens = {
        "null", "{}", "[]", "-1", "1e999", "99999999999999999999", "\"\"", "true"};
    std::mt19937 random_;
};

TEST(Mutation, ParserAnswersEveryLine) {
    int parsed = 0;
    for (unsigned seed = 1; seed <= 20'000; ++seed) {
        const std::string line = Mutator(seed).line();
        const auto action = parse_action(line);
        if (!action) {
            ASSERT_TRUE(action.error().code == ErrorCode::kCorruption || action.error().code == ErrorCode::kUnsupported)
                << "seed " << seed << ": " << line << ": " << action.error().message;
            continue;
        }
        if (!*action) continue;
        ++parsed;
        const std::string printed = print_action(**action);
        const auto again = parse_action(printed);
        ASSERT_TRUE(again && *again) << "seed " << seed << ": " << line << " became " << printed;
        ASSERT_EQ(print_action(**again), printed) << "seed " << seed << ": " << line;
        if (const auto* const add = std::get_if<AddFile>(&**action))
            static_cast<void>(FileStats::parse(add->stats).has_value());
    }
    EXPECT_GT(parsed, 1000);  // else the mutations are too wild to say much
}

}  // namespace
}  // namespace lagoa::delta
