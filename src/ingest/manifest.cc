#include "ingest/manifest.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace lagoa::ingest {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kSequenceDigits = 20;
constexpr int kMaxRaces = 100;  // runs of one source that commit while we try

constexpr std::array<std::pair<RecordFormat, std::string_view>, 4> kFormats = {{
    {RecordFormat::kNone, "none"},
    {RecordFormat::kJson, "json"},
    {RecordFormat::kJsonLines, "json_lines"},
    {RecordFormat::kParquet, "parquet"},
}};

std::string_view name_of(RecordFormat format) {
    return std::ranges::find(kFormats, format, &decltype(kFormats)::value_type::first)->second;
}

std::string folder_of(std::string_view source) {
    return fmt::format("{}/_runs/", source);
}

std::string key_of(std::string_view source, std::uint64_t sequence) {
    return fmt::format("{}{:020}.json", folder_of(source), sequence);
}

// nullopt for an object in the folder that is no manifest.
std::optional<std::uint64_t> sequence_of(std::string_view source, std::string_view key) {
    const std::string folder = folder_of(source);
    if (!key.starts_with(folder) || !key.ends_with(".json")) return std::nullopt;
    const std::string_view digits = key.substr(folder.size(), key.size() - folder.size() - 5);
    std::uint64_t sequence = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), sequence);
    if (digits.size() != kSequenceDigits || error != std::errc() || end != digits.data() + digits.size())
        return std::nullopt;
    return sequence;
}

// In order, above `after`.
Result<std::vector<std::uint64_t>> sequences(ObjectStore& landing, std::string_view source, std::uint64_t after) {
    std::vector<std::uint64_t> out;
    const auto listed = LAGOA_TRY(landing.list(folder_of(source), after == 0 ? std::string() : key_of(source, after)),
                                  "listing the manifests of {}", source);
    for (const ObjectInfo& object : listed)
        if (const auto sequence = sequence_of(source, object.key)) out.push_back(*sequence);
    return out;
}

json::Value to_json(const LandedObject& object) {
    json::Object out = json::make_object({{"key", object.key},
                                          {"stream", object.stream},
                                          {"item", object.item},
                                          {"format", std::string(name_of(object.format))}});
    if (!object.records_of.empty()) out.set("records_of", object.records_of);
    out.set("sha256", object.sha256);
    out.set("size_bytes", object.size_bytes);
    out.set("records", object.records);
    out.set("fetched", format_instant(object.fetched));
    out.set("request", object.request);
    out.set("response", object.response);
    return out;
}

json::Value to_json(const ItemFailure& failure) {
    return json::make_object(
        {{"stream", failure.stream}, {"item", failure.item}, {"code", failure.code}, {"message", failure.message}});
}

std::unexpected<Error> damaged(std::string_view field) {
    return fail(ErrorCode::kCorruption, "not a manifest: `{}` is missing or of another kind", field);
}

Result<std::string> text_at(const json::Value& value, std::string_view field) {
    auto text = value.string_at(field);
    if (!text) return damaged(field);
    return *std::move(text);
}

Result<std::uint64_t> count_at(const json::Value& value, std::string_view field) {
    const auto number = value.int64_at(field);
    if (!number || *number < 0) return damaged(field);
    return static_cast<std::uint64_t>(*number);
}

Result<Instant> instant_at(const json::Value& value, std::string_view field) {
    const auto instant = parse_instant(value.string_at(field).value_or(""));
    if (!instant) return damaged(field);
    return *instant;
}

Result<json::Object> object_at(const json::Value& value, std::string_view field) {
    const json::Value* member = value.find(field);
    if (member == nullptr || !member->is_object()) return damaged(field);
    return *member->object();
}

Result<const json::Array*> array_at(const json::Value& value, std::string_view field) {
    const json::Value* member = value.find(field);
    if (member == nullptr || !member->is_array()) return damaged(field);
    return member->array();
}

Result<LandedObject> landed_object(const json::Value& value) {
    LandedObject out;
    out.key = LAGOA_TRY(text_at(value, "key"));
    out.stream = LAGOA_TRY(text_at(value, "stream"));
    out.item = LAGOA_TRY(text_at(value, "item"));
    const std::string format = LAGOA_TRY(text_at(value, "format"));
    const auto known = std::ranges::find(kFormats, format, &decltype(kFormats)::value_type::second);
    if (known == kFormats.end())
        return fail(ErrorCode::kUnsupported, "{} has the record format {}, which this version does not know", out.key,
                    format);
    out.format = known->first;
    out.records_of = value.string_at("records_of").value_or("");
    out.sha256 = LAGOA_TRY(text_at(value, "sha256"));
    out.size_bytes = LAGOA_TRY(count_at(value, "size_bytes"));
    out.records = LAGOA_TRY(count_at(value, "records"));
    out.fetched = LAGOA_TRY(instant_at(value, "fetched"));
    out.request = LAGOA_TRY(object_at(value, "request"));
    out.response = LAGOA_TRY(object_at(value, "response"));
    return out;
}

Result<ItemFailure> item_failure(const json::Value& value) {
    ItemFailure out;
    out.stream = LAGOA_TRY(text_at(value, "stream"));
    out.item = LAGOA_TRY(text_at(value, "item"));
    out.code = LAGOA_TRY(text_at(value, "code"));
    out.message = LAGOA_TRY(text_at(value, "message"));
    return out;
}

std::string repair_hint(std::string_view source) {
    return fmt::format("Restore landing/{} from a backup; without one, see Repair in docs/formats/manifest.md.",
                       folder_of(source));
}

Result<Manifest> read_manifest(ObjectStore& landing, std::string_view source, std::uint64_t sequence) {
    const std::string key = key_of(source, sequence);
    const std::string text = LAGOA_TRY(landing.get(key), "reading manifest {}", key);
    const auto damaged_by = [&](const Error& error) {
        return fail_with_hint(error.code, error.code == ErrorCode::kCorruption ? repair_hint(source) : error.hint,
                              "reading manifest {}: {}", key, error.message);
    };
    const auto value = json::parse(text);
    if (!value) return damaged_by({.code = ErrorCode::kCorruption, .message = value.error().message});
    auto manifest = manifest_from_json(*value);
    if (!manifest) return damaged_by(manifest.error());
    if (manifest->source != source || manifest->sequence != sequence)
        return damaged_by({.code = ErrorCode::kCorruption,
                           .message = fmt::format("it says {} number {}", manifest->source, manifest->sequence)});
    return manifest;
}

Result<bool> holds(ObjectStore& landing, std::string_view key, std::string_view text) {
    const auto there = landing.get(key);
    if (!there && there.error().code == ErrorCode::kNotFound) return false;
    if (!there) return pass_on(there.error());
    return *there == text;
}

}  // namespace

json::Value to_json(const Manifest& manifest) {
    json::Array objects;
    for (const LandedObject& object : manifest.objects) objects.push_back(to_json(object));
    json::Array failures;
    for (const ItemFailure& failure : manifest.failures) failures.push_back(to_json(failure));
    return json::make_object({{"format", kFormat},
                              {"source", manifest.source},
                              {"sequence", manifest.sequence},
                              {"run", manifest.run},
                              {"started", format_instant(manifest.started)},
                              {"finished", format_instant(manifest.finished)},
                              {"objects", std::move(objects)},
                              {"failures", std::move(failures)},
                              {"cursor", manifest.cursor}});
}

Result<Manifest> manifest_from_json(const json::Value& value) {
    const auto format = value.int64_at("format");
    if (!format) return damaged("format");
    if (*format > kFormat)
        return fail(ErrorCode::kUnsupported, "the manifest has format {}; this version reads up to {}", *format,
                    kFormat);
    Manifest out;
    out.source = LAGOA_TRY(text_at(value, "source"));
    out.sequence = LAGOA_TRY(count_at(value, "sequence"));
    out.run = LAGOA_TRY(text_at(value, "run"));
    out.started = LAGOA_TRY(instant_at(value, "started"));
    out.finished = LAGOA_TRY(instant_at(value, "finished"));
    const json::Array* objects = LAGOA_TRY(array_at(value, "objects"));
    for (const json::Value& object : *objects) out.objects.push_back(LAGOA_TRY(landed_object(object)));
    const json::Array* failures = LAGOA_TRY(array_at(value, "failures"));
    for (const json::Value& failure : *failures) out.failures.push_back(LAGOA_TRY(item_failure(failure)));
    if (const json::Value* cursor = value.find("cursor")) out.cursor = *cursor;
    return out;
}

Result<std::uint64_t> commit_manifest(ObjectStore& landing, Manifest& manifest) {
    const auto taken = LAGOA_TRY(sequences(landing, manifest.source, 0));
    manifest.sequence = taken.empty() ? 1 : taken.back() + 1;
    for (int race = 0; race < kMaxRaces; ++race, ++manifest.sequence) {
        const std::string key = key_of(manifest.source, manifest.sequence);
        const std::string text = json::dump(to_json(manifest), 1) + '\n';
        const auto put = landing.put_if_absent(key, text);
        if (put) return manifest.sequence;
        // Already there, or an unknown outcome: it may be ours, from an attempt below that was repeated.
        const ErrorCode code = put.error().code;
        const bool taken_or_unknown = code == ErrorCode::kAlreadyExists || is_outcome_unknown(code);
        const auto ours = taken_or_unknown ? holds(landing, key, text) : Result<bool>(false);
        if (ours && *ours) return manifest.sequence;
        if (ours && code == ErrorCode::kAlreadyExists) continue;
        return pass_on(put.error(), "committing manifest {}", key);
    }
    return fail(ErrorCode::kConflict, "committing a manifest of {}: {} other runs were faster", manifest.source,
                kMaxRaces);
}

Result<std::vector<Manifest>> manifests_after(ObjectStore& landing, std::string_view source, std::uint64_t after,
                                              std::uint64_t max_bytes) {
    std::vector<Manifest> out;
    std::uint64_t expected = after + 1;
    std::uint64_t bytes = 0;
    for (const std::uint64_t sequence : LAGOA_TRY(sequences(landing, source, after))) {
        if (sequence != expected)
            return fail_with_hint(ErrorCode::kCorruption, repair_hint(source),
                                  "manifest {} is missing: the next one is {}", key_of(source, expected), sequence);
        Manifest manifest = LAGOA_TRY(read_manifest(landing, source, sequence));
        for (const LandedObject& object : manifest.objects) bytes += object.size_bytes;
        if (!out.empty() && bytes > max_bytes) break;
        out.push_back(std::move(manifest));
        ++expected;
    }
    return out;
}

Result<std::optional<Manifest>> last_manifest(ObjectStore& landing, std::string_view source) {
    const auto taken = LAGOA_TRY(sequences(landing, source, 0));
    if (taken.empty()) return std::optional<Manifest>();
    return std::optional(LAGOA_TRY(read_manifest(landing, source, taken.back())));
}

}  // namespace lagoa::ingest
