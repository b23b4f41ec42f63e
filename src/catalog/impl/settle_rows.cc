#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include <fmt/ranges.h>

#include "base/text.h"
#include "catalog/duckdb/held_snapshot.h"
#include "catalog/duckdb/staging.h"
#include "catalog/impl/copy_plan.h"
#include "catalog/impl/row_changes.h"
#include "catalog/impl/row_copy.h"
#include "delta/stats.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"

namespace lagoa {
namespace {

constexpr std::string_view kChangeFolder = "_change_data";

// A file that loses rows.
struct TouchedFile {
    delta::AddFile file;
    const GoingRows* going = nullptr;  // of the changes
    delta::DeletedRows gone;           // the deleted and the updated
    const AddedFile* added = nullptr;  // that it is, if the transaction wrote it itself
    std::optional<std::uint64_t> staying;

    bool goes_whole() const { return staying == 0U; }
};

bool has_change_feed(const delta::Metadata& metadata) {
    return delta::is_enabled(metadata, "delta.enableChangeDataFeed");
}

std::string with_row_count(const std::string& stats, std::uint64_t rows) {
    auto object = json::parse(stats);
    if (!object || !object->is_object()) object = json::Value(json::Object());
    object->object()->set("numRecords", rows);
    return json::dump(*object);
}

class Settlement {
public:
    Settlement(Session& session, const SettleTarget& target, const RowChanges& changes)
        : session_(session),
          target_(target),
          changes_(changes),
          writes_vectors_(delta::is_enabled(target.metadata, "delta.enableDeletionVectors") &&
                          delta::has_feature(target.protocol, "deletionVectors")) {}

    Result<SettledRows> run() {
        auto settled = settle();
        if (settled) return std::move(settled_);
        remove_paths(target_.location, settled_.written);
        return pass_on(std::move(settled).error());
    }

private:
    Result<> settle();
    Result<> find_touched();
    Result<> touch(const delta::AddFile& file, const GoingRows& going, const AddedFile* added);
    Result<> check_going() const;
    void take_out();
    void add_untouched();
    bool is_touched(const delta::AddFile& added) const;
    void count_rows();

    Result<> write_vectors();
    Result<> copy_staying();
    Result<> copy(const CopyBatch& batch);

    bool needs_change_files() const;
    Result<> write_change_files();

    Result<delta::DeletedRows> all_deleted(const TouchedFile& touched) const;
    Result<std::uint64_t> count_live(const delta::AddFile& file);
    StagingTarget staging_target() const;
    std::shared_ptr<const delta::Snapshot> part(std::vector<delta::AddFile> files) const;
    std::unique_ptr<HeldSnapshot> hold(std::vector<delta::AddFile> files, OnlyRows only = {});

    Session& session_;
    const SettleTarget& target_;
    const RowChanges& changes_;
    const bool writes_vectors_;
    std::vector<TouchedFile> touched_;
    std::set<std::string> copied_along_;  // paths of what was copied, files that come among them
    SettledRows settled_;
};

Result<> Settlement::settle() {
    LAGOA_TRY(find_touched());
    LAGOA_TRY(check_going());
    take_out();
    LAGOA_TRY(writes_vectors_ ? write_vectors() : copy_staying());
    add_untouched();
    if (needs_change_files()) LAGOA_TRY(write_change_files(), "writing change files");
    count_rows();
    return {};
}

// ------------------------------------------------------------------ what loses rows

Result<> Settlement::find_touched() {
    const delta::FileList& files = target_.base->files;
    for (auto file = files.begin(); file != files.end() && touched_.size() < changes_.going.size(); ++file) {
        const auto going = changes_.going.find(delta::file_key(file->path, {}));
        if (going != changes_.going.end()) LAGOA_TRY(touch(*file, going->second, nullptr));
    }
    for (const AddedFile& added : changes_.added) {
        const auto going = changes_.going.find(delta::file_key(added.file.path, {}));
        if (going != changes_.going.end()) LAGOA_TRY(touch(added.file, going->second, &added));
    }
    if (touched_.size() == changes_.going.size()) return {};
    return fail(ErrorCode::kInternal, "rows go out of {} files, of which {} are there", changes_.going.size(),
                touched_.size());
}

Result<> Settlement::touch(const delta::AddFile& file, const GoingRows& going, const AddedFile* added) {
    TouchedFile touched{.file = file,
                        .going = &going,
                        .gone = going.deleted.united(going.updated),
                        .added = added,
                        .staying = delta::live_row_count(file)};
    if (!touched.staying) touched.staying = LAGOA_TRY(count_live(file), "counting the rows of {}", file.path);
    if (*touched.staying < touched.gone.size())
        return fail(ErrorCode::kCorruption, "{} rows go out of {}, which has {}", touched.gone.size(), file.path,
                    *touched.staying);
    *touched.staying -= touched.gone.size();
    touched_.push_back(std::move(touched));
    return {};
}

Result<> Settlement::check_going() const {
    const bool own = std::ranges::any_of(touched_, [](const TouchedFile& file) { return file.added != nullptr; });
    return own ? check_own_rows(target_.metadata) : Result<>();
}

// Every file of the base that loses rows is removed: for good, for its copy, or for itself with another vector.
void Settlement::take_out() {
    for (const TouchedFile& touched : touched_) {
        if (touched.added) continue;
        settled_.removes.push_back(remove_of(touched.file));
        const bool had_vector = touched.file.deletion_vector.has_value();
        settled_.counts.deletion_vectors_removed += had_vector;
        if (writes_vectors_ && !touched.goes_whole()) continue;
        ++settled_.counts.files_removed;
        settled_.counts.bytes_removed += static_cast<std::uint64_t>(touched.file.size_bytes);
    }
}

bool Settlement::is_touched(const delta::AddFile& added) const {
    return changes_.going.contains(delta::file_key(added.path, {}));
}

void Settlement::add_untouched() {
    for (const AddedFile& added : changes_.added) {
        const bool is_marked =
            is_touched(added.file) && writes_vectors_ &&
            std::ranges::find(settled_.adds, added.file.path, &delta::AddFile::path) != settled_.adds.end();
        if (is_marked) continue;
        if (is_touched(added.file) || copied_along_.contains(added.file.path)) {
            settled_.unused.push_back(added.file);
            continue;
        }
        settled_.adds.push_back(added.file);
        ++settled_.counts.files_added;
        settled_.counts.bytes_added += static_cast<std::uint64_t>(added.file.size_bytes);
    }
}

// What a row was before the transaction decides as what it counts: one inserted and deleted again does not.
void Settlement::count_rows() {
    RowCounts& counts = settled_.counts;
    for (const AddedFile& added : changes_.added)
        if (added.kind == AddedKind::kInserted) counts.inserted += delta::live_row_count(added.file).value_or(0);
    std::uint64_t updated_and_deleted = 0;
    for (const TouchedFile& touched : touched_) {
        const std::uint64_t deleted = touched.going->deleted.size();
        if (touched.added == nullptr) {
            counts.deleted += deleted;
            counts.updated += touched.going->updated.size();
        } else if (touched.added->kind == AddedKind::kInserted) {
            counts.inserted -= std::min(counts.inserted, deleted);
        } else {
            updated_and_deleted += deleted;
        }
    }
    counts.unmatched = changes_.unmatched;
    counts.deleted += updated_and_deleted;
    counts.updated -= std::min(counts.updated, updated_and_deleted);
}

// ------------------------------------------------------------------ deletion vectors

Result<> Settlement::write_vectors() {
    std::vector<delta::DeletedRows> vectors;
    std::vector<const TouchedFile*> files;
    for (const TouchedFile& touched : touched_) {
        if (touched.goes_whole()) continue;
        vectors.push_back(LAGOA_TRY(all_deleted(touched)));
        files.push_back(&touched);
    }
    if (vectors.empty()) return {};
    // Small ones too: Delta's VACUUM LITE fails on tables whose tombstones have vectors inside the log.
    const auto placed = LAGOA_TRY(delta::write_deletion_vectors(target_.location, vectors));
    settled_.written.push_back(LAGOA_TRY(delta::deletion_vector_path(placed.front())));
    for (std::size_t i = 0; i < files.size(); ++i) {
        delta::AddFile file = files[i]->file;
        ++settled_.counts.deletion_vectors_added;
        settled_.counts.deletion_vectors_updated += file.deletion_vector.has_value();
        if (!delta::parse_row_count(file.stats))
            file.stats = with_row_count(file.stats, *files[i]->staying + vectors[i].size());
        file.stats = delta::with_loose_bounds(std::move(file.stats));
        file.deletion_vector = placed[i];
        file.data_change = true;
        settled_.adds.push_back(std::move(file));
    }
    return {};
}

// ------------------------------------------------------------------ copy on write

Result<> Settlement::copy_staying() {
    std::vector<CopiedFile> files;
    for (const TouchedFile& touched : touched_) {
        if (touched.goes_whole()) continue;
        const delta::DeletedRows deleted = LAGOA_TRY(all_deleted(touched));
        CopiedFile copied{.file = touched.file};
        copied.file.deletion_vector = delta::inline_deletion_vector(deleted);
        const double part =
            static_cast<double>(*touched.staying) / static_cast<double>(*touched.staying + deleted.size());
        copied.stay_bytes = static_cast<std::uint64_t>(part * static_cast<double>(touched.file.size_bytes));
        if (!touched.added) settled_.counts.copied += *touched.staying;
        files.push_back(std::move(copied));
    }
    std::vector<CopiedFile> coming;
    for (const AddedFile& added : changes_.added)
        if (!is_touched(added.file))
            coming.push_back({.file = added.file, .stay_bytes = static_cast<std::uint64_t>(added.file.size_bytes)});
    for (const CopyBatch& batch : plan_copies(target_.metadata, std::move(files), std::move(coming))) {
        for (const delta::AddFile& file : batch.files) copied_along_.insert(file.path);
        LAGOA_TRY(copy(batch));
    }
    return {};
}

Result<> Settlement::copy(const CopyBatch& batch) {
    StagingTarget target = staging_target();
    target.hidden = row_tracking_columns(target_.metadata);
    if (batch.partition) target.partition = OnePartition{.values = *batch.partition, .folder = folder_of(batch.files)};
    const auto rows = hold(batch.files);
    const std::string select = fmt::format("SELECT {} FROM {} AS t",
                                           copied_columns(target_.metadata, batch.partition.has_value()), rows->sql());
    StagedRows staged = LAGOA_TRY(stage_rows(session_, select, target), "copying the rows that stay");
    for (delta::AddFile& file : staged.files) {
        settled_.written.push_back(delta::decode_path(file.path));
        ++settled_.counts.files_added;
        settled_.counts.bytes_added += static_cast<std::uint64_t>(file.size_bytes);
        settled_.adds.push_back(std::move(file));
    }
    return {};
}

// ------------------------------------------------------------------ the change data feed

// Readers take the changes of a commit without change files from its added and removed files. One with change files
// says all of its changes there, whole files that come and go too.
bool Settlement::needs_change_files() const {
    if (!has_change_feed(target_.metadata)) return false;
    const auto is_told_by_files = [](const TouchedFile& touched) {
        return touched.goes_whole() && touched.going->updated.size() == 0;
    };
    const auto is_update = [](const AddedFile& added) { return added.kind == AddedKind::kUpdated; };
    return !std::ranges::all_of(touched_, is_told_by_files) || std::ranges::any_of(changes_.added, is_update);
}

Result<> Settlement::write_change_files() {
    std::vector<std::unique_ptr<HeldSnapshot>> held;
    std::vector<std::string> selects;
    const std::string columns = [&] {
        std::vector<std::string> quoted;
        for (const Field& field : target_.metadata.schema.fields) quoted.push_back("t." + quote_identifier(field.name));
        return fmt::format("{}", fmt::join(quoted, ", "));
    }();
    const auto add = [&](std::string_view type, std::vector<delta::AddFile> files, OnlyRows only) {
        if (files.empty()) return;
        held.push_back(hold(std::move(files), std::move(only)));
        selects.push_back(fmt::format("SELECT {}, {} FROM {} AS t", columns, quote_literal(type), held.back()->sql()));
    };
    const auto add_going = [&](std::string_view type, delta::DeletedRows GoingRows::* rows) {
        std::vector<delta::AddFile> files;
        OnlyRows only;
        for (const TouchedFile& touched : touched_) {
            const delta::DeletedRows& going = touched.going->*rows;
            if (going.size() == 0) continue;
            only.emplace(files.size(), std::make_shared<const delta::DeletedRows>(going));
            files.push_back(touched.file);
        }
        add(type, std::move(files), std::move(only));
    };
    const auto add_coming = [&](std::string_view type, AddedKind kind) {
        std::vector<delta::AddFile> files;
        for (const AddedFile& added : changes_.added)
            if (added.kind == kind) files.push_back(added.file);
        add(type, std::move(files), {});
    };
    add_going("delete", &GoingRows::deleted);
    add_going("update_preimage", &GoingRows::updated);
    add_coming("update_postimage", AddedKind::kUpdated);
    add_coming("insert", AddedKind::kInserted);

    StagingTarget target = staging_target();
    target.location.path += fmt::format("/{}", kChangeFolder);
    target.url += fmt::format("/{}", kChangeFolder);
    target.hidden = {
        Field{.name = "_change_type", .type = {.kind = TypeKind::kString, .children = {}}, .metadata = {}}};
    const StagedRows staged =
        LAGOA_TRY(stage_rows(session_, fmt::format("{}", fmt::join(selects, " UNION ALL ")), target));
    for (const delta::AddFile& file : staged.files) {
        settled_.written.push_back(fmt::format("{}/{}", kChangeFolder, delta::decode_path(file.path)));
        settled_.cdc.push_back({.path = fmt::format("{}/{}", kChangeFolder, file.path),
                                .partition_values = file.partition_values,
                                .size_bytes = file.size_bytes});
    }
    settled_.counts.change_files = settled_.cdc.size();
    return {};
}

// ------------------------------------------------------------------ parts

Result<delta::DeletedRows> Settlement::all_deleted(const TouchedFile& touched) const {
    if (!touched.file.deletion_vector) return touched.gone;
    const delta::DeletedRows before =
        LAGOA_TRY(delta::read_deletion_vector(target_.location, *touched.file.deletion_vector),
                  "reading the deleted rows of {}", touched.file.path);
    return before.united(touched.gone);
}

Result<std::uint64_t> Settlement::count_live(const delta::AddFile& file) {
    const auto held = hold({file});
    // Of a column that only the file knows: its statistics do not tell.
    const auto count =
        LAGOA_TRY(session_.value(fmt::format("SELECT count(t.file_row_number) FROM {} AS t", held->sql())));
    return count ? json::Number{*count}.to_int64().value_or(0) : 0;
}

StagingTarget Settlement::staging_target() const {
    StagingTarget target{.location = target_.location,
                         .url = target_.url,
                         .metadata = target_.metadata,
                         .hidden = {},
                         .tight_bounds = delta::has_feature(target_.protocol, "deletionVectors"),
                         .new_rows = false,
                         .partition = {}};
    return target;
}

std::shared_ptr<const delta::Snapshot> Settlement::part(std::vector<delta::AddFile> files) const {
    auto snapshot = std::make_shared<delta::Snapshot>(*target_.base);
    snapshot->metadata = target_.metadata;
    snapshot->protocol = target_.protocol;
    snapshot->files = delta::FileList(std::move(files));
    return snapshot;
}

std::unique_ptr<HeldSnapshot> Settlement::hold(std::vector<delta::AddFile> files, OnlyRows only) {
    return std::make_unique<HeldSnapshot>(session_, part(std::move(files)), target_.url, target_.location,
                                          std::move(only));
}

}  // namespace

Result<> check_own_rows(const delta::Metadata& metadata) {
    if (!has_change_feed(metadata)) return {};
    return fail_with_hint(ErrorCode::kUnsupported, "COMMIT before rows that were written are changed again.",
                          "changing rows that the same transaction wrote, in a table with a change data feed");
}

Result<SettledRows> settle_rows(Session& session, const SettleTarget& target, const RowChanges& changes) {
    return Settlement(session, target, changes).run();
}

}  // namespace lagoa
