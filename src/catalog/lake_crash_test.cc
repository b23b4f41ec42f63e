// Goal: a process may die, or one operation of the store may fail or lose its answer, at any step of a table's life:
// what was committed stays, what was not is invisible, running again ends as if nothing had been. Method: the sweep of
// faulty_store.h over one life through Lake: creation, append, overwrite, overwrite of partitions, replaceWhere, merge
// by deletion vectors, by copies and with a change data feed, checkpoints, publish, clean-up of the log; data files
// included.
#include <set>

#include <gtest/gtest.h>

#include "catalog/lake.h"
#include "store/memory_store.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"
#include "support/store_objects.h"

namespace lagoa {
namespace {

using test::copy_of;
using test::data_files;
using test::FaultyStore;

const TableName kTable{"silver", "stocks"};
const Cut kHead{.base = Cut::Base::kHead, .pins = {}};

/// One process over stores that outlive it.
class Process {
public:
    explicit Process(std::shared_ptr<ObjectStore> store) {
        engine_ = Engine::open({.threads = 1}).value();
        lake_ =
            Lake::open({.zones = {{"silver", store}}, .log = store, .engine = engine_.get(), .clock = &clock_}).value();
    }

    Lake& lake() { return *lake_; }
    test::FakeClock& clock() { return clock_; }

    Result<> write(WriteRequest request) {
        const auto session = LAGOA_TRY(lake_->connect(kHead));
        LAGOA_TRY(lake_->write(*session, request));
        return {};
    }

    // Every row as text, in order.
    std::string rows() {
        const auto session = lake_->connect(kHead);
        if (!session) return "error: " + session.error().message;
        const auto text = (*session)->value(
            "SELECT coalesce(string_agg(concat_ws('|', k, part, v), ';' ORDER BY k, part, v), '') FROM silver.stocks");
        if (!text && text.error().code == ErrorCode::kNotFound) return "no table";
        return text ? **text : "error: " + text.error().message;
    }

private:
    test::FakeClock clock_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Lake> lake_;
};

WriteRequest write_of(int number) {
    WriteRequest request{
        .table = kTable, .select = {}, .partition_by = {"part"}, .txn = delta::Txn{"life", number, {}}};
    switch (number) {
        case 1:
            request.select = "SELECT range AS k, range % 3 AS part, 'first' AS v FROM range(9)";
            request.properties = {{"delta.checkpointInterval", "3"}};
            break;
        case 2:
            request.select = "SELECT range + 20 AS k, range % 2 AS part, 'appended' AS v FROM range(4)";
            break;
        case 3:
            request.select = "SELECT range + 30 AS k, 1::BIGINT AS part, 'partition' AS v FROM range(2)";
            request.mode = WriteMode::kOverwritePartitions;
            break;
        case 4:
            request.select = "SELECT 3::BIGINT AS k, 0::BIGINT AS part, 'where' AS v";
            request.mode = WriteMode::kReplaceWhere;
            request.replace_where = "part = 0 AND k < 20";
            break;
        case 5:
            request.select =
                "SELECT * FROM (VALUES (3, 0, 'merged'), (31, 1, 'merged'), (99, 2, 'merged')) AS t(k, part, v)";
            request.mode = WriteMode::kMerge;
            request.key = {"k"};
            break;
        case 6:
            request.select = "SELECT range + 50 AS k, range % 2 AS part, 'all' AS v FROM range(6)";
            request.mode = WriteMode::kOverwrite;
            request.properties = {{"delta.enableDeletionVectors", "true"}};
            break;
        case 7:
            request.select = "SELECT 51::BIGINT AS k, 1::BIGINT AS part, 'marked' AS v";
            request.mode = WriteMode::kMerge;
            request.key = {"k"};
            break;
        case 8:
            request.select = "SELECT range + 60 AS k, range % 2 AS part, 'told' AS v FROM range(6)";
            request.mode = WriteMode::kOverwrite;
            request.properties = {{"delta.enableDeletionVectors", "false"}, {"delta.enableChangeDataFeed", "true"}};
            break;
        default:
            request.select = "SELECT * FROM (VALUES (61, 1, 'copied'), (70, 1, 'copied')) AS t(k, part, v)";
            request.mode = WriteMode::kMerge;
            request.key = {"k"};
            break;
    }
    return request;
}
constexpr int kWrites = 9;
constexpr int kPublish = 10;
constexpr int kCleanUp = 11;

int writes_done(Process& process) {
    const auto snapshot = process.lake().snapshot(kTable, kHead);
    return snapshot ? static_cast<int>(std::max<std::int64_t>((*snapshot)->txn_version("life"), 0)) : 0;
}

// What the table holds after each write.
std::vector<std::string> states() {
    Process process(make_memory_store());
    std::vector<std::string> found = {process.rows()};
    for (int number = 1; number <= kWrites; ++number) {
        const auto written = process.write(write_of(number));
        EXPECT_TRUE(written) << number << ": " << written.error().message;
        found.push_back(process.rows());
    }
    return found;
}

// Everything published as it is now.
Result<> publish(Process& process) {
    const auto snapshot = LAGOA_TRY(process.lake().snapshot(kTable, kHead));
    const LakeVersion base = LAGOA_TRY(process.lake().log().latest());
    LakeChange change;
    change.tables[kTable] = {.location = "silver/stocks", .version = snapshot->version};
    LAGOA_TRY(process.lake().log().publish(change, base, "run"));
    return {};
}

// A checkpoint, and of the log only what published versions need.
Result<> check_point_and_clean_up(Process& process) {
    process.clock().advance(std::chrono::days(7'300));  // past every retention, whatever dates the store gives
    const delta::TableLocation location = LAGOA_TRY(process.lake().locate(kTable));
    const auto newest = LAGOA_TRY(delta::read_snapshot(location));
    LAGOA_TRY(delta::write_checkpoint(location, *newest, process.clock()));
    const auto kept = LAGOA_TRY(process.lake().log().kept_versions({}));
    LAGOA_TRY(delta::clean_up_log(location, *newest, kept.at(kTable), process.clock()));
    return {};
}

// A step of the table's life. A write that was done is not done again, by its txn; the others leave the rows alone.
Result<> run(Process& process, int step) {
    if (step == kPublish) return publish(process);
    if (step == kCleanUp) return check_point_and_clean_up(process);
    return process.write(write_of(step));
}

// The rows after write `writes`, and every published version.
void expect_state(Process& process, int writes, const std::vector<std::string>& expected) {
    EXPECT_EQ(process.rows(), expected[static_cast<std::size_t>(writes)]);
    const auto published = process.lake().log().latest();
    ASSERT_TRUE(published) << published.error().message;
    for (const auto& [table, at] : published->tables) {
        const auto snapshot = delta::read_snapshot(process.lake().locate(table).value(), at.version);
        EXPECT_TRUE(snapshot) << snapshot.error().message;
    }
}

// Every fault in `step`, on what `before` holds after `writes` writes. Returns what stands after the step without a
// fault.
std::shared_ptr<ObjectStore> sweep_step(int step, int writes, ObjectStore& before, FaultyStore::Fault fault,
                                        const std::vector<std::string>& expected) {
    const int after_step = step <= kWrites ? step : writes;
    for (fault.at = 1;; ++fault.at) {
        SCOPED_TRACE(fmt::format("step {}, operation {}", step, fault.at));
        const std::shared_ptr<ObjectStore> disk = copy_of(before);
        const auto faulty = std::make_shared<FaultyStore>(*disk, fault);
        Result<> done;
        {
            Process process(faulty);
            done = run(process, step);
        }
        Process after(disk);  // another process
        const int found = writes_done(after);
        EXPECT_TRUE(found == after_step || (!done && found == writes)) << found;
        expect_state(after, found, expected);
        // A write that only failed has taken its files away.
        if (!done && found == writes && fault.kind == FaultyStore::Kind::kFail) {
            EXPECT_EQ(data_files(*disk, "stocks/"), data_files(before, "stocks/"));
        }

        const auto again = run(after, step);
        EXPECT_TRUE(again) << again.error().message;
        expect_state(after, after_step, expected);
        EXPECT_EQ(delta::newest_version(after.lake().locate(kTable).value()).value(), after_step - 1);
        if (testing::Test::HasFailure()) return nullptr;
        if (!faulty->tripped()) {
            EXPECT_TRUE(done) << done.error().message;
            EXPECT_GT(fault.at, 1) << "the step changes nothing";
            return disk;
        }
    }
}

void sweep(FaultyStore::Kind kind, ErrorCode code) {
    const std::vector<std::string> expected = states();
    std::shared_ptr<ObjectStore> disk = make_memory_store();
    int writes = 0;
    for (const int step : {1, 2, 3, 4, kPublish, 5, 6, 7, 8, 9, kPublish, kCleanUp}) {
        disk = sweep_step(step, writes, *disk, {.kind = kind, .at = 0, .code = code}, expected);
        if (!disk) return;
        if (step <= kWrites) writes = step;
    }
    Process end(disk);
    EXPECT_FALSE(delta::read_snapshot(end.lake().locate(kTable).value(), 0)) << "the clean-up left what nobody needs";
}

TEST(LakeCrashSweep, OneOperationFails) {
    sweep(FaultyStore::Kind::kFail, ErrorCode::kResourceExhausted);
}
TEST(LakeCrashSweep, TheProcessDies) {
    sweep(FaultyStore::Kind::kCrash, ErrorCode::kUnavailable);
}
TEST(LakeCrashSweep, OneAnswerIsLost) {
    sweep(FaultyStore::Kind::kOutcomeUnknown, ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace lagoa
