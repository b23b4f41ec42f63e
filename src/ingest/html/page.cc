#include "ingest/html/page.h"

#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace lagoa::ingest {
namespace {

constexpr unsigned long kMaxSteps = 20'000'000;  // of one evaluation; the ranking of all funds takes thousands
constexpr std::size_t kMetaBytes = 1024;         // where a page has to declare its charset

struct FreeDocument {
    void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
struct FreeContext {
    void operator()(xmlXPathContext* context) const { xmlXPathFreeContext(context); }
};
struct FreeObject {
    void operator()(xmlXPathObject* object) const { xmlXPathFreeObject(object); }
};
struct FreeText {
    void operator()(xmlChar* text) const { xmlFree(text); }
};
using Context = std::unique_ptr<xmlXPathContext, FreeContext>;
using Object = std::unique_ptr<xmlXPathObject, FreeObject>;
using Text = std::unique_ptr<xmlChar, FreeText>;

// libxml2 would print to stderr otherwise.
void keep_error(void* message, xmlErrorPtr error) {
    if (error->message != nullptr) *static_cast<std::string*>(message) = trim(error->message);
}

void start_libxml() {
    static const bool started = [] {
        xmlInitParser();
        return true;
    }();
    static_cast<void>(started);
}

const xmlChar* as_xml(const char* text) {
    return reinterpret_cast<const xmlChar*>(text);
}

std::string collapse(const Text& text) {
    const std::string plain = replace_all(text ? reinterpret_cast<const char*>(text.get()) : "", "\u00A0", " ");
    std::string out;
    for (const char c : trim(plain)) {
        const bool space = c == ' ' || (c >= '\t' && c <= '\r');
        if (!space)
            out += c;
        else if (!out.ends_with(' '))
            out += ' ';
    }
    return out;
}

Object evaluate(xmlXPathContext* context, void* compiled, xmlNode* at) {
    context->node = at;
    context->opCount = 0;
    return Object(xmlXPathCompiledEval(static_cast<xmlXPathCompExpr*>(compiled), context));
}

std::unexpected<Error> evaluation_failed(const Selector& selector, const std::string& message) {
    return fail(ErrorCode::kResourceExhausted, "evaluating {}: {}", selector.text(),
                message.empty() ? "it takes too many steps" : message);
}

// The value of `charset=` in `text`, without quotes; empty if there is none.
std::string charset_in(std::string_view text) {
    const std::string lower = to_lower(text);
    const auto at = lower.find("charset=");
    if (at == std::string::npos) return {};
    std::string_view value = std::string_view(lower).substr(at + 8);
    value = trim(
        value.substr(0, value.find_first_of(";>/ \t\r\n", value.starts_with('"') || value.starts_with('\'') ? 1 : 0)));
    while (!value.empty() && (value.front() == '"' || value.front() == '\'')) value.remove_prefix(1);
    return std::string(value.substr(0, value.find_first_of("\"'")));
}

}  // namespace

struct Page::Handles {
    std::string error;  // of the last evaluation
    std::unique_ptr<xmlDoc, FreeDocument> document;
    Context context;
};

Page::Page(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Page::Page(Page&&) noexcept = default;
Page::~Page() = default;

Result<Selector> Selector::parse(std::string expression) {
    start_libxml();
    const Context context(xmlXPathNewContext(nullptr));
    std::string message;
    context->error = keep_error;
    context->userData = &message;
    std::shared_ptr<void> compiled(xmlXPathCtxtCompile(context.get(), as_xml(expression.c_str())),
                                   [](void* handle) { xmlXPathFreeCompExpr(static_cast<xmlXPathCompExpr*>(handle)); });
    if (!compiled) return fail(ErrorCode::kInvalidArgument, "{} is not XPath 1.0: {}", quote_json(expression), message);
    return Selector(std::move(expression), std::move(compiled));
}

Result<Page> Page::parse(std::string_view html) {
    start_libxml();
    if (html.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        return fail(ErrorCode::kResourceExhausted, "a page of {} bytes is too long", html.size());
    constexpr int kOptions =
        HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC;
    auto handles = std::make_unique<Handles>();
    handles->document.reset(htmlReadMemory(html.data(), static_cast<int>(html.size()), nullptr, "UTF-8", kOptions));
    if (!handles->document || xmlDocGetRootElement(handles->document.get()) == nullptr)
        return fail(ErrorCode::kDataRejected, "the page ({} bytes) holds no HTML", html.size());
    handles->context.reset(xmlXPathNewContext(handles->document.get()));
    handles->context->opLimit = kMaxSteps;
    handles->context->error = keep_error;
    handles->context->userData = &handles->error;
    return Page(std::move(handles));
}

Result<std::vector<Page::Node>> Page::select(const Selector& selector) {
    handles_->error.clear();
    const Object found =
        evaluate(handles_->context.get(), selector.compiled_.get(), xmlDocGetRootElement(handles_->document.get()));
    if (!found) return evaluation_failed(selector, handles_->error);
    if (found->type != XPATH_NODESET)
        return fail(ErrorCode::kInvalidConfig, "{} gives a value, not nodes", selector.text());
    std::vector<Node> nodes;
    if (found->nodesetval == nullptr) return nodes;
    xmlXPathNodeSetSort(found->nodesetval);
    for (int i = 0; i < found->nodesetval->nodeNr; ++i) {
        Node node;
        node.node = found->nodesetval->nodeTab[i];
        nodes.push_back(node);
    }
    return nodes;
}

Result<Match> Page::match(const Selector& selector, Node node) {
    handles_->error.clear();
    const Object found = evaluate(handles_->context.get(), selector.compiled_.get(), static_cast<xmlNode*>(node.node));
    if (!found) return evaluation_failed(selector, handles_->error);
    if (found->type != XPATH_NODESET) return Match{true, collapse(Text(xmlXPathCastToString(found.get())))};
    if (found->nodesetval == nullptr || found->nodesetval->nodeNr == 0) return Match{};
    xmlXPathNodeSetSort(found->nodesetval);
    return Match{true, collapse(Text(xmlXPathCastNodeToString(found->nodesetval->nodeTab[0])))};
}

std::string charset_of(const std::string* content_type, std::string_view page, std::string_view declared) {
    if (content_type != nullptr)
        if (std::string charset = charset_in(*content_type); !charset.empty()) return charset;
    const std::string head = to_lower(page.substr(0, kMetaBytes));
    for (auto at = head.find("<meta"); at != std::string::npos; at = head.find("<meta", at + 5))
        if (std::string charset = charset_in(std::string_view(head).substr(at, head.find('>', at) - at));
            !charset.empty())
            return charset;
    return declared.empty() ? "utf-8" : std::string(declared);
}

}  // namespace lagoa::ingest
