#include "ingest/http/access.h"

#include "base/text.h"

namespace lagoa::ingest {
namespace {

constexpr std::int64_t kMaxTimeoutSeconds = 600;
constexpr std::int64_t kMaxAttempts = 10;
constexpr std::int64_t kMaxBodyMebibytes = 1024;

bool is_header_name(std::string_view name) {
    return !name.empty() && name.find_first_of(" :\t\r\n") == std::string_view::npos;
}

Result<> read_headers(const Declaration& declared, HttpAccess& access) {
    const auto headers = LAGOA_TRY(declared.text_map("headers"));
    for (const auto& [name, value] : headers) {
        const std::string pointer = "headers";
        if (!is_header_name(name) || value.find_first_of("\r\n") != std::string::npos)
            return declared.fail_at(pointer, fmt::format("{} is not one line of a header", quote_json(name)));
        access.headers.emplace_back(name, value);
        if (const std::string lower = to_lower(name);
            lower == "authorization" || lower == "cookie" || lower == "x-api-key")
            access.redact.add(value);
    }
    return {};
}

Result<> read_auth(const Source& source, const Declaration& declared, HttpAccess& access) {
    const Declaration auth = LAGOA_TRY(declared.section("auth"));
    LAGOA_TRY(auth.only({"bearer", "query", "header"}));
    const int ways = auth.has("bearer") + auth.has("query") + auth.has("header");
    if (!declared.has("auth")) return {};
    if (ways != 1) return declared.fail_at("auth", "names not exactly one way", "Use one of bearer, query, header.");

    std::string pointer;
    std::string token;
    if (auth.has("bearer")) {
        pointer = auth.pointer_to("bearer");
        token = trim(LAGOA_TRY(auth.text("bearer")));
        if (!token.empty()) access.headers.emplace_back("Authorization", "Bearer " + token);
    } else {
        const std::string_view way = auth.has("query") ? "query" : "header";
        const auto pairs = LAGOA_TRY(auth.text_map(way));
        if (pairs.size() != 1)
            return auth.fail_at(way, "is not one name with its token", "Write {NAME: \"${TOKEN}\"}.");
        const std::string& name = pairs.front().first;
        pointer = auth.pointer_to(way) + '/' + json::escape_pointer_token(name);
        token = trim(pairs.front().second);
        if (way == "header" && !is_header_name(name)) return auth.fail_at(way, "is not a header's name");
        if (!token.empty()) (way == "query" ? access.query : access.headers).emplace_back(name, token);
    }
    if (token.find_first_of("\r\n") != std::string::npos)
        return source.document.fail_at(pointer, "the token is not one line");
    access.has_token = !token.empty();
    access.token_variable = variable_at(source.document, pointer);
    access.redact.add(token);
    return {};
}

Result<> read_limits(const Declaration& declared, HttpAccess& access) {
    const Declaration limits = LAGOA_TRY(declared.section("limits"));
    LAGOA_TRY(limits.only({"timeout_s", "attempts", "max_body_mb"}));
    access.timeout = std::chrono::seconds(LAGOA_TRY(limits.integer_or("timeout_s", 30, 1, kMaxTimeoutSeconds)));
    access.attempts = static_cast<int>(LAGOA_TRY(limits.integer_or("attempts", 4, 1, kMaxAttempts)));
    const auto mebibytes = LAGOA_TRY(limits.integer_or("max_body_mb", 64, 1, kMaxBodyMebibytes));
    access.max_body_bytes = static_cast<std::uint64_t>(mebibytes) << 20;
    return {};
}

}  // namespace

Result<HttpAccess> read_access(const Source& source, const json::Value& root) {
    const Declaration declared(source.document, "", root);
    LAGOA_TRY(declared.only({"kind", "base_url", "auth", "headers", "limits", "streams", "retired_streams"}));
    HttpAccess access;
    access.base_url = trim(LAGOA_TRY(declared.text("base_url")));
    while (access.base_url.ends_with('/')) access.base_url.pop_back();
    const std::string head = to_lower(access.base_url.substr(0, 8));
    const bool is_url = head.starts_with("http://") || head.starts_with("https://");
    if (!is_open(access.base_url) && (!is_url || access.base_url.find_first_of("?# ") != std::string::npos)) {
        return declared.fail_at("base_url",
                                fmt::format("{} is not the start of an http or https URL", quote_json(access.base_url)),
                                "Write it as https://host or https://host/path.");
    }
    LAGOA_TRY(read_headers(declared, access));
    LAGOA_TRY(read_auth(source, declared, access));
    LAGOA_TRY(read_limits(declared, access));
    return access;
}

}  // namespace lagoa::ingest
