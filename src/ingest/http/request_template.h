// One stream's requests: a path and a query with `{items}` or `{item}` in them, and the items in batches.
//
//     path: /api/quote/{items}            # the batch, joined by commas
//     query: {range: 1d, token: "{item}"} # one item a request
//     items: [PETR4, VALE3]
//     items_per_request: 10               # 1 without it
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ingest/impl/declaration.h"

namespace lagoa::ingest {

/// What one request asks for; without items when the stream has none.
using Batch = std::vector<std::string>;

/// `PETR4,VALE3`; empty for a stream without items.
std::string name_of(const Batch& batch);

class RequestTemplate {
public:
    /// kInvalidConfig names file, line and field: a placeholder that is not known or has no items, items that
    /// no placeholder uses or that stand twice.
    static Result<RequestTemplate> read(const Declaration& stream);

    /// The stream's batches in order; one empty batch without items.
    std::vector<Batch> batches() const;

    /// Path and query for `batch`, percent-encoded, with `extra` parameters at the end.
    std::string target(const Batch& batch, const std::vector<std::pair<std::string, std::string>>& extra) const;

private:
    std::string path_;
    std::vector<std::pair<std::string, std::string>> query_;
    std::vector<std::string> items_;
    std::size_t items_per_request_ = 1;
};

}  // namespace lagoa::ingest
