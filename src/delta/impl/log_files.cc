#include "delta/impl/log_files.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "delta/log_json.h"

namespace lagoa::delta {
namespace {

constexpr std::size_t kVersionDigits = 20;
constexpr std::size_t kPartDigits = 10;
constexpr std::uint64_t kFirstActionBytes = 16 * 1024;  // most commitInfos are shorter

// The number that exactly `digits` digits make, leading zeros included.
std::optional<std::int64_t> parse_digits(std::string_view text, std::size_t digits) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    if (text.size() != digits || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    if (std::from_chars(text.data(), end, value).ec != std::errc{}) return std::nullopt;
    return value;
}

// The parts of a multi-part checkpoint, keyed by how many there are to be: two writers may have split one
// version differently, and only a set of one split is whole.
using Splits = std::map<std::int64_t, std::map<std::int64_t, ObjectInfo>>;

class Sorter {
public:
    void add(ObjectInfo object) {
        const std::string_view name = std::string_view(object.key).substr(object.key.rfind('/') + 1);
        const auto pieces = split(name, '.');
        const auto version = parse_digits(pieces[0], kVersionDigits);
        if (!version) return;
        if (pieces.size() == 2 && pieces[1] == "json")
            files_.commits.emplace(*version, std::move(object));
        else if (pieces.size() == 4 && pieces[2] == "compacted" && pieces[3] == "json")
            add_compaction(*version, parse_digits(pieces[1], kVersionDigits), std::move(object));
        else if (pieces.size() >= 3 && pieces[1] == "checkpoint")
            add_checkpoint(*version, pieces, std::move(object));
    }

    LogFiles finish() {
        for (auto& [version, splits] : splits_)
            for (auto& [count, parts] : splits) add_split(version, count, std::move(parts));
        // Of one version the single file is best: it is read with the fewest requests, the manifests of v2 come next.
        files_.checkpoints.insert(files_.checkpoints.end(), manifests_.begin(), manifests_.end());
        files_.checkpoints.insert(files_.checkpoints.end(), singles_.begin(), singles_.end());
        std::ranges::stable_sort(files_.checkpoints, {}, &Checkpoint::version);
        return std::move(files_);
    }

private:
    // `<version>.checkpoint.parquet`, `….checkpoint.<part>.<parts>.parquet`, `….checkpoint.<uuid>.(parquet|json)`
    void add_checkpoint(Version version, const std::vector<std::string_view>& pieces, ObjectInfo object) {
        if (pieces.size() == 3 && pieces[2] == "parquet") {
            singles_.push_back({.version = version, .parts = {std::move(object)}});
        } else if (pieces.size() == 5 && pieces[4] == "parquet") {
            const auto part = parse_digits(pieces[2], kPartDigits);
            const auto parts = parse_digits(pieces[3], kPartDigits);
            if (part && parts && *parts > 0) splits_[version][*parts].emplace(*part, std::move(object));
        } else if (pieces.size() == 4 && !pieces[2].empty() && (pieces[3] == "parquet" || pieces[3] == "json")) {
            manifests_.push_back({.version = version, .parts = {std::move(object)}});
        }
    }

    void add_split(Version version, std::int64_t count, std::map<std::int64_t, ObjectInfo> parts) {
        const bool whole = parts.begin()->first == 1 && parts.rbegin()->first == count &&
                           static_cast<std::int64_t>(parts.size()) == count;
        if (!whole) return;
        Checkpoint checkpoint{.version = version, .parts = {}};
        for (auto& [number, part] : parts) checkpoint.parts.push_back(std::move(part));
        files_.checkpoints.push_back(std::move(checkpoint));
    }

    void add_compaction(Version first, std::optional<Version> last, ObjectInfo object) {
        if (!last || *last <= first) return;
        files_.compactions[first].push_back({.first = first, .last = *last, .object = std::move(object)});
    }

    LogFiles files_;
    std::map<Version, Splits> splits_;
    std::vector<Checkpoint> manifests_;
    std::vector<Checkpoint> singles_;
};

}  // namespace

std::string log_key(const TableLocation& table, std::string_view name) {
    return fmt::format("{}{}_delta_log/{}", table.path, table.path.empty() ? "" : "/", name);
}

std::string commit_key(const TableLocation& table, Version version) {
    return log_key(table, fmt::format("{:020}.json", version));
}

std::string checkpoint_key(const TableLocation& table, Version version) {
    return log_key(table, fmt::format("{:020}.checkpoint.parquet", version));
}

std::string last_checkpoint_key(const TableLocation& table) {
    return log_key(table, "_last_checkpoint");
}

std::string sidecar_key(const TableLocation& table, const Sidecar& sidecar) {
    const std::string path = decode_path(sidecar.path);
    return log_key(table, "_sidecars/" + path.substr(path.rfind('/') + 1));
}

std::optional<Version> LogFiles::newest() const {
    std::optional<Version> version;
    if (!commits.empty()) version = commits.rbegin()->first;
    if (!checkpoints.empty()) version = std::max(version.value_or(0), checkpoints.back().version);
    return version;
}

std::optional<Version> LogFiles::oldest() const {
    if (commits.contains(0)) return 0;
    if (!checkpoints.empty()) return checkpoints.front().version;
    return std::nullopt;
}

Result<LogFiles> list_log(const TableLocation& table, Version from) {
    const std::string folder = log_key(table, "");
    // Every file of version `from` has a name longer than its digits, so it sorts after them.
    const std::string after = from > 0 ? fmt::format("{}{:020}", folder, from) : std::string();
    auto objects = LAGOA_TRY(table.store->list(folder, after));
    Sorter sorter;
    for (auto& object : objects)
        if (object.key.find('/', folder.size()) == std::string::npos) sorter.add(std::move(object));
    return sorter.finish();
}

Result<std::optional<Version>> read_last_checkpoint(const TableLocation& table) {
    const auto text = table.store->get(last_checkpoint_key(table));
    if (!text && text.error().code == ErrorCode::kNotFound) return std::nullopt;
    if (!text) return pass_on(text.error());
    const auto value = json::parse(*text);
    if (!value) return std::nullopt;
    const auto version = value->int64_at("version");
    if (!version || *version < 0) return std::nullopt;
    return version;
}

Result<std::optional<std::int64_t>> read_in_commit_timestamp(const TableLocation& table, const std::string& key) {
    std::string text = LAGOA_TRY(table.store->get_range(key, 0, kFirstActionBytes));
    if (text.size() == kFirstActionBytes && text.find('\n') == std::string::npos)
        text = LAGOA_TRY(table.store->get(key));
    const auto action =
        LAGOA_TRY(parse_action(trim(std::string_view(text).substr(0, text.find('\n')))), "reading {}, line 1", key);
    const auto* const info = action ? std::get_if<CommitInfo>(&*action) : nullptr;
    return info == nullptr ? std::nullopt : in_commit_timestamp(info->fields);
}

}  // namespace lagoa::delta
