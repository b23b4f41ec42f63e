#include "store/object_store.h"

#include "base/text.h"

namespace lagoa {
namespace {

constexpr std::size_t kMaxKeyBytes = 1024;  // S3's limit, so that a lake can move there

std::string_view broken_rule(std::string_view key) {
    if (key.empty()) return "is empty";
    if (key.size() > kMaxKeyBytes) return "is longer than 1024 bytes";
    if (!is_utf8(key)) return "is not UTF-8";
    if (key.find('\0') != std::string_view::npos) return "contains a NUL";
    for (const auto segment : split(key, '/')) {
        if (segment.empty()) return "has an empty segment";
        if (segment == "." || segment == "..") return "has a segment \".\" or \"..\"";
        if (segment.starts_with(".tmp-")) return "has a segment that starts with \".tmp-\"";
    }
    return {};
}

}  // namespace

Result<> check_key(std::string_view key) {
    if (const auto rule = broken_rule(key); !rule.empty())
        return fail(ErrorCode::kInvalidArgument, "object key {} {}", quote_json(key.substr(0, 100)), rule);
    return {};
}

Result<> ObjectStore::remove_empty_folders(std::string_view) {
    return {};
}

Result<std::vector<std::string>> ObjectStore::folders(std::string_view prefix) {
    const auto objects = LAGOA_TRY(list(prefix));
    std::vector<std::string> names;
    for (const ObjectInfo& object : objects) {
        const std::string_view rest = std::string_view(object.key).substr(prefix.size());
        const auto slash = rest.find('/');
        if (slash == std::string_view::npos) continue;
        if (names.empty() || names.back() != rest.substr(0, slash)) names.emplace_back(rest.substr(0, slash));
    }
    return names;
}

}  // namespace lagoa
