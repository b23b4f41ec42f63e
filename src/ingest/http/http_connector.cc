#include "ingest/http/http_connector.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "ingest/http/fetch.h"

namespace lagoa::ingest {
namespace {

/// One stream as declared.
struct JsonStream {
    RequestTemplate requests;
    std::string answered;  ///< `/results/*/symbol`: where an answer names the items it holds; empty: it does not.
};

Result<JsonStream> read_stream(const Source& source, const Stream& stream, const json::Value& root) {
    const Declaration declared = stream_of(source, stream, root);
    LAGOA_TRY(
        declared.only({"name", "description", "path", "query", "items", "items_per_request", "answered", "tables"}));
    JsonStream out{LAGOA_TRY(RequestTemplate::read(declared)), {}};
    out.answered = LAGOA_TRY(declared.text_or("answered", ""));
    if (!out.answered.empty() && !out.answered.starts_with('/'))
        return declared.fail_at("answered", "does not start with a slash", "Write it like /results/*/symbol.");
    if (!out.answered.empty() && !declared.has("items"))
        return declared.fail_at("answered", "there are no `items` to look for");
    return out;
}

// The texts at `pattern`, a JSON pointer whose `*` stands for every element.
void collect(const json::Value& value, std::string_view pattern, std::set<std::string, std::less<>>& out) {
    if (pattern.empty()) {
        if (const auto* text = value.string()) out.insert(*text);
        return;
    }
    const auto end = std::min(pattern.find('/', 1), pattern.size());
    const std::string_view token = pattern.substr(1, end - 1);
    const std::string_view rest = pattern.substr(end);
    if (token != "*") {
        if (const json::Value* member = json::at_pointer(value, pattern.substr(0, end))) collect(*member, rest, out);
    } else if (const auto* array = value.array()) {
        for (const json::Value& element : *array) collect(element, rest, out);
    } else if (const auto* object = value.object()) {
        for (const auto& [name, member] : *object) collect(member, rest, out);
    }
}

/// Lands JSON objects verbatim and finds which items they lack.
class JsonReader final : public AnswerReader {
public:
    JsonReader(const Stream& stream, const JsonStream& declared, const HttpAccess& access, LandingSink& sink)
        : stream_(stream), declared_(declared), access_(access), sink_(sink) {}

    Result<> accept(const net::HttpResponse& response) override {
        auto value = json::parse(response.body);
        if (value && value->is_object()) {
            value_ = *std::move(value);
            return {};
        }
        const auto* type = net::find_header(response.headers, "Content-Type");
        return fail(ErrorCode::kDataRejected, "{}: the answer ({} bytes of {}) is not a JSON object: {}",
                    response.status, response.body.size(), type == nullptr ? "unknown type" : one_line(*type, 60),
                    value ? fmt::format("it is JSON of the kind {}", value->kind()) : one_line(value.error().message));
    }

    Result<Batch> deliver(const Batch& batch, const Answer& answer) override {
        Batch missing = missing_of(batch);
        const bool useless = !batch.empty() && missing.size() == batch.size();
        if (useless && batch.size() > 1) return missing;
        LandedObject object{.stream = stream_.name,
                            .item = name_of(batch),
                            .format = useless ? RecordFormat::kNone : RecordFormat::kJson,
                            .request = answer.request_record(),
                            .response = answer.response_record(access_.redact)};
        const std::string key =
            LAGOA_TRY(sink_.land(std::move(object), useless ? "bad" : "json", answer.response.body));
        if (!useless) return missing;
        sink_.item_failed(stream_.name, batch.front(),
                          {ErrorCode::kNotFound,
                           fmt::format("GET {}: the answer holds no {} (at {}); it is kept as {}", answer.url,
                                       batch.front(), declared_.answered, key),
                           "Check the item's name: it may have been renamed or delisted."});
        return Batch();
    }

private:
    Batch missing_of(const Batch& batch) const {
        if (declared_.answered.empty()) return {};
        std::set<std::string, std::less<>> there;
        collect(value_, declared_.answered, there);
        Batch missing;
        std::ranges::copy_if(batch, std::back_inserter(missing),
                             [&](const std::string& item) { return !there.contains(item); });
        return missing;
    }

    const Stream& stream_;
    const JsonStream& declared_;
    const HttpAccess& access_;
    LandingSink& sink_;
    json::Value value_;  // the answer accepted last
};

class HttpConnector final : public Connector {
public:
    std::string_view kind() const override { return "http"; }

    Result<> check(const Source& source) const override {
        const json::Value& root = source.document.root();
        LAGOA_TRY(read_access(source, root));
        for (const Stream& stream : source.streams) LAGOA_TRY(read_stream(source, stream, root));
        return {};
    }

    Result<json::Value> fetch(const FetchContext& context, LandingSink& sink) const override {
        const Source& source = *context.source;
        const json::Value root = LAGOA_TRY(expand(source, context.environment));
        const HttpAccess access = LAGOA_TRY(read_access(source, root));
        Fetcher fetcher(context, access, sink);
        for (const Stream& stream : source.streams) {
            const JsonStream declared = LAGOA_TRY(read_stream(source, stream, root));
            JsonReader reader(stream, declared, access, sink);
            LAGOA_TRY(fetcher.fetch(stream.name, declared.requests, reader));
        }
        return json::Value();
    }
};

}  // namespace

const Connector& http_connector() {
    static const HttpConnector connector;
    return connector;
}

}  // namespace lagoa::ingest
