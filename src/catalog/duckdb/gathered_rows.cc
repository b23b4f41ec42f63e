#include "catalog/duckdb/gathered_rows.h"

#include <utility>

#include "catalog/impl/staged_file.h"
#include "engine/duckdb/error.h"

namespace lagoa {

void Gathering::open() {
    const std::lock_guard guard(mutex_);
    if (open_++ > 0) return;
    places_.clear();
    gathered_ = {};
    rows_gone_ = 0;
}

void Gathering::add_places(std::map<delta::Slot, GoingPlaces> places, bool unmatched) {
    const std::lock_guard guard(mutex_);
    for (auto& [slot, more] : places) {
        if (unmatched) {
            gathered_.unmatched.deleted += more.deleted.added();
            gathered_.unmatched.updated += more.updated.added();
        }
        const auto [place, added] = places_.try_emplace(slot, std::move(more));
        if (added) continue;
        place->second.deleted.append(more.deleted);
        place->second.updated.append(more.updated);
    }
}

void Gathering::add_files(const delta::TableLocation& location, std::vector<AddedFile> files, std::uint64_t rows,
                          const std::map<std::string, std::int64_t>& identity_marks) {
    const std::lock_guard guard(mutex_);
    location_ = location;
    gathered_.rows_written += rows;
    for (AddedFile& file : files) gathered_.added.push_back(std::move(file));
    for (const auto& [column, mark] : identity_marks) gathered_.identity_marks[column] = mark;
}

void Gathering::remove(std::vector<AddedFile> files) const {
    std::vector<delta::AddFile> left;
    for (AddedFile& added : files) left.push_back(std::move(added.file));
    remove_files(location_, left);
}

void Gathering::close(duckdb::ClientContext& context) {
    GatheredRows done;
    bool repeats = false;
    {
        const std::lock_guard guard(mutex_);
        if (--open_ > 0) return;
        for (const auto& [slot, places] : places_) {
            GoingRows rows{.deleted = places.deleted.rows(), .updated = places.updated.rows()};
            const std::uint64_t gone = rows.deleted.united(rows.updated).size();
            if (gone == 0) continue;
            repeats |= gone != places.deleted.added() + places.updated.added();
            rows_gone_ += gone;
            gathered_.going.emplace(slot, std::move(rows));
        }
        places_.clear();
        done = std::exchange(gathered_, {});
    }
    if (repeats && repeats_ == Repeats::kRefused) {
        remove(std::move(done.added));
        raise({ErrorCode::kDataRejected, "two rows of the source change one row of the table",
               "Make the source have one row for each that it matches: GROUP BY, or DISTINCT ON, its key."});
    }
    accept_(context, std::move(done));
}

void Gathering::abandon() {
    const std::lock_guard guard(mutex_);
    if (--open_ == 0) remove(std::exchange(gathered_.added, {}));
}

std::uint64_t Gathering::rows_gone() const {
    const std::lock_guard guard(mutex_);
    return rows_gone_;
}

}  // namespace lagoa
