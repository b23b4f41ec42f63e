// The fields of one mapping in a source's file, read with complaints that name file, line and field.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/document.h"
#include "ingest/connector.h"

namespace lagoa::ingest {

/// A view: document and value must outlive it. Values are either as written, when a connector checks a
/// declaration without an environment, or expanded: a text that still holds `${` is open, and its form is
/// not judged (is_open).
class Declaration {
public:
    Declaration(const Document& document, std::string pointer, const json::Value& value)
        : document_(&document), pointer_(std::move(pointer)), value_(&value) {}

    /// kInvalidConfig unless this is a mapping with no other fields than `known`.
    Result<> only(std::initializer_list<std::string_view> known) const;

    const json::Value* find(std::string_view field) const { return value_->find(field); }
    bool has(std::string_view field) const { return find(field) != nullptr; }

    /// A text; numbers and booleans count as their text. kInvalidConfig if absent.
    Result<std::string> text(std::string_view field) const;
    Result<std::string> text_or(std::string_view field, std::string_view otherwise) const;
    /// A whole number within [least, most].
    Result<std::int64_t> integer_or(std::string_view field, std::int64_t otherwise, std::int64_t least,
                                    std::int64_t most) const;
    /// A list of texts; absent is empty.
    Result<std::vector<std::string>> texts(std::string_view field) const;
    /// A mapping to texts, in order; absent is empty.
    Result<std::vector<std::pair<std::string, std::string>>> text_map(std::string_view field) const;
    /// A mapping of its own; absent is an empty one.
    Result<Declaration> section(std::string_view field) const;

    std::string pointer_to(std::string_view field) const;
    /// kInvalidConfig at `field`; an empty field is the mapping itself.
    std::unexpected<Error> fail_at(std::string_view field, std::string_view message, std::string hint = {}) const;

private:
    const Document* document_;
    std::string pointer_;
    const json::Value* value_;
};

/// Whether `text` still waits for the environment.
inline bool is_open(std::string_view text) {
    return text.find("${") != std::string_view::npos;
}

/// The name of the first `${NAME}` in the value as written at `pointer`, for hints; empty without one.
std::string variable_at(const Document& document, std::string_view pointer);

/// The source's declaration with its environment; kInvalidConfig names the file.
Result<json::Value> expand(const Source& source, const Environment& environment);

/// A stream's part of `root`, which is the source's declaration as written or expanded.
Declaration stream_of(const Source& source, const Stream& stream, const json::Value& root);

}  // namespace lagoa::ingest
