// The staged rows of one load, in a session's temporary tables: judged, compared with what the table knows, selected.
//
// A key's rows of one answer (one `_known_from`) are one version of it. A version equal to the one before
// is dropped, any other is kept: A, B, A stays three. For a key that an answer holds once, as it should, that is "equal
// to the newest row"; for one that it holds twice (a day's candle and the live one) it keeps repeated answers from
// adding rows for ever. What a load adds does not depend on how manifests fall into batches.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "delta/snapshot.h"
#include "engine/engine.h"
#include "ingest/impl/landing_rows.h"
#include "model/contract.h"

namespace lagoa::ingest {

/// One load at a time in a session.
class LoadStage {
public:
    LoadStage(Session& session, const Contract& contract) : session_(session), contract_(contract) {}

    /// kInvalidConfig names the contract's file for a pattern that is no regular expression.
    Result<> check_patterns();

    /// Reads `rows`, which is registered in the session as `source`, to its end.
    Result<> fill(std::string_view source, const std::vector<Feed>& feeds);

    /// Finds the rows that repeat what `table` or an earlier row says. `table` is nullptr when it does not exist yet.
    Result<> find_repeats(const delta::Snapshot* table);

    struct Counts {
        std::uint64_t refused = 0;
        std::uint64_t repeated = 0;
    };
    Result<Counts> count();

    /// The rows to add: the contract's columns, then `_run`, `_object`, `_pointer`, `_known_from`.
    std::string additions() const;

    /// The rows to quarantine, as docs/formats/quarantine.md has them; without those that quarantine.<table> holds if
    /// it `exists`.
    std::string refusals(std::string_view source, std::string_view run, Instant now, bool exists) const;

private:
    std::string columns(std::string_view relation) const;
    std::string same(std::string_view a, std::string_view b, const std::vector<std::string>& names) const;
    Result<> add_known(const delta::Snapshot& table);
    std::string pattern_verdict() const;

    Session& session_;
    const Contract& contract_;
};

}  // namespace lagoa::ingest
