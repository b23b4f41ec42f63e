#include "catalog/impl/lake_checkpoint.h"

#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "catalog/impl/lake_entry.h"

namespace lagoa {
namespace {

constexpr std::string_view kFolder = "_lagoa/checkpoints/";
constexpr std::string_view kFormat = "lagoa.lake.checkpoint/1";

std::string key_of(const LakeCheckpointName& name) {
    return fmt::format("{}{:020}-{}.json", kFolder, name.version, name.time.time_since_epoch().count());
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<LakeCheckpointName> parse_key(std::string_view key) {
    constexpr std::size_t kDigits = 20;
    if (!key.starts_with(kFolder) || !key.ends_with(".json")) return std::nullopt;
    const std::string_view stem = key.substr(kFolder.size(), key.size() - kFolder.size() - 5);
    if (stem.size() < kDigits + 2 || stem[kDigits] != '-') return std::nullopt;
    const auto version = parse_number<std::uint64_t>(stem.substr(0, kDigits));
    const auto micros = parse_number<std::int64_t>(stem.substr(kDigits + 1));
    if (!version || !micros || *version == 0 || *version % kLakeCheckpointInterval != 0) return std::nullopt;
    return LakeCheckpointName{*version, Instant(std::chrono::microseconds(*micros))};
}

// FNV-1a, 64 bits: against damage, not against malice.
std::string checksum(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    return fmt::format("{:016x}", hash);
}

json::Value to_json(const std::vector<LakeMark>& marks) {
    json::Array array;
    for (const LakeMark& mark : marks)
        array.push_back(
            json::make_object({{"version", mark.version}, {"time", format_instant(mark.time)}, {"run", mark.run}}));
    return array;
}

std::unexpected<Error> damaged(const LakeCheckpointName& name, std::string_view what) {
    return fail(ErrorCode::kCorruption, "reading {}: {}", key_of(name), what);
}

}  // namespace

Result<std::vector<LakeCheckpointName>> list_lake_checkpoints(ObjectStore& store) {
    std::vector<LakeCheckpointName> names;
    for (const ObjectInfo& object : LAGOA_TRY(store.list(kFolder), "listing checkpoints of the lake log"))
        if (const auto name = parse_key(object.key)) names.push_back(*name);
    return names;
}

Result<> write_lake_checkpoint(ObjectStore& store, std::uint64_t version) {
    LakeCheckpoint checkpoint;
    for (std::uint64_t each = version - kLakeCheckpointInterval + 1; each <= version; ++each) {
        LakeEntry entry = LAGOA_TRY(read_lake_entry(store, each));
        checkpoint.marks.push_back({each, entry.state.time, std::move(entry.state.run)});
        checkpoint.id = std::move(entry.id);
    }
    const LakeCheckpointName name{version, checkpoint.marks.back().time};
    json::Value entries = to_json(checkpoint.marks);
    const std::string sum = checksum(json::dump(entries));
    const json::Value value = json::make_object(
        {{"format", kFormat}, {"id", checkpoint.id}, {"checksum", sum}, {"entries", std::move(entries)}});
    const auto put = store.put_if_absent(key_of(name), json::dump(value, 2) + "\n");
    if (!put && put.error().code != ErrorCode::kAlreadyExists) return pass_on(put.error(), "writing {}", key_of(name));
    return {};
}

Result<LakeCheckpoint> read_lake_checkpoint(ObjectStore& store, const LakeCheckpointName& name) {
    const std::string text = LAGOA_TRY(store.get(key_of(name)));
    const auto value = json::parse(text);
    if (!value) return damaged(name, value.error().message);
    const std::string format = value->string_at("format").value_or("");
    if (format != kFormat)
        return fail(ErrorCode::kUnsupported, "reading {}: its format is \"{}\"", key_of(name), format);
    const json::Value* entries = value->find("entries");
    if (entries == nullptr || !entries->is_array() || value->string_at("checksum") != checksum(json::dump(*entries)))
        return damaged(name, "its checksum is another");
    LakeCheckpoint checkpoint;
    checkpoint.id = value->string_at("id").value_or("");
    std::uint64_t expected = name.version - kLakeCheckpointInterval;
    for (const json::Value& entry : *entries->array()) {
        const auto version = entry.int64_at("version");
        const auto time = parse_instant(entry.string_at("time").value_or(""));
        if (!version || static_cast<std::uint64_t>(*version) != ++expected || !time)
            return damaged(name, fmt::format("its entry {}", checkpoint.marks.size()));
        checkpoint.marks.push_back({expected, *time, entry.string_at("run").value_or("")});
    }
    if (checkpoint.marks.size() != kLakeCheckpointInterval || checkpoint.marks.back().time != name.time)
        return damaged(name, "its entries are not those of its name");
    return checkpoint;
}

}  // namespace lagoa
