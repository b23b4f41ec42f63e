#include "ingest/http/request_template.h"

#include <algorithm>
#include <set>

#include <fmt/ranges.h>

namespace lagoa::ingest {
namespace {

constexpr std::int64_t kMaxItemsPerRequest = 1000;

/// A template is literal text and placeholders in turn: `emit` gets each piece.
template <class Emit>
void pieces(std::string_view text, Emit emit) {
    while (!text.empty()) {
        const auto open = text.find('{');
        // `${NAME}` of a declaration as written waits for the environment and is no placeholder.
        const bool variable = open != std::string_view::npos && open > 0 && text[open - 1] == '$';
        const auto close = open == std::string_view::npos ? open : text.find('}', open);
        if (close == std::string_view::npos) return emit(text, false);
        if (variable) {
            emit(text.substr(0, close + 1), false);
        } else {
            if (open > 0) emit(text.substr(0, open), false);
            emit(text.substr(open + 1, close - open - 1), true);
        }
        text = text.substr(close + 1);
    }
}

struct Uses {
    bool item = false;
    bool items = false;
};

Result<> find_uses(const Declaration& stream, std::string_view field, std::string_view text, Uses& uses) {
    std::string unknown;
    pieces(text, [&](std::string_view piece, bool is_placeholder) {
        if (!is_placeholder) return;
        if (piece == "item")
            uses.item = true;
        else if (piece == "items")
            uses.items = true;
        else
            unknown = piece;
    });
    if (unknown.empty()) return {};
    return stream.fail_at(field, fmt::format("the placeholder {{{}}} is not known", unknown), "Use {item} or {items}.");
}

// Letters that may stand in a path beside the separators; everything else is percent-encoded.
std::string encode_path(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto slash = std::min(text.find('/', at), text.size());
        out += net::percent_encode(text.substr(at, slash - at));
        if (slash < text.size()) out += '/';
        at = slash + 1;
    }
    return out;
}

std::string encode_batch(const Batch& batch) {
    std::string out;
    for (const std::string& item : batch) {
        if (!out.empty()) out += ',';  // as it is: the list's separator, not part of an item
        out += net::percent_encode(item);
    }
    return out;
}

template <class Encode>
std::string render(std::string_view text, const Batch& batch, Encode encode) {
    std::string out;
    pieces(text, [&](std::string_view piece, bool is_placeholder) {
        out += is_placeholder ? encode_batch(batch) : encode(piece);
    });
    return out;
}

}  // namespace

std::string name_of(const Batch& batch) {
    return fmt::format("{}", fmt::join(batch, ","));
}

Result<RequestTemplate> RequestTemplate::read(const Declaration& stream) {
    RequestTemplate out;
    out.path_ = LAGOA_TRY(stream.text("path"));
    out.query_ = LAGOA_TRY(stream.text_map("query"));
    out.items_ = LAGOA_TRY(stream.texts("items"));
    out.items_per_request_ =
        static_cast<std::size_t>(LAGOA_TRY(stream.integer_or("items_per_request", 1, 1, kMaxItemsPerRequest)));

    if (!out.path_.starts_with('/') && !is_open(out.path_))
        return stream.fail_at("path", "does not start with a slash");
    Uses uses;
    LAGOA_TRY(find_uses(stream, "path", out.path_, uses));
    for (const auto& [name, value] : out.query_) LAGOA_TRY(find_uses(stream, "query", value, uses));
    const bool used = uses.item || uses.items;
    if (used && out.items_.empty()) return stream.fail_at("", "asks for items, but `items` is missing or empty");
    if (!used && !out.items_.empty()) return stream.fail_at("items", "no {item} or {items} in path or query uses them");
    if (uses.item && out.items_per_request_ != 1)
        return stream.fail_at("items_per_request", "{item} stands for one item", "Use {items}, or 1 item a request.");
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < out.items_.size(); ++i) {
        const std::string& item = out.items_[i];
        if (item.empty()) return stream.fail_at("items", fmt::format("item {} is empty", i));
        if (!seen.insert(item).second) return stream.fail_at("items", fmt::format("{} stands twice", item));
    }
    return out;
}

std::vector<Batch> RequestTemplate::batches() const {
    if (items_.empty()) return {Batch()};
    std::vector<Batch> out;
    for (std::size_t from = 0; from < items_.size(); from += items_per_request_) {
        const auto first = items_.begin() + static_cast<std::ptrdiff_t>(from);
        const auto count = static_cast<std::ptrdiff_t>(std::min(items_per_request_, items_.size() - from));
        out.emplace_back(first, first + count);
    }
    return out;
}

std::string RequestTemplate::target(const Batch& batch,
                                    const std::vector<std::pair<std::string, std::string>>& extra) const {
    std::string out = render(path_, batch, encode_path);
    char separator = '?';
    for (const auto& [name, value] : query_) {
        out += separator + net::percent_encode(name) + '=' + render(value, batch, net::percent_encode);
        separator = '&';
    }
    for (const auto& [name, value] : extra) {
        out += separator + net::percent_encode(name) + '=' + net::percent_encode(value);
        separator = '&';
    }
    return out;
}

}  // namespace lagoa::ingest
