#include "engine/duckdb/named_arguments.h"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "duckdb/main/config.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/parser_extension.hpp"

#include "base/text.h"

namespace lagoa {
namespace {

constexpr std::string_view kArgument = "timestamp";

std::size_t skip_spaces(std::string_view text, std::size_t at) {
    const std::size_t found = text.find_first_not_of(" \t\r\n", at);
    return found == std::string_view::npos ? text.size() : found;
}

bool is_arrow(std::string_view text, std::size_t at) {
    return text.substr(at, 2) == "=>" || text.substr(at, 2) == ":=";
}

// Whether the argument may be in `query`: cheap, for every statement goes through here.
bool may_name_argument(const std::string& query) {
    const std::string lower = to_lower(query);
    for (std::size_t at = lower.find(kArgument); at != std::string::npos; at = lower.find(kArgument, at + 1))
        if (is_arrow(lower, skip_spaces(lower, at + kArgument.size()))) return true;
    return false;
}

// `query` with the argument's name quoted; not in AT (TIMESTAMP => …), which the grammar knows.
std::string quote_argument(const std::string& query) {
    const auto tokens = duckdb::Parser::Tokenize(query);
    const auto starts = [&](std::size_t token, std::string_view word) {
        return to_lower(query.substr(tokens[token].start, word.size())) == word;
    };
    std::string quoted;
    std::size_t copied = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (!starts(i, kArgument) || !is_arrow(query, skip_spaces(query, tokens[i].start + kArgument.size()))) continue;
        if (i >= 2 && starts(i - 1, "(") && starts(i - 2, "at")) continue;
        quoted += query.substr(copied, tokens[i].start - copied);
        quoted += fmt::format("\"{}\"", kArgument);
        copied = tokens[i].start + kArgument.size();
    }
    return quoted + query.substr(copied);
}

// DuckDB's own parser answers where this does not, errors included.
duckdb::ParserOverrideResult parse(duckdb::ParserExtensionInfo*, const duckdb::string& query,
                                   duckdb::ParserOptions& options) {
    if (!may_name_argument(query)) return duckdb::ParserOverrideResult();
    const std::string quoted = quote_argument(query);
    if (quoted == query) return duckdb::ParserOverrideResult();
    try {
        duckdb::ParserOptions without_us = options;
        without_us.extensions = nullptr;
        duckdb::Parser parser(without_us);
        parser.ParseQuery(quoted);
        return duckdb::ParserOverrideResult(std::move(parser.statements));
    } catch (std::exception& thrown) {
        return duckdb::ParserOverrideResult(thrown);
    }
}

}  // namespace

void allow_timestamp_argument(duckdb::DatabaseInstance& instance) {
    duckdb::DBConfig& config = duckdb::DBConfig::GetConfig(instance);
    config.SetOptionByName("allow_parser_override_extension", duckdb::Value("fallback"));
    duckdb::ParserExtension extension;
    extension.parser_override = parse;
    duckdb::ParserExtension::Register(config, std::move(extension));
}

}  // namespace lagoa
