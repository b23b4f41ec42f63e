// What the sinks of one statement gather: files written, and the places of rows that go.
//
// INSERT, UPDATE and DELETE have one sink (lake_sink.h), MERGE has one for each of its actions. They fill one
// gathering, which is handed over as a whole when the last of them is done. So a row that two actions change, or one
// action for two rows of a source, is found whichever threads saw it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "duckdb.hpp"

#include "catalog/impl/row_changes.h"

namespace lagoa {

struct GatheredRows {
    std::vector<AddedFile> added;  ///< Written and durable; who takes this over owns them.
    std::map<delta::Slot, GoingRows> going;
    UnmatchedRows unmatched;
    std::uint64_t rows_written = 0;
    std::map<std::string, std::int64_t> identity_marks;  ///< As RowRules::identity_marks().
};

/// Takes over what a statement has gathered, at its end; raises an error.
using AcceptRows = std::function<void(duckdb::ClientContext& context, GatheredRows gathered)>;

/// Rows of one file that go, while they are gathered.
struct GoingPlaces {
    delta::DeletedRowsBuilder deleted;
    delta::DeletedRowsBuilder updated;
};

/// Thread-safe. Serves one run of a plan after another: the first sink that opens begins anew.
class Gathering {
public:
    /// Whether one row may go more than once: it is one deletion.
    enum class Repeats { kRefused, kAllowed };

    explicit Gathering(AcceptRows accept, Repeats repeats = Repeats::kAllowed)
        : accept_(std::move(accept)), repeats_(repeats) {}

    /// A sink begins. It ends by close(), or by abandon().
    void open();
    /// `unmatched`: no row of a MERGE's source matched them.
    void add_places(std::map<delta::Slot, GoingPlaces> places, bool unmatched = false);
    /// The files are the gathering's from here on.
    void add_files(const delta::TableLocation& location, std::vector<AddedFile> files, std::uint64_t rows,
                   const std::map<std::string, std::int64_t>& identity_marks);
    /// A sink is done. The last one hands over. Raises what accepting raises, and kDataRejected for a row that goes
    /// twice where that is refused.
    void close(duckdb::ClientContext& context);
    /// A sink ends without being done, so that the statement has failed. The last one removes the files.
    void abandon();

    /// Rows that went, each counted once. After the last close().
    std::uint64_t rows_gone() const;

private:
    void remove(std::vector<AddedFile> files) const;

    const AcceptRows accept_;
    const Repeats repeats_;
    mutable std::mutex mutex_;
    std::size_t open_ = 0;  // guarded by mutex_, as all below
    std::map<delta::Slot, GoingPlaces> places_;
    GatheredRows gathered_;
    delta::TableLocation location_;  // of gathered_.added
    std::uint64_t rows_gone_ = 0;
};

}  // namespace lagoa
