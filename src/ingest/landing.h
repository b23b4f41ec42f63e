// `lagoa ingest SOURCE`: fetch through the source's connector, land, commit the manifest.
#pragma once

#include "ingest/connector.h"

namespace lagoa::ingest {

struct IngestResult {
    std::uint64_t sequence = 0;  ///< 0 when there was nothing new: no manifest was written.
    std::string run;
    std::uint64_t objects = 0;
    std::uint64_t size_bytes = 0;
    std::uint64_t records = 0;  ///< Where known before loading.
    std::vector<ItemFailure> failures;
};

/// Objects first, manifest last: a crash before the manifest leaves objects that nobody reads.
/// Fails (and writes no manifest) when no item gave anything usable. The cursor is read from the source's
/// last manifest, whatever `context` holds; an empty `context.run` gets a new id.
Result<IngestResult> ingest_source(const FetchContext& context, ObjectStore& landing);

}  // namespace lagoa::ingest
