// Small operations on text that several modules need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lagoa {

/// Without the ASCII white space at both ends.
std::string_view trim(std::string_view text);

/// The parts between separators; an empty text has one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

/// ASCII letters lowered, every other byte kept.
std::string to_lower(std::string_view text);

/// With every `from` replaced by `to`; `from` is not empty.
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

/// As a JSON string with its quotes. Bytes that are not UTF-8 are kept as they are.
std::string quote_json(std::string_view text);

/// As an SQL identifier: "a""b".
std::string quote_identifier(std::string_view name);

/// As an SQL string literal: 'a''b'.
std::string quote_literal(std::string_view text);

/// Whether `text` is valid UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

}  // namespace lagoa
