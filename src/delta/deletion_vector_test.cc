// Goal: what is read out of a deletion vector is what was put in, whoever wrote it, and no bytes crash the reader or
// pass as another set of rows. Method: random sets against std::set, every byte of a file changed, truncations and
// crafted bitmaps, and the vectors that other programs wrote into the tables beside the project.
#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "delta/deletion_vector.h"
#include "delta/log_json.h"
#include "store/local_store.h"
#include "store/memory_store.h"
#include "support/temp_dir.h"

namespace lagoa::delta {
namespace {

using Rows = std::vector<std::uint64_t>;

Rows rows_of(const DeletedRows& deleted, std::uint64_t from = 0, std::uint64_t to = UINT64_MAX) {
    Rows rows;
    deleted.each(from, to, [&](std::uint64_t row) { rows.push_back(row); });
    return rows;
}

DeletedRows of(const Rows& rows) {
    return DeletedRows(rows);
}

// Sparse, dense or in runs, around the borders of Roaring's containers (2^16) and bitmaps (2^32).
Rows random_rows(std::mt19937_64& random) {
    constexpr std::array<std::uint64_t, 6> kBases = {
        0, 65'530, 131'072, 4'294'967'290, 8'589'934'592, INT64_MAX - 70'000};
    Rows rows;
    for (std::size_t part = random() % 4; part > 0; --part) {
        const std::uint64_t base = kBases[random() % kBases.size()];
        const std::size_t count = random() % 6'000;
        switch (random() % 3) {
            case 0:
                for (std::size_t i = 0; i < count; ++i) rows.push_back(base + i);
                break;
            case 1:
                for (std::size_t i = 0; i < count; ++i) rows.push_back(base + random() % 65'000);
                break;
            default:
                for (std::size_t i = 0; i < count / 100; ++i) rows.push_back(base + random() % 65'000);
                break;
        }
    }
    return rows;
}

TEST(DeletedRowsBuilder, HasWhatWasAddedInRunsAndCountsRepeats) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 40; ++round) {
        std::set<std::uint64_t> expected;
        std::uint64_t added = 0;
        std::array<DeletedRowsBuilder, 2> parts;
        for (int run = 0; run < 30; ++run) {
            // Around the borders of containers and of 32-bit bitmaps.
            const std::uint64_t from = (random() % 3) * 4'294'967'296 + 65'500 * (random() % 3) + random() % 400;
            const std::uint64_t to = from + 1 + (random() % 2 == 0 ? 0 : random() % 300);
            parts[random() % 2].add(from, to);
            added += to - from;
            for (std::uint64_t row = from; row < to; ++row) expected.insert(row);
        }
        parts[0].add(4'294'967'290, 4'294'967'300);
        for (std::uint64_t row = 4'294'967'290; row < 4'294'967'300; ++row) expected.insert(row);
        parts[0].append(parts[1]);
        EXPECT_EQ(parts[0].added(), added + 10);
        EXPECT_EQ(rows_of(parts[0].rows()), Rows(expected.begin(), expected.end()));
    }
    EXPECT_EQ(DeletedRowsBuilder().rows().size(), 0U);
}

TEST(DeletedRowsBuilder, ManyRowsInARunCostLittle) {
    DeletedRowsBuilder builder;
    for (std::uint64_t from = 0; from < 10'000'000; from += 2'048) builder.add(from, from + 2'048);
    EXPECT_LT(builder.rows().serialize().size(), 4'096U);
}

class DeletionVectors : public testing::Test {
protected:
    TableLocation table(std::string path = "stocks") { return {store_.get(), nullptr, std::move(path)}; }

    DeletionVector write(const DeletedRows& rows) {
        const auto written = write_deletion_vectors(table(), std::span(&rows, 1));
        EXPECT_TRUE(written) << written.error().message;
        return written->front();
    }

    static std::string key(const DeletionVector& vector) { return "stocks/" + deletion_vector_path(vector).value(); }

    ErrorCode error_of(const DeletionVector& vector) {
        const auto rows = read_deletion_vector(table(), vector);
        return rows ? ErrorCode::kInternal : rows.error().code;
    }

    std::unique_ptr<ObjectStore> store_ = make_memory_store();
};

TEST(DeletedRows, IsASet) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        const Rows a = random_rows(random), b = random_rows(random);
        const std::set<std::uint64_t> set_a(a.begin(), a.end()), set_b(b.begin(), b.end());
        const DeletedRows ours = of(a), theirs = of(b);

        ASSERT_EQ(ours.size(), set_a.size());
        ASSERT_EQ(rows_of(ours), Rows(set_a.begin(), set_a.end()));
        for (const std::uint64_t row : b) ASSERT_EQ(ours.contains(row), set_a.contains(row)) << row;
        Rows united, left;
        std::ranges::set_union(set_a, set_b, std::back_inserter(united));
        std::ranges::set_difference(set_a, set_b, std::back_inserter(left));
        ASSERT_EQ(rows_of(ours.united(theirs)), united);
        ASSERT_EQ(ours.united(theirs).size(), united.size());
        ASSERT_EQ(rows_of(ours.without(theirs)), left);
        ASSERT_EQ(ours.without(theirs).size(), left.size());

        const std::uint64_t from = a.empty() ? 0 : a[random() % a.size()], to = from + random() % 100'000;
        ASSERT_EQ(rows_of(ours, from, to), Rows(set_a.lower_bound(from), set_a.lower_bound(to)));

        const auto again = DeletedRows::parse(ours.serialize());
        ASSERT_TRUE(again) << again.error().message;
        ASSERT_EQ(rows_of(*again), Rows(set_a.begin(), set_a.end()));
    }
}

TEST(DeletedRows, EmptyAndFull) {
    EXPECT_EQ(DeletedRows().size(), 0U);
    EXPECT_FALSE(DeletedRows().contains(0));
    EXPECT_EQ(DeletedRows::parse(DeletedRows().serialize())->size(), 0U);
    Rows all(65'536 * 2);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(DeletedRows::parse(of(all).serialize())->size(), all.size());
    EXPECT_EQ(rows_of(of({INT64_MAX, 0, INT64_MAX})), (Rows{0, INT64_MAX}));
}

TEST(DeletedRows, AnswersEveryByteString) {
    std::mt19937_64 random(4);
    Rows dense, runs;
    for (std::uint64_t row = 0; row < 70'000; row += 3) dense.push_back(row);
    for (std::uint64_t row = 0; row < 300; ++row) runs.push_back(row * (row % 10 == 0 ? 2 : 1));
    for (const Rows& rows : {Rows{3, 4, 7, 11, 18, 29}, runs, dense, Rows{1, std::uint64_t{5} << 32}}) {
        const std::string good = of(rows).serialize();
        const std::size_t step = std::max<std::size_t>(1, good.size() / 400);
        for (std::size_t at = 0; at < good.size(); at += at < 200 ? 1 : step) {
            EXPECT_FALSE(DeletedRows::parse(std::string_view(good).substr(0, at))) << "cut at " << at;
            for (const int flip : {1, 0x80, 0xff, static_cast<int>(random() % 255 + 1)}) {
                std::string bad = good;
                bad[at] = static_cast<char>(bad[at] ^ flip);
                const auto parsed = DeletedRows::parse(bad);
                if (!parsed) {
                    EXPECT_EQ(parsed.error().code, ErrorCode::kCorruption);
                    continue;
                }
                // Another sound set: everything that can be done with one must hold.
                EXPECT_EQ(rows_of(*parsed).size(), parsed->size());
                EXPECT_GE(parsed->united(of(rows)).size(), parsed->size());
                EXPECT_TRUE(DeletedRows::parse(parsed->serialize()));
            }
        }
        EXPECT_FALSE(DeletedRows::parse(good + "x"));
    }
}

TEST(DeletedRows, RefusesCraftedBitmaps) {
    const auto number = [](std::uint64_t value, int bytes) {
        std::string text;
        for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 0xff);
        return text;
    };
    const std::string head = number(1681511377, 4) + number(1, 8) + number(0, 4);
    const std::string offset(4, '\0');
    const auto code = [](const std::string& bytes) {
        const auto parsed = DeletedRows::parse(bytes);
        return parsed ? ErrorCode::kInternal : parsed.error().code;
    };
    // One array container with the values 5 and 9.
    const auto array = [&](int first, int second, int cardinality) {
        return head + number(12346, 4) + number(1, 4) + number(0, 2) + number(cardinality - 1, 2) + offset +
               number(first, 2) + number(second, 2);
    };
    ASSERT_EQ(rows_of(*DeletedRows::parse(array(5, 9, 2))), (Rows{5, 9}));
    EXPECT_EQ(code(array(9, 5, 2)), ErrorCode::kCorruption);  // out of order
    EXPECT_EQ(code(array(5, 5, 2)), ErrorCode::kCorruption);  // repeated
    EXPECT_EQ(code(array(5, 9, 3)), ErrorCode::kCorruption);  // one value is not there
    EXPECT_EQ(code(array(5, 9, 1)), ErrorCode::kCorruption);  // one too many
    // A bitset that states 65536 values and has none: CRoaring would believe it.
    EXPECT_EQ(code(head + number(12346, 4) + number(1, 4) + number(0, 2) + number(65'535, 2) + offset +
                   std::string(8192, '\0')),
              ErrorCode::kCorruption);
    // Runs that overlap, or go beyond the container.
    const auto runs = [&](int start, int length, int cardinality) {
        return head + number(12347, 4) + "\1" + number(0, 2) + number(cardinality - 1, 2) + number(2, 2) +
               number(1, 2) + number(4, 2) + number(start, 2) + number(length - 1, 2);
    };
    ASSERT_EQ(rows_of(*DeletedRows::parse(runs(10, 2, 7))), (Rows{1, 2, 3, 4, 5, 10, 11}));
    EXPECT_EQ(code(runs(5, 2, 7)), ErrorCode::kCorruption);
    EXPECT_EQ(code(runs(65'535, 2, 7)), ErrorCode::kCorruption);
    EXPECT_EQ(code(runs(10, 2, 8)), ErrorCode::kCorruption);
    // More parts, containers or rows than there can be.
    EXPECT_EQ(code(number(1681511377, 4) + number(UINT64_MAX, 8)), ErrorCode::kCorruption);
    EXPECT_EQ(code(head + number(12346, 4) + number(0xffffffff, 4)), ErrorCode::kCorruption);
    EXPECT_EQ(code(number(1681511377, 4) + number(1, 8) + number(0x80000000, 4) + number(12346, 4) + number(0, 4)),
              ErrorCode::kCorruption);
    // Parts without rows are what other programs write between parts with some.
    EXPECT_EQ(DeletedRows::parse(head + number(12346, 4) + number(0, 4))->size(), 0U);
}

TEST_F(DeletionVectors, SeveralInOneFile) {
    std::mt19937_64 random(9);
    std::vector<DeletedRows> sets{of({1}), of({0, 70'000, std::uint64_t{1} << 40})};
    for (std::size_t i = 0; i < 60; ++i)  // more than is read along from the file's start
        sets.push_back(of(random_rows(random)).united(of({i})));

    const auto written = write_deletion_vectors(table(), sets);

    ASSERT_TRUE(written) << written.error().message;
    ASSERT_EQ(written->size(), sets.size());
    EXPECT_GT(written->back().offset.value_or(0), 65'536);
    EXPECT_EQ(store_->list("")->size(), 1U);
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const auto rows = read_deletion_vector(table(), (*written)[i]);
        ASSERT_TRUE(rows) << rows.error().message;
        EXPECT_EQ(rows_of(*rows), rows_of(sets[i]));
    }
    const std::vector<DeletedRows> with_none{of({1}), DeletedRows()};
    EXPECT_EQ(write_deletion_vectors(table(), with_none).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(store_->list("")->size(), 1U);
    EXPECT_TRUE(write_deletion_vectors(table(), {})->empty());
}

TEST_F(DeletionVectors, EveryChangedByteOfAFileIsCorruption) {
    for (const Rows& rows : {Rows{2, 3, 5, 8, 100'000}, Rows{std::uint64_t{3} << 32}}) {
        const DeletionVector vector = write(of(rows));
        const std::string good = store_->get(key(vector)).value();
        for (std::size_t at = 0; at < good.size(); ++at) {
            for (const int flip : {1, 0x40, 0xff}) {
                std::string bad = good;
                bad[at] = static_cast<char>(bad[at] ^ flip);
                ASSERT_TRUE(store_->put(key(vector), bad));
                EXPECT_EQ(error_of(vector), ErrorCode::kCorruption) << "byte " << at << " by " << flip;
            }
            ASSERT_TRUE(store_->put(key(vector), good.substr(0, at)));
            EXPECT_EQ(error_of(vector), ErrorCode::kCorruption) << "cut at " << at;
        }
        ASSERT_TRUE(store_->put(key(vector), good));
        EXPECT_EQ(error_of(vector), ErrorCode::kInternal) << "the file as it was is read";
    }
}

TEST_F(DeletionVectors, WhatTheLogStatesIsChecked) {
    const DeletionVector good = write(of({1, 2, 3}));
    const auto with = [&](auto change) {
        DeletionVector vector = good;
        change(vector);
        return error_of(vector);
    };
    EXPECT_EQ(with([](auto& v) { v.cardinality = 4; }), ErrorCode::kCorruption);
    EXPECT_EQ(with([](auto& v) { v.cardinality = -3; }), ErrorCode::kCorruption);
    EXPECT_EQ(with([](auto& v) { v.size_bytes -= 1; }), ErrorCode::kCorruption);
    EXPECT_EQ(with([](auto& v) { v.size_bytes = INT32_MAX; }), ErrorCode::kCorruption);
    EXPECT_EQ(with([](auto& v) { v.size_bytes = 0; }), ErrorCode::kCorruption);
    EXPECT_EQ(with([](auto& v) { v.size_bytes = INT32_MIN; }), ErrorCode::kCorruption);
    EXPECT_EQ(with([](auto& v) { v.offset = 0; }), ErrorCode::kCorruption);
    EXPECT_EQ(with([](auto& v) { v.offset = -1; }), ErrorCode::kCorruption);
    EXPECT_EQ(with([](auto& v) { v.offset = INT32_MAX; }), ErrorCode::kCorruption);
    EXPECT_EQ(with([](auto& v) { v.offset = std::nullopt; }), ErrorCode::kInternal) << "the first of its file";
    EXPECT_EQ(with([](auto& v) { v.path_or_inline = "0123456789012345678"; }), ErrorCode::kCorruption);
    EXPECT_EQ(with([](auto& v) { v.path_or_inline = "####################"; }), ErrorCode::kCorruption);
    EXPECT_EQ(with([](auto& v) { v.path_or_inline.insert(0, "../"); }), ErrorCode::kInvalidArgument);
    EXPECT_EQ(with([](auto& v) { v.storage_type = "x"; }), ErrorCode::kUnsupported);
    EXPECT_EQ(with([](auto& v) { v.storage_type = ""; }), ErrorCode::kUnsupported);
    ASSERT_TRUE(store_->remove(key(good)));
    EXPECT_EQ(error_of(good), ErrorCode::kNotFound);
}

TEST_F(DeletionVectors, Inline) {
    const DeletionVector good = inline_deletion_vector(of({1, 5, 9}));
    ASSERT_EQ(rows_of(*read_deletion_vector(table(), good)), (Rows{1, 5, 9}));
    for (std::size_t at = 0; at < good.path_or_inline.size(); ++at) {
        for (int c = 0; c < 256; ++c) {
            DeletionVector bad = good;
            bad.path_or_inline[at] = static_cast<char>(c);
            const auto rows = read_deletion_vector(table(), bad);  // there is no checksum: other rows, or an error
            if (rows)
                EXPECT_EQ(rows_of(*rows).size(), 3U);
            else
                EXPECT_EQ(rows.error().code, ErrorCode::kCorruption);
        }
    }
    for (const std::int32_t size : {0, good.size_bytes - 4, good.size_bytes + 4, INT32_MAX}) {
        DeletionVector bad = good;
        bad.size_bytes = size;
        EXPECT_EQ(error_of(bad), ErrorCode::kCorruption) << size;
    }
}

TEST_F(DeletionVectors, Absolute) {
    const test::TempDir folder;
    const std::string root = folder.path().native();
    store_ = open_local_store(root).value();
    DeletionVector vector = write(of({4, 6}));
    const std::string path = deletion_vector_path(vector).value();
    vector.storage_type = "p";
    const TableLocation elsewhere{store_.get(), nullptr, "other table"};
    ASSERT_TRUE(store_->put("a b/v.bin", store_->get("stocks/" + path).value()));
    const test::TempDir other;
    const auto other_store = open_local_store(other.path().native()).value();
    const TableLocation far{other_store.get(), nullptr, ""};
    for (const std::string& uri : {root + "/stocks/" + path, "file:" + root + "/stocks/" + path,
                                   "file://" + root + "/a%20b/v.bin", "file:///" + root + "/a b/v.bin"}) {
        vector.path_or_inline = uri;
        EXPECT_EQ(deletion_vector_path(vector).value(), uri);
        for (const TableLocation& location : {table(), elsewhere, far}) {
            const auto rows = read_deletion_vector(location, vector);
            ASSERT_TRUE(rows) << uri << ": " << rows.error().message;
            EXPECT_EQ(rows_of(*rows), (Rows{4, 6}));
        }
    }
    vector.path_or_inline = root + "-not-there/x/v.bin";
    EXPECT_EQ(error_of(vector), ErrorCode::kNotFound);
    EXPECT_FALSE(std::filesystem::exists(root + "-not-there"));
    for (const std::string uri : {"abfss://a@b/c.bin", "v.bin", ""}) {
        vector.path_or_inline = uri;
        EXPECT_EQ(error_of(vector), ErrorCode::kUnsupported) << uri;
    }
}

TEST(Base85, RoundTripAndRefusals) {
    EXPECT_EQ(encode_base85("\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B"), "HelloWorld");  // the specification's own example
    EXPECT_EQ(decode_base85("HelloWorld").value(), "\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B");
    EXPECT_EQ(decode_base85("%nSc0").value(), "\xff\xff\xff\xff");
    EXPECT_EQ(decode_base85("Hello##093").value(), std::string("\x86\x4F\xD2\x6F\x03\0", 6));  // of delta-kernel-rs
    EXPECT_EQ(decode_base85("###30").value(), "\xff");
    for (const char* text :
         {"Hell", "HelloW", "%nSc1", "#####", "###31", "##093Hello", "Hell\"", "Hell\x80", "Hell "}) {
        const auto bytes = decode_base85(text);
        ASSERT_FALSE(bytes) << text;
        EXPECT_EQ(bytes.error().code, ErrorCode::kCorruption);
    }
    std::mt19937_64 random(85);
    for (std::size_t length = 0; length < 100; ++length) {
        std::string bytes;
        for (std::size_t i = 0; i < length; ++i) bytes += static_cast<char>(random());
        const std::string filled = bytes + std::string((4 - length % 4) % 4, '\0');
        EXPECT_EQ(decode_base85(encode_base85(bytes)).value(), filled);
    }
}

// Every vector in the logs beside the project; some tables lie about none on purpose.
TEST(OtherWriters, TheirVectorsAreRead) {
    const std::filesystem::path tables = "../shared/delta/tables";
    if (!std::filesystem::exists(tables)) GTEST_SKIP() << "the conformance tables are not here";
    int read = 0, gone = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(tables)) {
        if (entry.path().parent_path().filename() != "_delta_log" || entry.path().extension() != ".json" ||
            entry.path().filename().native().starts_with("."))
            continue;
        const auto root = std::filesystem::canonical(entry.path().parent_path().parent_path());
        const auto store = open_local_store(root).value();
        const auto text = store->get("_delta_log/" + entry.path().filename().native());
        ASSERT_TRUE(text) << text.error().message;
        const auto actions = parse_commit(*text, entry.path().native());
        if (!actions) continue;  // those that are damaged on purpose
        for (const Action& action : *actions) {
            const auto* add = std::get_if<AddFile>(&action);
            if (add == nullptr || !add->deletion_vector) continue;
            const auto rows = read_deletion_vector({store.get(), nullptr, ""}, *add->deletion_vector);
            if (!rows && rows.error().code == ErrorCode::kNotFound) {
                ++gone;
                continue;
            }
            ASSERT_TRUE(rows) << rows.error().message;
            EXPECT_EQ(DeletedRows::parse(rows->serialize())->size(), rows->size());
            ++read;
        }
    }
    EXPECT_GT(read, 10);
    std::cout << read << " vectors read, " << gone << " files gone\n";
}

}  // namespace
}  // namespace lagoa::delta
