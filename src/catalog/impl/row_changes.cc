#include "catalog/impl/row_changes.h"

#include <algorithm>
#include <utility>

#include "catalog/impl/staged_file.h"
#include "delta/stats.h"

namespace lagoa {

void RowChanges::append(RowChanges later) {
    for (auto& [key, rows] : later.going) {
        GoingRows& all = going[key];
        all.deleted = all.deleted.united(rows.deleted);
        all.updated = all.updated.united(rows.updated);
    }
    unmatched.deleted += later.unmatched.deleted;
    unmatched.updated += later.unmatched.updated;
    added.insert(added.end(), std::make_move_iterator(later.added.begin()), std::make_move_iterator(later.added.end()));
}

Result<std::shared_ptr<const delta::Snapshot>> with_changes(const delta::TableLocation& location,
                                                            const delta::Snapshot& base, const RowChanges& changes) {
    std::vector<delta::Slot> gone;
    std::vector<delta::AddFile> files;
    const auto without_going = [&](delta::AddFile file, const GoingRows& rows) -> Result<> {
        delta::DeletedRows deleted = rows.deleted.united(rows.updated);
        if (file.deletion_vector)
            deleted = deleted.united(LAGOA_TRY(delta::read_deletion_vector(location, *file.deletion_vector)));
        file.deletion_vector = delta::inline_deletion_vector(deleted);
        file.stats = delta::with_loose_bounds(file.stats);
        files.push_back(std::move(file));
        return {};
    };
    if (!changes.going.empty()) {
        for (auto file = base.files.begin(); file != base.files.end(); ++file) {
            const auto going = changes.going.find(delta::file_key(file->path, {}));
            if (going == changes.going.end()) continue;
            gone.push_back(file.slot());
            LAGOA_TRY(without_going(*file, going->second), "reading the deleted rows of {}", file->path);
        }
    }
    for (const AddedFile& added : changes.added) {
        const auto going = changes.going.find(delta::file_key(added.file.path, {}));
        if (going == changes.going.end()) {
            files.push_back(added.file);
            continue;
        }
        LAGOA_TRY(check_own_rows(base.metadata));
        LAGOA_TRY(without_going(added.file, going->second));
    }
    auto changed = std::make_shared<delta::Snapshot>(base);
    changed->files = base.files.with(std::move(files), gone);
    return changed;
}

SettledRows settle_added(const std::vector<AddedFile>& added) {
    SettledRows settled;
    for (const AddedFile& each : added) {
        settled.counts.inserted += delta::live_row_count(each.file).value_or(0);
        settled.counts.bytes_added += static_cast<std::uint64_t>(each.file.size_bytes);
        settled.adds.push_back(each.file);
    }
    settled.counts.files_added = added.size();
    return settled;
}

json::Object row_metrics(std::string_view operation, const RowCounts& counts,
                         std::optional<std::uint64_t> source_rows) {
    const RowCounts& c = counts;
    if (operation == "MERGE") {
        json::Object metrics =
            json::make_object({{"numTargetRowsInserted", c.inserted},
                               {"numTargetRowsUpdated", c.updated},
                               {"numTargetRowsMatchedUpdated", c.updated - std::min(c.updated, c.unmatched.updated)},
                               {"numTargetRowsNotMatchedBySourceUpdated", c.unmatched.updated},
                               {"numTargetRowsDeleted", c.deleted},
                               {"numTargetRowsMatchedDeleted", c.deleted - std::min(c.deleted, c.unmatched.deleted)},
                               {"numTargetRowsNotMatchedBySourceDeleted", c.unmatched.deleted},
                               {"numTargetRowsCopied", c.copied},
                               {"numOutputRows", c.inserted + c.updated + c.copied},
                               {"numTargetFilesAdded", c.files_added},
                               {"numTargetFilesRemoved", c.files_removed},
                               {"numTargetBytesAdded", c.bytes_added},
                               {"numTargetBytesRemoved", c.bytes_removed},
                               {"numTargetChangeFilesAdded", c.change_files},
                               {"numTargetDeletionVectorsAdded", c.deletion_vectors_added},
                               {"numTargetDeletionVectorsRemoved", c.deletion_vectors_removed},
                               {"numTargetDeletionVectorsUpdated", c.deletion_vectors_updated}});
        if (source_rows) metrics.set("numSourceRows", *source_rows);
        return metrics;
    }
    if (operation == "DELETE" || operation == "UPDATE")
        return json::make_object({operation == "DELETE" ? json::Object::Member{"numDeletedRows", c.deleted}
                                                        : json::Object::Member{"numUpdatedRows", c.updated},
                                  {"numCopiedRows", c.copied},
                                  {"numAddedFiles", c.files_added},
                                  {"numRemovedFiles", c.files_removed},
                                  {"numAddedBytes", c.bytes_added},
                                  {"numRemovedBytes", c.bytes_removed},
                                  {"numAddedChangeFiles", c.change_files},
                                  {"numDeletionVectorsAdded", c.deletion_vectors_added},
                                  {"numDeletionVectorsRemoved", c.deletion_vectors_removed},
                                  {"numDeletionVectorsUpdated", c.deletion_vectors_updated}});
    return json::make_object({{"numFiles", c.files_added},
                              {"numOutputRows", c.inserted + c.updated + c.copied},
                              {"numOutputBytes", c.bytes_added}});
}

}  // namespace lagoa
