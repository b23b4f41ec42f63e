// Goal: a manifest reads back as it was, its numbers have no gaps, and no race, lost answer or crash commits
// it twice or in part. Method: a store in memory, and one that fails at a given operation.
#include "ingest/manifest.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "support/faulty_store.h"

namespace lagoa::ingest {
namespace {

using test::FaultyStore;

Manifest sample() {
    Manifest manifest;
    manifest.source = "quotes";
    manifest.run = "run-1";
    manifest.started = parse_instant("2026-11-25T10:00:00Z").value();
    manifest.finished = parse_instant("2026-11-25T10:00:01.5Z").value();
    manifest.objects.push_back({.key = "quotes/a.jsonl",
                                .stream = "quote",
                                .item = "PETR4,VALE3",
                                .format = RecordFormat::kJsonLines,
                                .records_of = "quotes/a.html",
                                .sha256 = "00",
                                .size_bytes = 12,
                                .records = 3,
                                .fetched = manifest.started,
                                .request = json::make_object({{"method", "GET"}}),
                                .response = json::make_object({{"status", 200}})});
    manifest.failures.push_back({"quote", "NOPE3", "not_found", "no such ticker"});
    manifest.cursor = json::make_object({{"last", json::Number{"1.50"}}});
    return manifest;
}

TEST(Manifest, ReadsBackAsItWasWritten) {
    const auto store = make_memory_store();
    Manifest manifest = sample();

    EXPECT_EQ(commit_manifest(*store, manifest).value(), 1u);

    const auto read = manifests_after(*store, "quotes", 0).value();
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(to_json(read[0]), to_json(manifest));
    EXPECT_EQ(read[0].objects[0].format, RecordFormat::kJsonLines);
    EXPECT_TRUE(store->head("quotes/_runs/00000000000000000001.json").has_value());
}

TEST(Manifest, FollowsTheOnesBefore) {
    const auto store = make_memory_store();
    for (std::uint64_t expected = 1; expected <= 3; ++expected) {
        Manifest manifest = sample();
        EXPECT_EQ(commit_manifest(*store, manifest).value(), expected);
    }
    EXPECT_EQ(manifests_after(*store, "quotes", 1).value().front().sequence, 2u);
    EXPECT_TRUE(manifests_after(*store, "quotes", 3).value().empty());
    EXPECT_EQ(last_manifest(*store, "quotes").value()->sequence, 3u);
    EXPECT_FALSE(last_manifest(*store, "other").value().has_value());
}

TEST(Manifest, RacingRunsGetNumbersOfTheirOwn) {
    constexpr int kRuns = 4, kEach = 10;
    const auto store = make_memory_store();
    {
        std::vector<std::jthread> threads;
        for (int run = 0; run < kRuns; ++run) {
            threads.emplace_back([&store, run] {
                for (int i = 0; i < kEach; ++i) {
                    Manifest manifest = sample();
                    manifest.run = fmt::format("run-{}-{}", run, i);
                    EXPECT_TRUE(commit_manifest(*store, manifest).has_value());
                }
            });
        }
    }
    const auto read = manifests_after(*store, "quotes", 0).value();  // a gap would be an error
    std::set<std::string> runs;
    for (const Manifest& manifest : read) runs.insert(manifest.run);
    EXPECT_EQ(read.size(), std::size_t{kRuns * kEach});
    EXPECT_EQ(runs.size(), read.size());
}

TEST(Manifest, AnUnknownOutcomeIsReadBack) {
    const auto disk = make_memory_store();
    FaultyStore store(*disk, {.kind = FaultyStore::Kind::kOutcomeUnknown, .at = 1});
    Manifest manifest = sample();

    EXPECT_EQ(commit_manifest(store, manifest).value(), 1u);
    EXPECT_EQ(manifests_after(*disk, "quotes", 0).value().size(), 1u);
}

TEST(Manifest, AFailedCommitLeavesNothing) {
    for (const auto code : {ErrorCode::kUnavailable, ErrorCode::kResourceExhausted}) {
        const auto disk = make_memory_store();
        FaultyStore store(*disk, {.kind = FaultyStore::Kind::kFail, .at = 1, .code = code});
        Manifest manifest = sample();
        EXPECT_EQ(commit_manifest(store, manifest).error().code, code);
        EXPECT_TRUE(manifests_after(*disk, "quotes", 0).value().empty());
    }
}

TEST(Manifest, AGapIsCorruption) {
    const auto store = make_memory_store();
    for (int i = 0; i < 3; ++i) {
        Manifest manifest = sample();
        ASSERT_TRUE(commit_manifest(*store, manifest).has_value());
    }
    ASSERT_TRUE(store->remove("quotes/_runs/00000000000000000002.json").has_value());
    EXPECT_EQ(manifests_after(*store, "quotes", 0).error().code, ErrorCode::kCorruption);
    EXPECT_EQ(manifests_after(*store, "quotes", 1).error().code, ErrorCode::kCorruption);
    EXPECT_TRUE(manifests_after(*store, "quotes", 2).has_value());
    EXPECT_FALSE(manifests_after(*store, "quotes", 0).error().hint.empty());
}

TEST(Manifest, IsReadOnlyUntilABatchIsFull) {
    const auto store = make_memory_store();
    for (int i = 0; i < 4; ++i) {
        Manifest manifest = sample();
        manifest.objects.resize(1);
        manifest.objects[0].size_bytes = 10;
        ASSERT_TRUE(commit_manifest(*store, manifest).has_value());
    }
    ASSERT_TRUE(store->put("quotes/_runs/00000000000000000004.json", "damaged").has_value());
    EXPECT_EQ(manifests_after(*store, "quotes", 0, 1).value().size(), 1u) << "one at least";
    EXPECT_EQ(manifests_after(*store, "quotes", 0, 20).value().size(), 2u);
    EXPECT_EQ(manifests_after(*store, "quotes", 1, 10).value().back().sequence, 2u);
    EXPECT_EQ(manifests_after(*store, "quotes", 0).error().code, ErrorCode::kCorruption);
}

TEST(Manifest, RefusesWhatItDoesNotUnderstand) {
    const auto broken = [](std::string_view field, json::Value value) {
        json::Value manifest = to_json(sample());
        manifest.object()->set(field, std::move(value));
        return manifest_from_json(manifest).error().code;
    };
    EXPECT_EQ(broken("format", 2), ErrorCode::kUnsupported);
    EXPECT_EQ(broken("format", "1"), ErrorCode::kCorruption);
    EXPECT_EQ(broken("sequence", -1), ErrorCode::kCorruption);
    EXPECT_EQ(broken("started", "yesterday"), ErrorCode::kCorruption);
    EXPECT_EQ(broken("objects", nullptr), ErrorCode::kCorruption);
    EXPECT_EQ(broken("objects", json::Array{json::Object()}), ErrorCode::kCorruption);

    const auto store = make_memory_store();
    ASSERT_TRUE(store->put("quotes/_runs/00000000000000000001.json", "{\"format\": 1,").has_value());
    EXPECT_EQ(manifests_after(*store, "quotes", 0).error().code, ErrorCode::kCorruption);
}

}  // namespace
}  // namespace lagoa::ingest
