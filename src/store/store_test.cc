// Goal: every ObjectStore keeps the same promises. Method: one suite over each implementation; then
// what only a disk can do wrong (folders in the way, left-over temporary files, a full or read-only
// disk, two processes racing).
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/id.h"
#include "store/local_store.h"
#include "store/memory_store.h"
#include "store/open_store.h"
#include "store/s3_store.h"
#include "support/faulty_store.h"
#include "support/s3_server.h"

namespace lagoa {
namespace {

namespace fs = std::filesystem;

// A directory of its own for one test.
class Scratch {
public:
    Scratch() : path_(fs::temp_directory_path() / ("lagoa-store-" + new_uuid())) { fs::create_directories(path_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { fs::remove_all(path_); }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

std::vector<std::string> keys(const Result<std::vector<ObjectInfo>>& listed) {
    std::vector<std::string> out;
    for (const auto& object : listed.value()) out.push_back(object.key);
    return out;
}

class AnyStore : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        if (GetParam() == "memory") {
            store_ = make_memory_store();
        } else if (GetParam() == "local") {
            store_ = open_local_store(scratch_.path() / "root").value();
        } else {
            static const auto server = test::S3Server::start();  // one for all tests, each has a bucket
            ASSERT_TRUE(server) << server.error().message << " Try: " << server.error().hint;
            const std::string prefix = GetParam() == "s3" ? "" : "/a lake/é";
            store_ = open_s3_store("s3://" + (*server)->make_bucket() + prefix, (*server)->options()).value();
        }
    }
    Scratch scratch_;
    std::unique_ptr<ObjectStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Kinds, AnyStore, testing::Values("memory", "local", "s3", "s3_below_a_prefix"),
                         [](const auto& kind) { return kind.param; });

TEST_P(AnyStore, ReturnsWhatWasPut) {
    const std::string bytes("a\0b\xff", 4);
    ASSERT_TRUE(store_->put("t/x.bin", bytes));
    EXPECT_EQ(store_->get("t/x.bin").value(), bytes);
    EXPECT_EQ(store_->head("t/x.bin").value().size_bytes, 4U);
    EXPECT_GT(store_->head("t/x.bin").value().modified, Instant{});
    ASSERT_TRUE(store_->put("t/x.bin", ""));
    EXPECT_EQ(store_->get("t/x.bin").value(), "");
}

TEST_P(AnyStore, ReadsRangesUpToTheEnd) {
    ASSERT_TRUE(store_->put("x", "0123456789"));
    EXPECT_EQ(store_->get_range("x", 2, 3).value(), "234");
    EXPECT_EQ(store_->get_range("x", 8, 100).value(), "89");
    EXPECT_EQ(store_->get_range("x", 8, UINT64_MAX).value(), "89");
    EXPECT_EQ(store_->get_range("x", 10, 1).value(), "");
    EXPECT_EQ(store_->get_range("x", UINT64_MAX, 1).value(), "");
}

TEST_P(AnyStore, AReaderReadsAnywhereInTheObjectItOpened) {
    ASSERT_TRUE(store_->put("a/b", "0123456789").has_value());
    const auto reader = store_->reader("a/b").value();
    std::array<char, 4> into{};
    EXPECT_EQ(reader->read(3, into).value(), 4u);
    EXPECT_EQ(std::string(into.data(), 4), "3456");
    EXPECT_EQ(reader->read(8, into).value(), 2u);
    EXPECT_EQ(reader->read(10, into).value(), 0u);
    EXPECT_EQ(reader->read(UINT64_MAX, into).value(), 0u);
    EXPECT_EQ(reader->info().key, "a/b");
    EXPECT_EQ(reader->info().size_bytes, 10u);
    EXPECT_EQ(store_->reader("a/c").error().code, ErrorCode::kNotFound);

    const auto known = store_->reader_of({.key = "a/b", .size_bytes = 10}).value();
    EXPECT_EQ(known->read(8, into).value(), 2u);
    EXPECT_EQ(std::string(into.data(), 2), "89");
    EXPECT_EQ(known->info().size_bytes, 10u);
    const auto absent = store_->reader_of({.key = "a/c", .size_bytes = 10});
    EXPECT_EQ(absent ? (*absent)->read(0, into).error().code : absent.error().code, ErrorCode::kNotFound);
}

TEST_P(AnyStore, FoldersAreTheFirstSegmentsBelow) {
    for (const char* key : {"a/b/c", "a/b/d", "a/e", "a/f/g/h", "ab/c", "top"})
        ASSERT_TRUE(store_->put(key, "x").has_value());
    EXPECT_EQ(store_->folders("").value(), (std::vector<std::string>{"a", "ab"}));
    EXPECT_EQ(store_->folders("a/").value(), (std::vector<std::string>{"b", "f"}));
    EXPECT_TRUE(store_->folders("none/").value().empty());
}

TEST_P(AnyStore, AbsentObjectIsNotFound) {
    ASSERT_TRUE(store_->put("folder/x", "1"));
    for (const auto* key : {"y", "folder", "folder/y", "folder/x/y"}) {
        EXPECT_EQ(store_->get(key).error().code, ErrorCode::kNotFound) << key;
        EXPECT_EQ(store_->get_range(key, 0, 1).error().code, ErrorCode::kNotFound) << key;
        EXPECT_EQ(store_->head(key).error().code, ErrorCode::kNotFound) << key;
        EXPECT_TRUE(store_->remove(key)) << key;
    }
    EXPECT_TRUE(store_->get("folder/x"));
}

TEST_P(AnyStore, PutIfAbsentNeverReplaces) {
    ASSERT_TRUE(store_->put_if_absent("a/b", "1"));
    EXPECT_EQ(store_->put_if_absent("a/b", "2").error().code, ErrorCode::kAlreadyExists);
    EXPECT_EQ(store_->get("a/b").value(), "1");
    ASSERT_TRUE(store_->remove("a/b"));
    EXPECT_TRUE(store_->put_if_absent("a/b", "3"));
}

TEST_P(AnyStore, OneOfManyThreadsCreates) {
    for (int round = 0; round < 5; ++round) {
        std::atomic<int> winners = 0;
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&, i] {
                const auto made = store_->put_if_absent("race/" + std::to_string(round), std::to_string(i));
                if (made)
                    ++winners;
                else
                    EXPECT_EQ(made.error().code, ErrorCode::kAlreadyExists);
            });
        threads.clear();
        EXPECT_EQ(winners, 1);
    }
}

TEST_P(AnyStore, ListsInByteOrderAllLevelsDeep) {
    for (const auto* key : {"t/b", "t/a.c", "t/a/z", "t/a/b/c", "t-1", "u", "t/a0", "t/é"})
        ASSERT_TRUE(store_->put(key, "x"));
    EXPECT_EQ(keys(store_->list("")),
              (std::vector<std::string>{"t-1", "t/a.c", "t/a/b/c", "t/a/z", "t/a0", "t/b", "t/é", "u"}));
    EXPECT_EQ(keys(store_->list("t/")), (std::vector<std::string>{"t/a.c", "t/a/b/c", "t/a/z", "t/a0", "t/b", "t/é"}));
    EXPECT_EQ(keys(store_->list("t/a")), (std::vector<std::string>{"t/a.c", "t/a/b/c", "t/a/z", "t/a0"}));
    EXPECT_EQ(keys(store_->list("t/", "t/a/b/c")), (std::vector<std::string>{"t/a/z", "t/a0", "t/b", "t/é"}));
    EXPECT_EQ(keys(store_->list("t/a/", "t/a/b")), (std::vector<std::string>{"t/a/b/c", "t/a/z"}));
    EXPECT_EQ(keys(store_->list("t", "t/b")), (std::vector<std::string>{"t/é"}));
    EXPECT_TRUE(store_->list("none/at/all").value().empty());
}

TEST_P(AnyStore, WriterShowsNothingBeforeClose) {
    auto writer = store_->writer("w/x").value();
    ASSERT_TRUE(writer->append("ab"));
    ASSERT_TRUE(writer->append("cd"));
    EXPECT_EQ(writer->size_bytes(), 4U);
    EXPECT_EQ(store_->get("w/x").error().code, ErrorCode::kNotFound);
    EXPECT_TRUE(store_->list("").value().empty());
    ASSERT_TRUE(writer->close());
    EXPECT_EQ(store_->get("w/x").value(), "abcd");
}

TEST_P(AnyStore, DroppedWriterLeavesNothing) {
    ASSERT_TRUE(store_->put("w/x", "old"));
    ASSERT_TRUE(store_->writer("w/x").value()->append("new"));
    EXPECT_EQ(store_->get("w/x").value(), "old");
    EXPECT_EQ(store_->list("").value().size(), 1U);
}

TEST_P(AnyStore, RefusesBadKeys) {
    for (const auto& key : {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"),
                            std::string("a/../b"), std::string("."), std::string("a/.tmp-x"), std::string("\xff"),
                            std::string("a\0b", 3), std::string(1025, 'k')}) {
        EXPECT_EQ(store_->put(key, "x").error().code, ErrorCode::kInvalidArgument) << key;
        EXPECT_EQ(store_->put_if_absent(key, "x").error().code, ErrorCode::kInvalidArgument) << key;
        EXPECT_EQ(store_->get(key).error().code, ErrorCode::kInvalidArgument) << key;
        EXPECT_EQ(store_->writer(key).error().code, ErrorCode::kInvalidArgument) << key;
        EXPECT_EQ(store_->remove(key).error().code, ErrorCode::kInvalidArgument) << key;
    }
}

TEST(LocalStore, SurvivesReopening) {
    const Scratch scratch;
    ASSERT_TRUE(open_local_store(scratch.path() / "a" / "b").value()->put("k", "v"));
    EXPECT_EQ(open_local_store(scratch.path() / "a" / "b").value()->get("k").value(), "v");
}

TEST(LocalStore, LeavesNoTemporaryFileAndListsNone) {
    const Scratch scratch;
    const auto store = open_local_store(scratch.path()).value();
    ASSERT_TRUE(store->put("d/x", "1"));
    ASSERT_TRUE(store->put_if_absent("d/y", "1"));
    EXPECT_FALSE(store->put_if_absent("d/y", "2"));
    EXPECT_TRUE(store->writer("d/z"));
    EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path() / "d"), {}), 2);
    std::ofstream(scratch.path() / "d" / ".tmp-left-by-a-crash") << "half";
    EXPECT_EQ(keys(store->list("")), (std::vector<std::string>{"d/x", "d/y"}));
}

TEST(LocalStore, RefusesAnObjectInTheWayOfAFolderAndTheReverse) {
    const Scratch scratch;
    const auto store = open_local_store(scratch.path()).value();
    ASSERT_TRUE(store->put("a", "1"));
    ASSERT_TRUE(store->put("d/x", "1"));
    EXPECT_EQ(store->put("a/b", "1").error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(store->put("d", "1").error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(store->put(std::string(300, 'n'), "1").error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(open_local_store(scratch.path() / "a").error().code, ErrorCode::kInvalidArgument);
}

TEST(LocalStore, ListsLinkedFilesButFollowsNoLinkedFolder) {
    const Scratch scratch;
    const auto store = open_local_store(scratch.path()).value();
    ASSERT_TRUE(store->put("d/x", "1"));
    fs::create_symlink(scratch.path() / "d" / "x", scratch.path() / "d" / "link");
    fs::create_directory_symlink(scratch.path(), scratch.path() / "d" / "cycle");
    fs::create_symlink(scratch.path() / "nowhere", scratch.path() / "d" / "dangling");
    EXPECT_EQ(keys(store->list("")), (std::vector<std::string>{"d/link", "d/x"}));
}

// Method: a limit on the size of files makes write(2) fail part-way, as a full disk does.
TEST(LocalStore, RemovesEmptyFoldersOnly) {
    const Scratch scratch;
    const auto store = open_local_store(scratch.path()).value();
    for (const char* key : {"t/a/b/gone", "t/a/stays", "t/_log/gone", "u/gone"}) ASSERT_TRUE(store->put(key, "x"));
    for (const char* key : {"t/a/b/gone", "t/_log/gone", "u/gone"}) ASSERT_TRUE(store->remove(key));
    ASSERT_TRUE(store->remove_empty_folders("t/"));
    EXPECT_FALSE(std::filesystem::exists(scratch.path() / "t/a/b"));
    EXPECT_TRUE(std::filesystem::exists(scratch.path() / "t/_log")) << "hidden";
    EXPECT_TRUE(std::filesystem::exists(scratch.path() / "u")) << "elsewhere";
    EXPECT_EQ(store->get("t/a/stays").value(), "x");
    EXPECT_TRUE(store->remove_empty_folders("none/"));
    EXPECT_EQ(store->remove_empty_folders("../").error().code, ErrorCode::kInvalidArgument);
}

TEST(LocalStore, WritesWhileFoldersAreRemoved) {
    const Scratch scratch;
    const auto store = open_local_store(scratch.path()).value();
    constexpr int kWrites = 100;
    std::atomic<int> begun = 0;  // writes; each meets one removal
    const std::jthread remover([&] {
        for (int seen = 0; seen < kWrites; seen = begun) {
            begun.wait(seen);
            EXPECT_TRUE(store->remove_empty_folders(""));
        }
    });
    for (int i = 0; i < kWrites; ++i) {
        ++begun;
        begun.notify_one();
        const auto written = store->put(fmt::format("a{}/b/c", i), "x");
        EXPECT_TRUE(written) << written.error().message;
    }
    EXPECT_EQ(store->list("").value().size(), static_cast<std::size_t>(kWrites));
}

TEST(LocalStore, FailedWriteLeavesNothing) {
    const Scratch scratch;
    const auto store = open_local_store(scratch.path()).value();
    ASSERT_TRUE(store->put("d/x", "old"));
    ::rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    const ::rlimit small{4096, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);

    const auto put = store->put("d/x", std::string(8192, 'x'));
    auto writer = store->writer("d/y").value();
    const auto appended = writer->append(std::string(8192, 'x'));
    const auto closed = writer->close();

    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, old_handler);
    writer.reset();
    EXPECT_EQ(put.error().code, ErrorCode::kResourceExhausted);
    EXPECT_EQ(appended.error().code, ErrorCode::kResourceExhausted);
    EXPECT_FALSE(closed.has_value());
    EXPECT_EQ(store->get("d/x").value(), "old");
    EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path() / "d"), {}), 1);
}

TEST(LocalStore, ForbiddenFolderIsPermissionDenied) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    const Scratch scratch;
    const auto store = open_local_store(scratch.path()).value();
    ASSERT_TRUE(store->put("d/x", "1"));
    fs::permissions(scratch.path() / "d", fs::perms::none);
    EXPECT_EQ(store->put("d/y", "1").error().code, ErrorCode::kPermissionDenied);
    EXPECT_EQ(store->get("d/x").error().code, ErrorCode::kPermissionDenied);
    EXPECT_EQ(store->list("d/").error().code, ErrorCode::kPermissionDenied);
    fs::permissions(scratch.path() / "d", fs::perms::owner_all);
}

// Goal: put_if_absent has one winner between processes. Method: the child waits on a pipe, then both
// run through the same keys; every key is won exactly once and holds its winner's bytes.
TEST(LocalStore, TwoProcessesRacingHaveOneWinner) {
    constexpr int kKeys = 20;
    const Scratch scratch;
    const auto store = open_local_store(scratch.path()).value();
    const auto race = [&](const std::string& who) {
        int wins = 0;
        for (int i = 0; i < kKeys; ++i) wins += store->put_if_absent("v/" + std::to_string(i), who).has_value();
        return wins;
    };
    std::array<int, 2> start{};
    ASSERT_EQ(::pipe(start.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        ::close(start[1]);
        char go = 0;
        static_cast<void>(::read(start[0], &go, 1));  // returns when the parent closes its end
        ::_exit(race("child"));
    }
    ::close(start[0]);
    ::close(start[1]);
    const int parent_wins = race("parent");
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(parent_wins + WEXITSTATUS(status), kKeys);
    int held_by_parent = 0;
    for (int i = 0; i < kKeys; ++i) held_by_parent += store->get("v/" + std::to_string(i)).value() == "parent";
    EXPECT_EQ(held_by_parent, parent_wins);
}

TEST(OpenStore, PicksTheKindByTheRoot) {
    const Scratch scratch;
    EXPECT_EQ(open_store(scratch.path().native()).value()->root(), scratch.path().native());
    EXPECT_EQ(open_store(scratch.path().native() + "/").value()->root(), scratch.path().native());
    const S3Options s3{.access_key = "a", .secret_key = "b"};
    EXPECT_EQ(open_store("s3://bucket/lake/", s3).value()->root(), "s3://bucket/lake");
    EXPECT_EQ(open_store("s3://bucket", S3Options{}).error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(open_store("s3://", s3).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(open_store("s3://bucket/../x", s3).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(open_store("lake").error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(open_store("").error().code, ErrorCode::kInvalidArgument);
}

// Goal: the fault point does what crash sweeps rely on.
TEST(FaultyStore, FailsOneOperationOrAllFromOneOn) {
    using test::FaultyStore;
    const auto inner = make_memory_store();
    FaultyStore once(*inner, {.kind = FaultyStore::Kind::kFail, .at = 2, .code = ErrorCode::kResourceExhausted});
    EXPECT_TRUE(once.put("a", "1"));
    EXPECT_FALSE(once.tripped());
    EXPECT_EQ(once.put("b", "1").error().code, ErrorCode::kResourceExhausted);
    EXPECT_TRUE(once.put("c", "1"));
    EXPECT_TRUE(once.tripped());
    EXPECT_EQ(keys(inner->list("")), (std::vector<std::string>{"a", "c"}));

    FaultyStore crash(*inner, {.kind = FaultyStore::Kind::kCrash, .at = 3});
    auto writer = crash.writer("w").value();
    EXPECT_TRUE(writer->append("1"));
    EXPECT_FALSE(writer->close());
    EXPECT_FALSE(crash.get("a"));
    EXPECT_FALSE(crash.remove("a"));
    EXPECT_EQ(keys(inner->list("")), (std::vector<std::string>{"a", "c"}));

    FaultyStore unknown(*inner, {.kind = FaultyStore::Kind::kOutcomeUnknown, .at = 1});
    EXPECT_EQ(unknown.put_if_absent("d", "1").error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(inner->get("d").value(), "1");
    EXPECT_TRUE(unknown.put("e", "1"));
}

}  // namespace
}  // namespace lagoa
