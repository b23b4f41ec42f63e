#include "store/impl/s3_xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <charconv>
#include <memory>

#include "base/text.h"
#include "net/percent_encoding.h"

namespace lagoa {
namespace {

struct FreeDocument {
    void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
struct FreeText {
    void operator()(xmlChar* text) const { xmlFree(text); }
};
using Document = std::unique_ptr<xmlDoc, FreeDocument>;

// No network, no entities, no messages to stderr. A document type, which S3 never sends, is refused.
Document parse(std::string_view body) {
    static const bool initialised = [] {
        xmlInitParser();  // before threads use it
        return true;
    }();
    static_cast<void>(initialised);
    if (body.size() > std::size_t{64} << 20) return nullptr;
    Document document(xmlReadMemory(body.data(), static_cast<int>(body.size()), "answer.xml", nullptr,
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA));
    if (document && document->intSubset != nullptr) return nullptr;
    return document;
}

std::string_view name_of(const xmlNode* node) {
    return node->type == XML_ELEMENT_NODE ? reinterpret_cast<const char*>(node->name) : "";
}

const xmlNode* root_of(const Document& document, std::string_view name) {
    const xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
    return root != nullptr && name_of(root) == name ? root : nullptr;
}

std::string text_of(const xmlNode* node) {
    const std::unique_ptr<xmlChar, FreeText> text(xmlNodeGetContent(node));
    return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text.get()));
}

std::string child_text(const xmlNode* parent, std::string_view name) {
    for (const xmlNode* child = parent->children; child != nullptr; child = child->next)
        if (name_of(child) == name) return text_of(child);
    return {};
}

// With encoding-type=url, which not every server knows, a space is a '+'.
Result<std::string> decode_key(const std::string& text, bool is_encoded) {
    if (!is_encoded) return text;
    auto decoded = net::percent_decode(replace_all(text, "+", " "));
    if (!decoded) return fail(ErrorCode::kCorruption, "a listed key, {}, is not percent-encoded", quote_json(text));
    return *std::move(decoded);
}

Result<ObjectInfo> parse_object(const xmlNode* contents, bool is_encoded) {
    ObjectInfo object;
    object.key = LAGOA_TRY(decode_key(child_text(contents, "Key"), is_encoded));
    const std::string size = child_text(contents, "Size");
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), object.size_bytes);
    if (error != std::errc() || end != size.data() + size.size())
        return fail(ErrorCode::kCorruption, "the listed size of {} is {}", object.key, quote_json(size));
    const std::string modified = child_text(contents, "LastModified");
    const auto instant = parse_instant(modified);
    if (!instant) return fail(ErrorCode::kCorruption, "the listed time of {} is {}", object.key, quote_json(modified));
    object.modified = *instant;
    return object;
}

}  // namespace

std::optional<S3Fault> parse_fault(std::string_view body) {
    if (body.find("<Error") == std::string_view::npos) return std::nullopt;
    const Document document = parse(body);
    const xmlNode* root = root_of(document, "Error");
    if (root == nullptr) return std::nullopt;
    return S3Fault{child_text(root, "Code"), child_text(root, "Message"), child_text(root, "Region")};
}

Result<S3Page> parse_page(std::string_view body) {
    const Document document = parse(body);
    const xmlNode* root = root_of(document, "ListBucketResult");
    if (root == nullptr) return fail(ErrorCode::kCorruption, "the answer is not a listing");
    const bool is_encoded = child_text(root, "EncodingType") == "url";
    S3Page page;
    for (const xmlNode* child = root->children; child != nullptr; child = child->next) {
        if (name_of(child) == "Contents") page.objects.push_back(LAGOA_TRY(parse_object(child, is_encoded)));
        if (name_of(child) == "CommonPrefixes")
            page.prefixes.push_back(LAGOA_TRY(decode_key(child_text(child, "Prefix"), is_encoded)));
    }
    if (child_text(root, "IsTruncated") == "true") {
        page.next = child_text(root, "NextContinuationToken");
        if (page.next.empty()) return fail(ErrorCode::kCorruption, "a listing that goes on says not where");
    }
    return page;
}

Result<std::string> parse_upload_id(std::string_view body) {
    const Document document = parse(body);
    const xmlNode* root = root_of(document, "InitiateMultipartUploadResult");
    std::string id = root == nullptr ? std::string() : child_text(root, "UploadId");
    if (id.empty()) return fail(ErrorCode::kCorruption, "the answer has no UploadId");
    return id;
}

std::string completion_of(const std::vector<std::string>& etags) {
    std::string body = R"(<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)";
    for (std::size_t i = 0; i < etags.size(); ++i)
        body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1,
                            replace_all(replace_all(etags[i], "&", "&amp;"), "<", "&lt;"));
    return body + "</CompleteMultipartUpload>";
}

}  // namespace lagoa
