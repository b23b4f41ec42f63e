// One ingestion's manifest: what was landed, from which request, in which order to load it.
//
// `<source>/_runs/<sequence, 20 digits>.json` in the landing zone, created by put-if-absent after every
// object is durable: the source's log. Sequences have no gaps and start at 1.
//
// Format: docs/formats/manifest.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "codec/json.h"
#include "store/object_store.h"

namespace lagoa::ingest {

/// How an object's records are read.
enum class RecordFormat {
    kNone,       ///< Kept as evidence only (a page, a fixed-width file): its records are another object.
    kJson,       ///< One JSON text; record paths are declared by the source.
    kJsonLines,  ///< One record a line; `_at` in a record is its place in the object it was taken from.
    kParquet,    ///< One record a row.
};

/// One landed object.
struct LandedObject {
    std::string key;     ///< In the landing zone.
    std::string stream;  ///< The source's stream it answers.
    std::string item;    ///< What was asked for: `PETR4,VALE3`, `HGLG11`, a table, a file name.
    RecordFormat format = RecordFormat::kNone;
    std::string records_of;  ///< Key of the object that these records were taken from; empty: itself.
    std::string sha256;
    std::uint64_t size_bytes = 0;
    std::uint64_t records = 0;  ///< kJsonLines and kParquet; 0 when unknown.
    Instant fetched;
    json::Object request;   ///< method, url (secrets redacted), … or file, query
    json::Object response;  ///< status, headers, took_ms
};

/// An item that gave nothing; the others of the run are landed all the same.
struct ItemFailure {
    std::string stream;
    std::string item;
    std::string code;  ///< ErrorCode's name
    std::string message;
};

struct Manifest {
    std::string source;
    std::uint64_t sequence = 0;
    std::string run;
    Instant started;
    Instant finished;
    std::vector<LandedObject> objects;
    std::vector<ItemFailure> failures;
    json::Value cursor;
};

json::Value to_json(const Manifest& manifest);
/// kUnsupported for a newer format, kCorruption otherwise.
Result<Manifest> manifest_from_json(const json::Value& value);

/// Commits `manifest` under the next free sequence, which is returned (and set in it).
Result<std::uint64_t> commit_manifest(ObjectStore& landing, Manifest& manifest);

/// Manifests of `source` with a sequence above `after`, in order: as many as have landed up to `max_bytes`, and at
/// least the first. kCorruption for a gap or a damaged one.
Result<std::vector<Manifest>> manifests_after(ObjectStore& landing, std::string_view source, std::uint64_t after,
                                              std::uint64_t max_bytes = UINT64_MAX);

/// The newest manifest of `source`, whose cursor the next run starts from.
Result<std::optional<Manifest>> last_manifest(ObjectStore& landing, std::string_view source);

}  // namespace lagoa::ingest
