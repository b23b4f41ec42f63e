// A parsed HTML page and XPath over it: libxml2 behind RAII. Its headers stay in page.cc.
//
// Nothing is loaded from outside: the HTML parser knows no entities but HTML's own and is kept off the
// network. Nesting (libxml2's 256 levels) and the steps of one XPath evaluation are bounded.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lagoa::ingest {

/// A compiled XPath 1.0 expression. Used by one thread at a time: libxml2 resolves its functions at first use.
class Selector {
public:
    /// kInvalidArgument says where the expression is wrong.
    static Result<Selector> parse(std::string expression);
    const std::string& text() const { return text_; }

private:
    friend class Page;
    Selector(std::string text, std::shared_ptr<void> compiled)
        : text_(std::move(text)), compiled_(std::move(compiled)) {}

    std::string text_;
    std::shared_ptr<void> compiled_;  // shared: copies of a Selector are the same expression
};

/// What a selector gave at one place.
struct Match {
    bool hit = false;  ///< False: it selected no node.
    std::string text;  ///< White space collapsed, no-break spaces included, and trimmed.
};

/// One page. Used by one thread.
class Page {
public:
    /// A node of a page, valid as long as that.
    class Node {
        friend class Page;
        void* node = nullptr;
    };

    /// `html` is UTF-8. HTML that is broken is repaired as libxml2 does; kDataRejected for no HTML at all.
    static Result<Page> parse(std::string_view html);
    Page(Page&&) noexcept;
    ~Page();

    /// The nodes that `selector` selects in the whole page, in document order. kInvalidConfig if it gives
    /// no nodes but a value; kResourceExhausted if it takes too many steps.
    Result<std::vector<Node>> select(const Selector& selector);
    /// The first of what `selector` gives at `node`.
    Result<Match> match(const Selector& selector, Node node);

private:
    struct Handles;
    explicit Page(std::unique_ptr<Handles> handles);
    std::unique_ptr<Handles> handles_;
};

/// The charset of a page, in the order of HTML's rules: the Content-Type header (may be null), a `<meta>` in
/// the first 1024 bytes, what the source declares (may be empty), UTF-8.
std::string charset_of(const std::string* content_type, std::string_view page, std::string_view declared);

}  // namespace lagoa::ingest
