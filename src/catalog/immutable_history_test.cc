// Goal: history does not change. Method: the rows of every version of tables of several kinds, each read by an engine
// of its own, before and after checkpoints, clean-up of the log, OPTIMIZE, RESTORE and vacuums within the retention.
#include "catalog/impl/aged_lake_test.h"

namespace lagoa {
namespace {

using test::AgedLake;
using test::Disk;

const TableName kTable{"silver", "t"};
constexpr std::chrono::hours kDay{24};

struct Kind {
    const char* name;
    std::map<std::string, std::string> properties;
};

void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}

class ImmutableHistory : public testing::TestWithParam<Kind> {
protected:
    void write(WriteRequest request) {
        request.table = kTable;
        request.properties = GetParam().properties;
        request.properties["delta.deletedFileRetentionDuration"] = "interval 20 days";
        request.partition_by = {"p"};
        const auto written = lake_.write(request);
        ASSERT_TRUE(written) << written.error().message;
        disk_.pass(kDay);
    }
    void remember() {
        const delta::Version newest = lake_.snapshot(kTable)->version;
        AgedLake reader(disk_);
        for (auto v = static_cast<delta::Version>(history_.size()); v <= newest; ++v)
            history_.push_back(reader.rows(kTable, v));
    }
    void expect_unchanged(const char* after) {
        AgedLake reader(disk_);
        for (std::size_t v = 0; v < history_.size(); ++v)
            EXPECT_EQ(reader.rows(kTable, static_cast<delta::Version>(v)), history_[v])
                << "version " << v << " after " << after;
        remember();
    }
    void check_point() {
        const auto location = lake_.lake().locate(kTable).value();
        const auto newest = lake_.snapshot(kTable);
        ASSERT_TRUE(delta::write_checkpoint(location, *newest, disk_.clock()));
        ASSERT_TRUE(delta::clean_up_log(location, *newest, newest->version, disk_.clock()));
    }

    Disk disk_;
    AgedLake lake_{disk_};
    std::vector<std::string> history_;  // by version
};

TEST_P(ImmutableHistory, OutlivesMaintenance) {
    for (int i = 0; i < 4; ++i)
        write({.select =
                   fmt::format("SELECT range AS k, range % 2 AS p, 'v' AS v FROM range({}, {})", i * 5, i * 5 + 5)});
    write({.select = "SELECT 3::BIGINT AS k, 1::BIGINT AS p, 'merged' AS v", .mode = WriteMode::kMerge, .key = {"k"}});
    write({.select = "SELECT 90::BIGINT AS k, 0::BIGINT AS p, 'new' AS v", .mode = WriteMode::kOverwritePartitions});
    remember();
    if (HasFailure()) return;

    check_point();
    expect_unchanged("a checkpoint");
    ASSERT_TRUE(lake_.operations().vacuum(kTable, {}));
    expect_unchanged("a vacuum");
    const auto optimized = lake_.operations().optimize(kTable, {});
    ASSERT_TRUE(optimized) << optimized.error().message;
    expect_unchanged("OPTIMIZE");
    EXPECT_EQ(history_.back(), history_[history_.size() - 2]) << "OPTIMIZE changes no row";
    const auto restored = lake_.operations().restore(kTable, {.version = 4, .time = {}});
    ASSERT_TRUE(restored) << restored.error().message;
    expect_unchanged("RESTORE");
    EXPECT_EQ(history_.back(), history_[4]);
    ASSERT_TRUE(lake_.operations().vacuum(kTable, {.lite = true}));
    expect_unchanged("a lite vacuum");

    // Beyond the retention only what the lake log names stays, and that is as it was.
    lake_.publish(kTable);
    lake_.tag("close", 1);
    const auto published = static_cast<std::size_t>(lake_.snapshot(kTable)->version);
    write({.select = "SELECT 1::BIGINT AS k, 0::BIGINT AS p, 'last' AS v", .mode = WriteMode::kOverwrite});
    disk_.pass(60 * kDay);
    const auto vacuumed = lake_.operations().vacuum(kTable, {});
    ASSERT_TRUE(vacuumed) << vacuumed.error().message;
    EXPECT_FALSE(vacuumed->files.empty());
    EXPECT_EQ(test::rows_on(disk_, kTable, static_cast<delta::Version>(published)), history_[published]);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ImmutableHistory,
                         testing::Values(Kind{"plain", {}},
                                         Kind{"deletion_vectors", {{"delta.enableDeletionVectors", "true"}}},
                                         Kind{"row_tracking", {{"delta.enableRowTracking", "true"}}},
                                         Kind{"mapped", {{"delta.columnMapping.mode", "name"}}},
                                         Kind{"change_feed", {{"delta.enableChangeDataFeed", "true"}}}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace lagoa
