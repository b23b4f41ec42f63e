#include "ingest/html/html_connector.h"

#include "base/log.h"
#include "ingest/html/extraction.h"
#include "ingest/http/fetch.h"
#include "ingest/impl/charset.h"

namespace lagoa::ingest {
namespace {

/// One stream as declared.
struct PageStream {
    RequestTemplate requests;
    Extractor extractor;
    std::string charset;  ///< What the site writes when it does not say so; may be empty.
};

Result<PageStream> read_stream(const Source& source, const Stream& stream, const json::Value& root) {
    const Declaration declared = stream_of(source, stream, root);
    LAGOA_TRY(declared.only({"name", "description", "path", "query", "items", "charset", "rows", "pairs", "fields",
                             "required", "min_rows", "tables"}));
    RequestTemplate requests = LAGOA_TRY(RequestTemplate::read(declared));
    Extractor extractor = LAGOA_TRY(Extractor::read(declared));
    std::string charset = LAGOA_TRY(declared.text_or("charset", ""));
    if (!charset.empty() && !is_open(charset))
        if (const auto known = decode_text("", charset); !known)
            return declared.fail_at("charset", known.error().message);
    return PageStream{std::move(requests), std::move(extractor), std::move(charset)};
}

/// Lands pages verbatim, and their records beside.
class PageReader final : public AnswerReader {
public:
    PageReader(const Stream& stream, const PageStream& declared, const HttpAccess& access, LandingSink& sink)
        : stream_(stream), declared_(declared), access_(access), sink_(sink) {}

    // What a page holds is judged when it is landed: a page that changed stays changed.
    Result<> accept(const net::HttpResponse&) override { return {}; }

    Result<Batch> deliver(const Batch& batch, const Answer& answer) override {
        const std::string item = name_of(batch);
        LandedObject evidence{.stream = stream_.name,
                              .item = item,
                              .format = RecordFormat::kNone,
                              .request = answer.request_record(),
                              .response = answer.response_record(access_.redact)};
        const std::string page_key = LAGOA_TRY(sink_.land(std::move(evidence), "html", answer.response.body));
        auto extraction = extract(answer.response, item);
        if (!extraction) {
            Error error = extraction.error();
            error.message = fmt::format("GET {}: {}; the page is kept as {}", answer.url, error.message, page_key);
            error.hint =
                "Compare the page with the selectors in the source's file: the site may have changed, or not know the "
                "item.";
            sink_.item_failed(stream_.name, item, error);
            return Batch();
        }
        LandedObject records{.stream = stream_.name,
                             .item = item,
                             .format = RecordFormat::kJsonLines,
                             .records_of = page_key,
                             .records = extraction->count,
                             .request = answer.request_record()};
        if (!extraction->hit_nothing.empty()) records.response.set("hit_nothing", texts(extraction->hit_nothing));
        note(extraction->hit_nothing);
        LAGOA_TRY(sink_.land(std::move(records), "jsonl", extraction->records));
        return Batch();
    }

    /// Warns of selectors that hit nothing in any page: the site has changed, though not in what is required.
    void report() const {
        for (const auto& [selector, pages] : missed_)
            if (pages == pages_)
                log::warn("ingest.selector_hit_nothing",
                          {{"stream", stream_.name}, {"selector", selector}, {"pages", pages}});
    }

private:
    Result<Extraction> extract(const net::HttpResponse& response, std::string_view item) const {
        const std::string charset =
            charset_of(net::find_header(response.headers, "Content-Type"), response.body, declared_.charset);
        auto html = decode_text(response.body, charset);
        if (!html) return fail(ErrorCode::kDataRejected, "the page's charset: {}", html.error().message);
        Page page = LAGOA_TRY(Page::parse(*html));
        return declared_.extractor.extract(page, item);
    }

    void note(const std::vector<std::string>& hit_nothing) {
        ++pages_;
        for (const std::string& selector : hit_nothing) ++missed_[selector];
    }

    static json::Value texts(const std::vector<std::string>& list) { return json::Array(list.begin(), list.end()); }

    const Stream& stream_;
    const PageStream& declared_;
    const HttpAccess& access_;
    LandingSink& sink_;
    std::size_t pages_ = 0;                      // with records
    std::map<std::string, std::size_t> missed_;  // selector → pages where it hit nothing
};

class HtmlConnector final : public Connector {
public:
    std::string_view kind() const override { return "html"; }

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
            const PageStream declared = LAGOA_TRY(read_stream(source, stream, root));
            PageReader reader(stream, declared, access, sink);
            LAGOA_TRY(fetcher.fetch(stream.name, declared.requests, reader));
            reader.report();
        }
        return json::Value();
    }
};

}  // namespace

const Connector& html_connector() {
    static const HtmlConnector connector;
    return connector;
}

}  // namespace lagoa::ingest
