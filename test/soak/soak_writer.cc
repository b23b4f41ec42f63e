// One process of the soak: threads that append to, merge into and replace their own rows of one table until told to
// stop or killed, over a store that fails now and then.
//
// usage: soak_writer ROOT LEDGERS NAME THREADS SEED FAULTS [PROPERTY=VALUE…]
//
// The table is ROOT/rows: (writer, op, i, v). An operation of a thread `NAME-<n>` writes rows of one `op` number, all
// or none. Its ledger LEDGERS/NAME-<n> gets a line, durable before the next step:
//     begin OP ROWS      before it
//     replace OP ROWS    before it; all earlier ops of the thread go in the same commit
//     done OP            acknowledged
//     unknown OP WHY     the outcome is not known
//     failed OP WHY      surely not committed
// FAULTS: of a thousand changes of the store, how many fail, half of them after they took effect.
// SIGTERM stops it after the operations that run.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "catalog/lake.h"
#include "store/open_store.h"
#include "support/flaky_store.h"

namespace lagoa {
namespace {

std::atomic<bool> stopped = false;

template <class T>
T must(Result<T> result, std::string_view what) {
    if (!result) {
        std::fprintf(stderr, "soak_writer: %.*s: %s\n", static_cast<int>(what.size()), what.data(),
                     result.error().message.c_str());
        std::exit(1);
    }
    return *std::move(result);
}

/// What one thread has promised and been told. Every line is durable when the call returns.
class Ledger {
public:
    explicit Ledger(const std::string& path) : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644)) {
        if (file_ < 0) std::exit(1);
    }
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    ~Ledger() { close(file_); }

    void write(const std::string& line) {
        const std::string text = line + "\n";
        if (::write(file_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) || fdatasync(file_) != 0)
            std::exit(1);
    }

private:
    const int file_;
};

struct Soak {
    Lake& lake;
    std::string ledgers;
    std::string name;
    std::uint64_t seed;
    std::map<std::string, std::string> properties;
};

/// One thread's operations.
class Writer {
public:
    Writer(Soak& soak, unsigned number)
        : soak_(soak),
          name_(fmt::format("{}-{}", soak.name, number)),
          ledger_(soak.ledgers + "/" + name_),
          session_(must(soak.lake.connect({.base = Cut::Base::kHead, .pins = {}}), "connecting")),
          random_(soak.seed * 1000 + number) {}

    void run() {
        for (std::int64_t op = 0; !stopped; ++op) step(op);
    }

private:
    void step(std::int64_t op) {
        const std::uint64_t rows = 1 + random_() % 4;
        const auto draw = random_() % 32;  // mostly appends: delta-rs calls any removed file a conflict
        WriteRequest request{.table = {"silver", "rows"}, .select = select(op, rows), .properties = soak_.properties};
        const bool replaces = op - replaced_ > 30 || draw == 0;
        if (replaces) {
            request.mode = WriteMode::kReplaceWhere;
            request.replace_where = fmt::format("writer = '{}' AND op <= {}", name_, op);
        } else if (last_ >= 0 && draw < 4) {
            request.mode = WriteMode::kMerge;
            request.key = {"writer", "op", "i"};
            request.select +=
                fmt::format(" UNION ALL SELECT writer, op, i, v + 1 FROM silver.rows WHERE writer = '{}' AND op = {}",
                            name_, last_);
        }
        ledger_.write(fmt::format("{} {} {}", replaces ? "replace" : "begin", op, rows));
        const auto written = soak_.lake.write(*session_, request);
        if (written) {
            ledger_.write(fmt::format("done {}", op));
            last_ = op;
            if (replaces) replaced_ = op;
            return;
        }
        const bool unknown = is_outcome_unknown(written.error().code);
        std::string why = written.error().message;
        std::ranges::replace(why, '\n', ' ');
        ledger_.write(fmt::format("{} {} {}", unknown ? "unknown" : "failed", op, why));
        if (unknown) last_ = -1;  // whether that op is still there is not known: no merge builds on it
    }

    std::string select(std::int64_t op, std::uint64_t rows) const {
        return fmt::format("SELECT '{}' AS writer, {}::BIGINT AS op, range AS i, 0::BIGINT AS v FROM range({})", name_,
                           op, rows);
    }

    Soak& soak_;
    const std::string name_;
    Ledger ledger_;
    std::unique_ptr<Session> session_;
    std::mt19937_64 random_;
    std::int64_t last_ = -1;  // the last op that is surely there
    std::int64_t replaced_ = 0;
};

int run(int count, char** arguments) {
    std::signal(SIGTERM, [](int) { stopped = true; });
    const auto number = [&](int i) { return std::strtoull(arguments[i], nullptr, 10); };
    const std::uint64_t seed = number(5);
    const auto engine = must(Engine::open({}), "opening the engine");
    const auto store = std::make_shared<test::FlakyStore>(must(open_store(arguments[1]), "opening the store"),
                                                          static_cast<unsigned>(number(6)), seed);
    const auto lake =
        must(Lake::open({.zones = {{"silver", store}}, .log = store, .engine = engine.get()}), "opening the lake");
    Soak soak{.lake = *lake, .ledgers = arguments[2], .name = arguments[3], .seed = seed, .properties = {}};
    for (int i = 7; i < count; ++i) {
        const std::string_view pair = arguments[i];
        soak.properties.emplace(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
    }
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < number(4); ++i) threads.emplace_back([&soak, i] { Writer(soak, i).run(); });
    return 0;
}

}  // namespace
}  // namespace lagoa

int main(int count, char** arguments) {
    return count >= 7 ? lagoa::run(count, arguments) : 2;
}
