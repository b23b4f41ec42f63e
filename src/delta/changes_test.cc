// Goal: the change data feed names exactly the files and rows that each version changed, and refuses ranges it cannot
// tell rightly. Method: logs written by hand, with what real writers leave out or spell otherwise; vectors are real.
#include <array>

#include <gtest/gtest.h>

#include "delta/changes.h"
#include "delta/log_json.h"
#include "support/delta_table.h"

namespace lagoa::delta {
namespace {

using Lines = std::vector<std::string>;

constexpr const char* kId = R"({"name":"id","type":"long","nullable":true,"metadata":{}})";

// A column under a physical name.
std::string mapped(const std::string& name, const std::string& type, const std::string& physical, int id) {
    return fmt::format(
        R"({{"name":"{}","type":{},"nullable":true,"metadata":{{"delta.columnMapping.id":{},"delta.columnMapping.physicalName":"{}"}}}})",
        name, type, id, physical);
}

class Changes : public testing::Test {
protected:
    TableLocation location() { return table_.location(); }

    void commit(Version version, const std::vector<std::string>& lines) {
        ASSERT_TRUE(
            table_.store().put(test::DeltaTable::commit_key(version), fmt::format("{}\n", fmt::join(lines, "\n"))));
    }

    static std::string protocol(const std::string& reader_features = R"("columnMapping","deletionVectors")") {
        return fmt::format(
            R"({{"protocol":{{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[{}],)"
            R"("writerFeatures":["columnMapping","deletionVectors","changeDataFeed","inCommitTimestamp"]}}}})",
            reader_features);
    }

    static std::string metadata(const std::vector<std::string>& fields, bool feed = true, const std::string& more = "",
                                const std::string& partition = "") {
        const std::string schema = fmt::format(R"({{"type":"struct","fields":[{}]}})", fmt::join(fields, ","));
        return fmt::format(
            R"({{"metaData":{{"id":"t","format":{{"provider":"parquet","options":{{}}}},"schemaString":{},"partitionColumns":[{}],)"
            R"("configuration":{{"delta.enableChangeDataFeed":"{}"{}}}}}}})",
            json::dump(schema), partition, feed, more);
    }

    static std::string add(const std::string& path, const std::optional<DeletionVector>& vector = {},
                           bool data_change = true) {
        AddFile file = test::DeltaTable::add(path, 10);
        file.deletion_vector = vector;
        file.data_change = data_change;
        return print_action(file);
    }

    static std::string remove(const std::string& path, const std::optional<DeletionVector>& vector = {},
                              bool data_change = true) {
        RemoveFile file = test::DeltaTable::remove(path);
        file.deletion_vector = vector;
        file.data_change = data_change;
        file.extended_file_metadata = true;
        file.size_bytes = 100;
        return print_action(file);
    }

    static DeletionVector vector(const std::vector<std::uint64_t>& rows) {
        return inline_deletion_vector(DeletedRows(rows));
    }

    // `version:kind:path`, with the only rows behind it, or the size and cardinality of the vector.
    std::vector<std::string> changes(Version from, std::optional<Version> to = {}) {
        const auto feed = read_changes(location(), from, to);
        if (!feed) return {"error: " + feed.error().message};
        std::vector<std::string> lines;
        for (const ChangedFile& changed : feed->files) {
            constexpr std::array kNames = {"insert", "delete", "cdc"};
            std::string line = fmt::format("{}:{}:{}", changed.version,
                                           kNames.at(static_cast<std::size_t>(changed.kind)), changed.file.path);
            if (changed.only) {
                changed.only->each(0, UINT64_MAX, [&](std::uint64_t row) { line += fmt::format(" {}", row); });
                EXPECT_FALSE(changed.file.deletion_vector) << "its rows are named already";
            }
            if (changed.file.deletion_vector)
                line += fmt::format(" less {}", changed.file.deletion_vector->cardinality);
            lines.push_back(line);
        }
        return lines;
    }

    ErrorCode error_of(Version from, std::optional<Version> to = {}) {
        const auto feed = read_changes(location(), from, to);
        return feed ? ErrorCode::kInternal : feed.error().code;
    }

    test::DeltaTable table_;
};

TEST_F(Changes, AddsAndRemovesUnlessThereAreChangeFiles) {
    commit(0, {protocol(), metadata({kId}), add("a"), add("b")});
    commit(1, {remove("a"), add("c")});
    commit(2, {remove("b"), add("d"),
               R"({"cdc":{"path":"_change_data/x","partitionValues":{},"size":7,"dataChange":false}})"});
    commit(3, {remove("c", {}, false), remove("d", {}, false), add("e", {}, false)});  // compaction
    commit(4, {R"({"commitInfo":{}})"});

    EXPECT_EQ(changes(0), (Lines{"0:insert:a", "0:insert:b", "1:delete:a", "1:insert:c", "2:cdc:_change_data/x"}));
    EXPECT_EQ(changes(1, 1), (Lines{"1:delete:a", "1:insert:c"}));
    EXPECT_EQ(changes(3, 4), Lines{});
    EXPECT_EQ(read_changes(location(), 2, 2)->files.at(0).file.size_bytes, 7);
    EXPECT_EQ(read_changes(location(), 0, 1)->snapshot->version, 1);
}

TEST_F(Changes, VectorsThatDifferChangeTheDifference) {
    commit(0, {protocol(), metadata({kId}), add("a%20b")});
    commit(1, {remove("a%20b"), add("a%20b", vector({1, 3}))});
    commit(2, {remove("a%20b", vector({1, 3})), add("a%20b", vector({1, 3, 5, 7}))});
    commit(3, {remove("a%20b", vector({1, 3, 5, 7})), add("a%20b", vector({2, 3, 5}))});
    commit(4, {remove("a b", vector({2, 3, 5})), add("a%20b")});     // another spelling
    commit(5, {remove("a%20b"), add("a%20b")});                      // new statistics, say
    commit(6, {remove("a%20b"), add("a%20b", vector({4}), false)});  // no change, by its own word
    commit(7, {remove("a%20b", vector({4}))});
    commit(8, {add("new", vector({0}))});

    EXPECT_EQ(changes(1, 5), (Lines{"1:delete:a%20b 1 3", "2:delete:a%20b 5 7", "3:delete:a%20b 2",
                                    "3:insert:a%20b 1 7", "4:insert:a%20b 2 3 5"}));
    EXPECT_EQ(changes(7, 8), (Lines{"7:delete:a%20b less 1", "8:insert:new less 1"}));
}

TEST_F(Changes, DamagedVectorIsCorruption) {
    DeletionVector damaged = vector({1});
    damaged.cardinality = 2;
    commit(0, {protocol(), metadata({kId}), add("a")});
    commit(1, {remove("a"), add("a", damaged)});
    EXPECT_EQ(error_of(0), ErrorCode::kCorruption);
    EXPECT_EQ(error_of(0, 0), ErrorCode::kInternal) << "not in the range";
}

TEST_F(Changes, RemoveThatSaysNothingButThePath) {
    const auto in = [](const std::string& path, const std::string& part, int size) {
        return fmt::format(
            R"({{"add":{{"path":"{}","partitionValues":{{"id":"{}"}},"size":{},"modificationTime":1,"dataChange":true}}}})",
            path, part, size);
    };
    const auto bare = [](const std::string& path) {
        return fmt::format(R"({{"remove":{{"path":"{}","deletionTimestamp":1,"dataChange":true}}}})", path);
    };
    commit(0, {protocol(),
               metadata({kId, R"({"name":"x","type":"long","nullable":true,"metadata":{}})"}, true, "", R"("id")"),
               in("old", "7", 70)});
    commit(1, {in("young", "8", 80)});
    commit(2, {bare("old")});
    commit(3, {bare("young")});

    const auto feed = read_changes(location(), 2, 3);

    ASSERT_TRUE(feed) << feed.error().message;
    ASSERT_EQ(feed->files.size(), 2U);
    EXPECT_EQ(feed->files[0].file.size_bytes, 70);
    EXPECT_EQ(feed->files[0].file.partition_values.at("id"), "7");
    EXPECT_EQ(feed->files[1].file.size_bytes, 80);
    EXPECT_EQ(feed->files[1].file.partition_values.at("id"), "8");
    commit(4, {bare("never there")});
    EXPECT_EQ(error_of(4), ErrorCode::kCorruption);
}

TEST_F(Changes, NotOnAllOfTheRange) {
    commit(0, {protocol(), metadata({kId}, false), add("a")});
    commit(1, {add("b")});
    commit(2, {metadata({kId}, true)});
    commit(3, {add("c")});
    commit(4, {metadata({kId}, false)});
    commit(5, {metadata({kId}, true), add("d")});
    EXPECT_EQ(error_of(0, 3), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of(1, 3), ErrorCode::kInvalidArgument) << "version 1 has the metadata of version 0";
    EXPECT_EQ(changes(2, 3), Lines{"3:insert:c"});
    EXPECT_EQ(error_of(3), ErrorCode::kInvalidArgument);
    EXPECT_EQ(changes(5), Lines{"5:insert:d"});
}

TEST_F(Changes, RangesThatAreNotThere) {
    EXPECT_EQ(error_of(0), ErrorCode::kNotFound) << "no table";
    commit(0, {protocol(), metadata({kId}), add("a")});
    commit(1, {add("b")});
    commit(2, {add("c")});
    EXPECT_EQ(error_of(3), ErrorCode::kNotFound);
    EXPECT_EQ(error_of(0, 3), ErrorCode::kNotFound);
    EXPECT_EQ(error_of(INT64_MAX, INT64_MAX), ErrorCode::kNotFound);
    EXPECT_EQ(error_of(-1), ErrorCode::kNotFound);
    EXPECT_EQ(error_of(INT64_MIN, 1), ErrorCode::kNotFound);
    EXPECT_EQ(error_of(2, 1), ErrorCode::kInvalidArgument);
    // A clean-up took the first versions; the checkpoint at 1 stands for them.
    const Lines checkpoint{protocol(), metadata({kId}), add("a"), add("b")};
    ASSERT_TRUE(test::FakeParquetIo().write_actions(table_.store(), test::DeltaTable::checkpoint_key(1), checkpoint));
    ASSERT_TRUE(table_.store().remove(test::DeltaTable::commit_key(0)));
    EXPECT_EQ(error_of(0, 2), ErrorCode::kNotFound);
    EXPECT_EQ(changes(1), (Lines{"1:insert:b", "2:insert:c"}));
    ASSERT_TRUE(table_.store().remove(test::DeltaTable::commit_key(1)));
    EXPECT_EQ(error_of(1), ErrorCode::kNotFound) << "the checkpoint does not say what version 1 changed";
    EXPECT_EQ(changes(2), Lines{"2:insert:c"});
}

TEST_F(Changes, SchemasThatTheLastOneReads) {
    const std::string names = R"(,"delta.columnMapping.mode":"name")";
    const std::string person =
        mapped("person", R"({"type":"struct","fields":[)" + mapped("name", R"("string")", "p2", 2) + "]}", "p1", 1);
    const std::string person_more = mapped("Person",
                                           R"({"type":"struct","fields":[)" + mapped("title", R"("string")", "p4", 4) +
                                               "," + mapped("full name", R"("string")", "p2", 2) + "]}",
                                           "p1", 1);
    const std::string tags = R"({"type":"array","elementType":"integer","containsNull":true})";
    const std::string wide_tags = R"({"type":"array","elementType":"long","containsNull":true})";
    commit(0, {protocol(), metadata({person, mapped("tags", tags, "p3", 3)}, true, names), add("a")});
    commit(1, {metadata({person_more, mapped("labels", wide_tags, "p3", 3), mapped("new", R"("date")", "p5", 5)}, true,
                        names)});
    EXPECT_EQ(changes(0), Lines{"0:insert:a"}) << "renamed, added, widened";
    EXPECT_EQ(read_changes(location(), 0, 0)->snapshot->metadata.schema.fields.size(), 2U);

    commit(2, {metadata({person_more, mapped("new", R"("date")", "p5", 5)}, true, names), add("b")});  // labels dropped
    EXPECT_EQ(error_of(0), ErrorCode::kUnsupported);
    EXPECT_EQ(error_of(1), ErrorCode::kUnsupported);
    EXPECT_EQ(changes(2), Lines{"2:insert:b"});
    EXPECT_EQ(changes(0, 1), Lines{"0:insert:a"});
    // A new column of an old name is another column.
    commit(3, {metadata({person_more, mapped("new", R"("date")", "p6", 6)}, true, names)});
    EXPECT_EQ(error_of(2), ErrorCode::kUnsupported);
    // A member dropped, a type narrowed.
    commit(4, {metadata(
                  {mapped("Person", R"({"type":"struct","fields":[)" + mapped("title", R"("string")", "p4", 4) + "]}",
                          "p1", 1),
                   mapped("new", R"("date")", "p6", 6)},
                  true, names)});
    EXPECT_EQ(error_of(3), ErrorCode::kUnsupported);
    commit(5, {metadata({mapped("Person", R"("string")", "p1", 1)}, true, names)});
    EXPECT_EQ(error_of(4), ErrorCode::kUnsupported);
    commit(6, {metadata({mapped("Person", R"("long")", "p1", 1)}, true, names)});
    commit(7, {metadata({mapped("Person", R"("integer")", "p1", 1)}, true, names)});
    EXPECT_EQ(error_of(6), ErrorCode::kUnsupported);
}

TEST_F(Changes, UnknownFeatureInsideTheRange) {
    commit(0, {protocol(), metadata({kId}), add("a")});
    commit(1, {protocol(R"("futureFeature")")});
    commit(2, {protocol()});
    EXPECT_EQ(error_of(0), ErrorCode::kUnsupported);
    EXPECT_EQ(changes(2), Lines{});
}

TEST_F(Changes, TimesOfCommits) {
    const std::string in_commit = R"(,"delta.enableInCommitTimestamps":"true")";
    const auto info = [](std::int64_t time) {
        return fmt::format(R"({{"commitInfo":{{"inCommitTimestamp":{},"timestamp":5}}}})", time);
    };
    commit(0, {info(1000), protocol(), metadata({kId}, true, in_commit), add("a")});
    commit(1, {info(2000), add("b")});
    const auto feed = read_changes(location(), 0);
    ASSERT_TRUE(feed) << feed.error().message;
    EXPECT_EQ(feed->files.at(0).timestamp_ms, 1000);
    EXPECT_EQ(feed->files.at(1).timestamp_ms, 2000);
}

}  // namespace
}  // namespace lagoa::delta
