#include <array>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "state/database.h"
#include "state/impl/process.h"

namespace lagoa::state {

struct Lease::Impl {
    Database& database;  // outlives the lease
    std::string name;
    std::string token;  // tells this holding from a later one of the same name and process
};

Lease::Lease(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Lease::Lease(Lease&&) noexcept = default;

Lease& Lease::operator=(Lease&& from) noexcept {
    std::swap(impl_, from.impl_);  // what we held is given back when `from` goes
    return *this;
}

Lease::~Lease() {
    if (!impl_) return;
    const std::array<Cell, 2> key = {Cell(impl_->name), Cell(impl_->token)};
    const auto freed = impl_->database.execute("DELETE FROM leases WHERE name = ? AND token = ?", key);
    // The row left behind names a process that will be gone, so the next taker takes it over.
    if (!freed) log::warn("state.lease_not_freed", {{"lease", impl_->name}, {"error", freed.error().message}});
}

Result<Lease> Lease::take(Database& database, std::string name, std::string purpose) {
    auto impl = std::make_unique<Impl>(Impl{database, std::move(name), new_uuid()});
    const auto acquire = [&](Database& inside) -> Result<> {
        const std::array<Cell, 1> key = {Cell(impl->name)};
        const auto held =
            LAGOA_TRY(inside.query("SELECT pid, pid_started, purpose, taken FROM leases WHERE name = ?", key));
        if (!held.empty()) {
            const Row& row = held[0];
            if (is_alive({as_int(row[0]), as_text(row[1])}))
                return fail_with_hint(ErrorCode::kConflict, "wait for it to end, or stop that process",
                                      "{} is held by pid {} ({}) since {}", impl->name, as_int(row[0]), as_text(row[2]),
                                      as_text(row[3]));
            log::info("state.lease_taken_over", {{"lease", impl->name}, {"dead_pid", as_int(row[0])}});
        }
        const Process self = this_process();
        const std::array<Cell, 6> row = {Cell(impl->name), Cell(impl->token),
                                         Cell(self.pid),   Cell(self.started),
                                         Cell(purpose),    Cell(format_instant(system_clock().now()))};
        LAGOA_TRY(inside.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)", row));
        return {};
    };
    LAGOA_TRY(database.transaction(acquire));
    return Lease(std::move(impl));
}

}  // namespace lagoa::state
