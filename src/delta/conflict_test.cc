// Goal: which pairs of commits can stand together is Delta's answer, case by case. Method: a table of what we try, what
// another writer committed first and the verdict, in words that a person would use.
#include "delta/impl/conflict.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/delta_table.h"

namespace lagoa::delta {
namespace {

using test::DeltaTable;

// Each line: ours | theirs | verdict.
//
// `blind`, `files`, `table`: what was read: nothing, some files (and what the name of a file that begins with `k` says,
// the key's place), the whole table. `+f`, `-f`: a file that is added or removed, `f@1` with a deletion vector; `~+f`,
// `~-f`: its rows were only moved. `reads=f`: a file that was read and stays. `weak`: write-serializable. `txn=5`,
// `domain=d`, `schema`, `protocol`.
constexpr std::string_view kCases = R"(
    # Appends never stand in each other's way, nor in the way of a change of rows.
    blind +a            | blind +b            | stands
    blind +a            | table -x +b         | stands
    blind +a            | files -x            | stands
    blind +a            | blind ~-x ~+y       | stands

    # What the table is, is everyone's business.
    blind +a            | blind schema        | conflict
    blind +a            | blind protocol      | conflict
    files -x +a         | blind schema        | conflict
    blind ~-x ~+y       | blind schema        | conflict
    table schema        | blind schema        | conflict
    blind schema        | blind +b            | stands
    blind schema        | table -x +b         | stands

    # Who read all of the table cannot come after any change of it.
    table -x +a         | blind +b            | conflict
    table -x +a         | files -y            | conflict
    table -x +a         | blind ~-y ~+z       | conflict
    table -x +a         | blind txn=3         | stands

    # Merges of other files and other keys stand, with one another and with appends.
    files -x +a         | files -y +b         | stands
    files -x +a         | files -y            | stands
    files -x +a         | blind +b            | stands
    files -x +a         | files -x +b         | conflict
    files -x +a         | files -x            | conflict
    files -x +a         | files -y +k1        | conflict
    files -x +a         | blind +k1           | conflict
    files -x reads=y +a | files -y +b         | conflict
    files -x reads=y +a | files -z +b         | stands

    # Rows that a merge found and let alone, so that it did not insert them.
    files needs=y +a    | files -y            | conflict
    files needs=y +a    | files -y +y@1       | conflict
    files needs=y +a    | files -z            | stands
    files needs=y +a    | blind ~-y ~+z       | stands

    # A file that loses rows by a deletion vector is one removed and one added: only one writer can do it.
    files -x +x@1       | files -y +y@1       | stands
    files -x +x@1       | blind +b            | stands
    files -x +x@1       | files -x +x@2       | conflict
    files -x@1 +x@2     | files -x@1 +x@3     | conflict
    files -x@1 +x@2     | files -x@1 +b       | conflict
    files -x            | files -x +x@1       | conflict
    files -x +x@1       | files -x            | conflict
    files -x +x@1       | blind ~-x ~+z       | conflict
    files -x +x@1       | blind ~-y ~+z       | stands
    table ~-x ~-y ~+z   | files -x +x@1       | conflict
    table ~-x ~-y ~+z   | files -v +v@1       | stands

    # Rows that were moved were read where they came from.
    files -x +a         | blind ~-y ~+k1      | stands
    files -x +a         | blind ~-x ~+y       | conflict
    files -x reads=y +a | blind ~-y ~+z       | conflict

    # Write-serializable: an append that read nothing came before or after us, as we like.
    weak files -x +a    | blind +k1           | stands
    weak table -x +a    | blind +b            | stands
    weak files -x +a    | files +k1           | conflict
    weak table -x +a    | table +b            | conflict
    weak table -x +a schema | blind +b        | conflict
    weak files -x +a    | blind schema        | conflict

    # Compaction reads no rows: it minds only that its files are still there.
    table ~-x ~-y ~+z   | blind +b            | stands
    table ~-x ~-y ~+z   | files -v +k1        | stands
    table ~-x ~-y ~+z   | files -y +b         | conflict
    table ~-x ~-y ~+z   | blind ~-x ~+w       | conflict
    table ~-x +z        | blind +b            | conflict

    # An application's batches come once and in order.
    blind +a txn=5      | blind +b txn=5      | done
    blind +a txn=5      | blind +b txn=6      | done
    blind +a txn=5      | blind +b txn=4      | conflict
    blind +a txn=5      | blind schema txn=5  | done

    # Domains are changed one at a time; the system's own is made anew.
    blind domain=d      | blind domain=d      | conflict
    blind domain=d      | blind domain=e      | stands
    blind domain=delta.rowTracking | blind domain=delta.rowTracking | stands
)";

// The same words on both sides.
struct Commit {
    CommitRequest request;
    Isolation isolation = Isolation::kSerializable;
    bool changes_protocol = false;
};

Commit parse(std::string_view text) {
    Commit commit;
    auto& request = commit.request;
    request.read_set = ReadSet::nothing();
    for (std::string_view word : split(trim(text), ' ')) {
        const bool moved = word.starts_with('~');
        if (moved) word.remove_prefix(1);
        if (word == "blind") request.read_set = ReadSet::nothing();
        if (word == "table") request.read_set = ReadSet::whole_table();
        if (word == "files") {
            request.read_set.scope = ReadSet::Scope::kFiles;
            request.read_set.may_match = [](const AddFile& added) { return added.path.starts_with('k'); };
        }
        if (word.starts_with("reads=")) request.read_set.files.push_back(file_key(word.substr(6), {}));
        if (word.starts_with("needs="))
            request.read_set.was_needed = [needed = std::string(word.substr(6))](const RemoveFile& removed) {
                return removed.path == needed;
            };
        if (word == "weak") commit.isolation = Isolation::kWriteSerializable;
        if (word == "schema") request.metadata = DeltaTable::metadata();
        if (word == "protocol") commit.changes_protocol = true;
        if (word.starts_with("domain="))
            request.domains.push_back({.domain = std::string(word.substr(7)), .configuration = "{}", .removed = false});
        if (word.starts_with("txn="))
            request.txns.push_back({.app_id = "loader", .version = word.back() - '0', .last_updated_ms = {}});
        const std::string_view file = word.substr(1, word.find('@') - 1);
        std::optional<DeletionVector> vector;
        if (const auto at = word.find('@'); at != std::string_view::npos)
            vector =
                DeletionVector{.storage_type = "u", .path_or_inline = std::string(word.substr(at + 1)), .offset = 1};
        if (word.starts_with('+')) {
            request.adds.push_back(DeltaTable::add(std::string(file)));
            request.adds.back().data_change = !moved;
            request.adds.back().deletion_vector = vector;
        }
        if (word.starts_with('-')) {
            request.removes.push_back(DeltaTable::remove(std::string(file)));
            request.removes.back().data_change = !moved;
            request.removes.back().deletion_vector = vector;
        }
    }
    return commit;
}

std::vector<Action> actions_of(const Commit& commit) {
    const auto& request = commit.request;
    const bool is_blind = request.read_set.scope == ReadSet::Scope::kNothing && request.removes.empty();
    std::vector<Action> actions = {CommitInfo{json::make_object({{"isBlindAppend", is_blind}})}};
    if (commit.changes_protocol) actions.emplace_back(Protocol());
    if (request.metadata) actions.emplace_back(*request.metadata);
    for (const auto& domain : request.domains) actions.emplace_back(domain);
    for (const auto& txn : request.txns) actions.emplace_back(txn);
    for (const auto& remove : request.removes) actions.emplace_back(remove);
    for (const auto& add : request.adds) actions.emplace_back(add);
    return actions;
}

std::string verdict(const Commit& ours, const Commit& theirs) {
    const auto checked = check_conflict(ours.request, ours.isolation, 3, actions_of(theirs));
    if (checked) return "stands";
    if (checked.error().code == ErrorCode::kConflict) return "conflict";
    return checked.error().code == ErrorCode::kAlreadyExists ? "done" : checked.error().message;
}

TEST(Conflict, VerdictsAreDeltas) {
    int cases = 0;
    for (const auto line : split(kCases, '\n')) {
        if (trim(line).empty() || trim(line).starts_with('#')) continue;
        const auto parts = split(line, '|');
        ASSERT_EQ(parts.size(), 3U) << line;
        EXPECT_EQ(verdict(parse(parts[0]), parse(parts[1])), trim(parts[2])) << line;
        ++cases;
    }
    EXPECT_GT(cases, 40);
}

TEST(Conflict, TableSaysHowStrict) {
    const auto level = [](std::optional<std::string> property, std::optional<Isolation> wanted) {
        Metadata metadata;
        if (property) metadata.configuration["delta.isolationLevel"] = *property;
        CommitRequest request;
        request.isolation = wanted;
        return isolation_of(request, metadata);
    };
    constexpr auto kStrict = Isolation::kSerializable;
    constexpr auto kWeak = Isolation::kWriteSerializable;
    EXPECT_EQ(level({}, {}), kStrict);
    EXPECT_EQ(level({}, kWeak), kWeak);
    EXPECT_EQ(level("WriteSerializable", {}), kWeak);
    EXPECT_EQ(level("WriteSerializable", kStrict), kStrict);
    EXPECT_EQ(level("Serializable", kWeak), kStrict);
    EXPECT_EQ(level("something", kWeak), kStrict);
}

}  // namespace
}  // namespace lagoa::delta
