// Goal: a lease has one living holder, and no dead one. Method: real processes by fork, which race, die, or exit
// without giving the lease back.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "state/database.h"
#include "state/impl/process.h"
#include "support/temp_dir.h"

namespace lagoa::state {
namespace {

int exit_code_of(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Lease, SecondTakerIsToldTheHolder) {
    const test::TempDir dir;
    auto database = Database::open(dir.path() / "state.db").value();
    std::optional<Lease> lease = Lease::take(*database, "source x", "lagoa ingest").value();

    const auto second = Lease::take(*database, "source x", "lagoa run");
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
    EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos);
    EXPECT_TRUE(Lease::take(*database, "source y", "lagoa ingest").has_value());

    lease.reset();
    EXPECT_TRUE(Lease::take(*database, "source x", "lagoa run").has_value());
}

TEST(Lease, MovedLeaseIsFreedOnce) {
    const test::TempDir dir;
    auto database = Database::open(dir.path() / "state.db").value();
    std::optional<Lease> held;
    {
        Lease lease = Lease::take(*database, "a", "test").value();
        held = std::move(lease);
    }
    EXPECT_EQ(Lease::take(*database, "a", "test").error().code, ErrorCode::kConflict);
    held = Lease::take(*database, "b", "test").value();  // gives "a" back
    EXPECT_TRUE(Lease::take(*database, "a", "test").has_value());
}

TEST(Lease, IsTakenOverFromADeadProcess) {
    const test::TempDir dir;
    const auto file = dir.path() / "state.db";
    const pid_t child = fork();
    if (child == 0) {
        const auto database = Database::open(file).value();
        const auto lease = Lease::take(*database, "a", "dies");
        _exit(lease ? 0 : 1);  // no destructor runs
    }
    ASSERT_EQ(exit_code_of(child), 0);
    auto database = Database::open(file).value();
    ASSERT_EQ(as_int(database->query("SELECT count(*) FROM leases").value()[0][0]), 1);
    EXPECT_TRUE(Lease::take(*database, "a", "lives").has_value());
}

TEST(Lease, ARecycledPidHoldsNothing) {
    const test::TempDir dir;
    auto database = Database::open(dir.path() / "state.db").value();
    const auto lease = Lease::take(*database, "a", "earlier process of this pid").value();
    ASSERT_TRUE(database->execute("UPDATE leases SET pid_started = 'another boot/1'").has_value());
    EXPECT_TRUE(Lease::take(*database, "a", "now").has_value());
}

// The losers see a live holder, because the winner keeps the lease until everyone has tried.
TEST(Lease, OneOfManyRacingProcessesWins) {
    const test::TempDir dir;
    const auto file = dir.path() / "state.db";
    {
        const auto created = Database::open(file).value();
    }
    std::array<int, 2> everyone_tried{};
    std::array<int, 2> one_tried{};
    ASSERT_EQ(pipe(everyone_tried.data()), 0);
    ASSERT_EQ(pipe(one_tried.data()), 0);
    std::array<pid_t, 6> children{};
    for (pid_t& child : children) {
        child = fork();
        if (child != 0) continue;
        close(everyone_tried[1]);
        const auto database = Database::open(file).value();
        const auto lease = Lease::take(*database, "a", "race");
        const int code = lease ? 10 : lease.error().code == ErrorCode::kConflict ? 20 : 30;
        char byte = 'x';
        if (write(one_tried[1], &byte, 1) != 1) _exit(40);
        if (read(everyone_tried[0], &byte, 1) != 0) _exit(50);  // waits until the parent closes its end
        _exit(code);
    }
    for (std::size_t i = 0; i < children.size(); ++i) {
        char byte = 0;
        ASSERT_EQ(read(one_tried[0], &byte, 1), 1);
    }
    close(everyone_tried[1]);
    int won = 0;
    int lost = 0;
    for (const pid_t child : children) {
        const int code = exit_code_of(child);
        won += code == 10;
        lost += code == 20;
    }
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 5);
}

TEST(Process, KnowsTheLivingFromTheDead) {
    EXPECT_TRUE(is_alive(this_process()));
    EXPECT_FALSE(is_alive({getpid(), "some other start"}));
    EXPECT_FALSE(is_alive({0, ""}));
    const pid_t child = fork();
    if (child == 0) _exit(0);
    siginfo_t info{};
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);  // stays a zombie
    EXPECT_FALSE(is_alive({child, this_process().started}));
    EXPECT_EQ(exit_code_of(child), 0);
}

}  // namespace
}  // namespace lagoa::state
