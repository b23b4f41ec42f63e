// Goal: over S3 and a bad network every acknowledged commit is there once, lost answers are resolved by reading back,
// and the log has no gap. Method: writers race on one table of a real server, through a proxy that disturbs a quarter
// of all requests, by a seed; what the server holds in the end is compared with what each writer was told.
#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "store/s3_store.h"
#include "support/delta_table.h"
#include "support/hurried_clock.h"
#include "support/s3_proxy.h"
#include "support/s3_server.h"

namespace lagoa::delta {
namespace {

using test::DeltaTable;
using test::Disturbance;
using test::HurriedClock;

struct Told {
    std::set<std::string> committed;
    std::set<std::string> unknown;
};

TEST(CommitOverS3, RacingWritersOverABadNetworkLoseNothing) {
    constexpr int kWriters = 4;
    constexpr int kCommits = 8;
    constexpr std::array kKinds = {Disturbance::kDropRequest, Disturbance::kDropAnswer, Disturbance::kLate,
                                   Disturbance::kRepeat,      Disturbance::kSlowDown,   Disturbance::kInternal,
                                   Disturbance::kTruncate,    Disturbance::kStall};
    const auto server = test::S3Server::start();
    ASSERT_TRUE(server) << server.error().message;
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    test::S3Proxy proxy((*server)->port(), [&, random = std::minstd_rand(seed)](const auto&, std::size_t) mutable {
        return random() % 4 == 0 ? kKinds[random() % kKinds.size()] : Disturbance::kNone;
    });
    HurriedClock clock;
    const std::string root = "s3://" + (*server)->make_bucket() + "/bronze";
    const auto open = [&](const std::string& endpoint) {
        S3Options options = (*server)->options();
        options.endpoint = endpoint;
        options.stall_timeout = std::chrono::milliseconds(300);
        return open_s3_store(root, options, clock).value();
    };
    DeltaTable table;
    const auto direct = open((*server)->options().endpoint);
    ASSERT_TRUE(commit(table.location(direct.get()), nullptr, DeltaTable::creation(), table.options()));

    std::array<Told, kWriters> told;
    {
        std::vector<std::jthread> writers;
        for (std::size_t writer = 0; writer < kWriters; ++writer)
            writers.emplace_back([&, writer] {
                const auto store = open(proxy.endpoint());
                const TableLocation location = table.location(store.get());
                for (int i = 0; i < kCommits; ++i) {
                    const std::string path = fmt::format("w{}-{}", writer, i);
                    const auto base = read_snapshot(location);
                    if (!base) continue;  // the network was too bad for this one
                    const auto made =
                        commit(location, *base, DeltaTable::append({path}), {.max_attempts = 50, .clock = &clock});
                    if (made)
                        told[writer].committed.insert(path);
                    else if (is_outcome_unknown(made.error().code))
                        told[writer].unknown.insert(path);
                    else
                        EXPECT_EQ(made.error().code, ErrorCode::kConflict) << made.error().message;
                }
            });
    }
    proxy.wait_until_quiet();

    const auto snapshot = read_snapshot(table.location(direct.get())).value();
    std::multiset<std::string> there;
    for (const auto& file : snapshot->files) there.insert(file.path);
    std::size_t committed = 0;
    for (const Told& writer : told) {
        committed += writer.committed.size();
        for (const auto& path : writer.committed) EXPECT_EQ(there.count(path), 1u) << path;
        for (const auto& path : writer.unknown) EXPECT_LE(there.count(path), 1u) << path;
        for (const auto& path : writer.committed) there.erase(path);
        for (const auto& path : writer.unknown) there.erase(path);
    }
    EXPECT_TRUE(there.empty()) << *there.begin();  // nothing that its writer was told to be lost
    EXPECT_GT(committed, static_cast<std::size_t>(kWriters * kCommits / 2));
    EXPECT_GE(snapshot->version, static_cast<Version>(committed));
    for (Version version = 0; version <= snapshot->version; ++version)
        EXPECT_TRUE(direct->head(DeltaTable::commit_key(version))) << version;
}

}  // namespace
}  // namespace lagoa::delta
