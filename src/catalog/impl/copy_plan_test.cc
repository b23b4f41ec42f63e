// Goal: small files are written again together, a partition's apart and in the order of the log; large ones stay files
// of their own. Method: sizes in, batches out.
#include "catalog/impl/copy_plan.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

delta::Metadata metadata(bool partitioned) {
    delta::Metadata made;
    made.schema.fields = {Field{.name = "p", .type = parse_sql_type("VARCHAR").value()}};
    if (partitioned) made.partition_columns = {"p"};
    return made;
}

CopiedFile file(const std::string& path, std::uint64_t mib, const std::string& partition = "") {
    CopiedFile copied{.file = {.path = path}, .stay_bytes = mib * kMiB};
    if (!partition.empty()) copied.file.partition_values = {{"p", partition}};
    return copied;
}

// `a b|c`: the files of each batch, with `p:` before those of one partition.
std::string plan(bool partitioned, std::vector<CopiedFile> files, std::vector<CopiedFile> coming = {}) {
    std::string text;
    for (const CopyBatch& batch : plan_copies(metadata(partitioned), std::move(files), std::move(coming))) {
        if (!text.empty()) text += "|";
        if (batch.partition) text += batch.partition->at("p").value_or("NULL") + ":";
        for (const delta::AddFile& each : batch.files) text += (&each == batch.files.data() ? "" : " ") + each.path;
    }
    return text;
}

TEST(CopyPlan, SmallFilesAreMadeOne) {
    EXPECT_EQ(plan(false, {}), "");
    EXPECT_EQ(plan(false, {file("a", 1), file("b", 2), file("c", 3)}), "a b c");
    EXPECT_EQ(plan(false, {file("a", 7), file("b", 7), file("c", 7), file("d", 7), file("e", 7)}), "a b c d|e");
}

TEST(CopyPlan, LargeFilesStayTheirOwn) {
    EXPECT_EQ(plan(false, {file("a", 8), file("b", 500), file("c", 1)}), "a|b|c");
    EXPECT_EQ(plan(false, {file("a", 1), file("b", 40), file("c", 1)}), "b|a c");
}

TEST(CopyPlan, PartitionsShareAStatementButNoFile) {
    EXPECT_EQ(plan(true, {file("a", 1, "x"), file("b", 1, "y"), file("c", 1, "x")}), "a c b");
    EXPECT_EQ(plan(true, {file("a", 40, "x"), file("b", 1, "x")}), "x:a|x:b");
    EXPECT_EQ(
        plan(true, {file("a", 7, "u"), file("b", 7, "v"), file("c", 7, "w"), file("d", 7, "x"), file("e", 7, "y")}),
        "a b c d|y:e");
    std::vector<CopiedFile> many;
    for (int i = 0; i < 150; ++i) many.push_back(file("f", 0, "p" + std::to_string(1'000 + i)));
    EXPECT_EQ(plan_copies(metadata(true), many, {}).size(), 3U);
}

TEST(CopyPlan, WhatComesGoesToWhatIsCopiedOfItsPartition) {
    EXPECT_EQ(plan(false, {}, {file("n", 1)}), "");
    EXPECT_EQ(plan(false, {file("a", 1)}, {file("n", 1), file("large", 8)}), "a n");
    EXPECT_EQ(plan(false, {file("a", 8)}, {file("n", 1)}), "a");
    EXPECT_EQ(plan(true, {file("a", 1, "x")}, {file("n", 1, "y"), file("m", 1, "x")}), "x:a m");
}

}  // namespace
}  // namespace lagoa
