// Goal: a path of the log leads to one file, however it is spelled, and what is outside the table's folder is told from
// what is inside. Method: tables in a local folder, by spelling; the memory store as one without addresses.
#include "delta/data_path.h"

#include <gtest/gtest.h>

#include "store/local_store.h"
#include "store/memory_store.h"
#include "support/temp_dir.h"

namespace lagoa::delta {
namespace {

class DataPath : public testing::Test {
protected:
    const test::TempDir folder_;
    const std::unique_ptr<ObjectStore> store_ = open_local_store(folder_.path()).value();
    const TableLocation table_{store_.get(), nullptr, "stocks"};
    const std::string root_ = folder_.path().native();
};

TEST_F(DataPath, IsInsideTheFolderOrOutside) {
    const auto inside = [this](const std::string& path) { return path_in_table(table_, path).value_or("outside"); };
    EXPECT_EQ(inside("p=1/a%20b.parquet"), "p=1/a b.parquet");
    EXPECT_EQ(inside(root_ + "/stocks/a.parquet"), "a.parquet");
    EXPECT_EQ(inside("file:" + root_ + "/stocks/p=1/a%20b.parquet"), "p=1/a b.parquet");
    EXPECT_EQ(inside("file://" + root_ + "/stocks/a.parquet"), "a.parquet");
    EXPECT_EQ(inside("file://" + root_ + "/stocks2/a.parquet"), "outside");
    EXPECT_EQ(inside("file://" + root_ + "/a.parquet"), "outside");
    EXPECT_EQ(inside("s3a://bucket/stocks/a.parquet"), "outside");
}

TEST_F(DataPath, AnAbsoluteUriLeadsBack) {
    for (const std::string path : {"p=1/a%20b.parquet", "a.parquet", "x%2520y.parquet"}) {
        const auto uri = absolute_uri(table_, path);
        ASSERT_TRUE(uri) << uri.error().message;
        EXPECT_TRUE(uri->starts_with("file:" + root_)) << *uri;
        EXPECT_EQ(path_in_table(table_, *uri), decode_path(path));
        EXPECT_EQ(absolute_uri(table_, *uri).value(), *uri) << "it stays what it is";
        EXPECT_EQ(find_file(table_, *uri)->key, "stocks/" + decode_path(path));
    }
    const auto memory = make_memory_store();
    EXPECT_EQ(absolute_uri({memory.get(), nullptr, "t"}, "a.parquet").error().code, ErrorCode::kUnsupported);
}

TEST_F(DataPath, ForeignFilesAreFoundWhereTheyAre) {
    const test::TempDir other;
    const auto theirs = open_local_store(other.path()).value();
    ASSERT_TRUE(theirs->put("t/a b.parquet", "x"));
    const auto found = find_file(table_, "file://" + other.path().native() + "/t/a%20b.parquet");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->store->get(found->key).value(), "x");
    EXPECT_EQ(find_file(table_, "file:///no/such/folder/a").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(find_file(table_, "gs://bucket/a").error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace lagoa::delta
