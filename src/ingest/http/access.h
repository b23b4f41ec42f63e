// How a source is reached over HTTP: what the kinds `http` and `html` declare alike.
//
//     base_url: https://api.example
//     auth: {bearer: "${TOKEN:-}"}          # or {query: {token: …}} or {header: {X-Api-Key: …}}; empty: none is sent
//     headers: {User-Agent: …}
//     limits: {timeout_s: 30, attempts: 4, max_body_mb: 64}
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "ingest/impl/declaration.h"
#include "ingest/impl/redactor.h"

namespace lagoa::ingest {

struct HttpAccess {
    std::string base_url;                                    ///< Without a slash at its end.
    net::Headers headers;                                    ///< The authorization among them.
    std::vector<std::pair<std::string, std::string>> query;  ///< A token that goes into every URL.
    bool has_token = false;
    std::string token_variable;  ///< The environment variable that holds it, for hints; may be empty.
    std::chrono::milliseconds timeout{};
    int attempts = 1;
    std::uint64_t max_body_bytes = 0;
    Redactor redact;
};

/// From the source's declaration as written or expanded. kInvalidConfig names file, line and field.
Result<HttpAccess> read_access(const Source& source, const json::Value& root);

}  // namespace lagoa::ingest
