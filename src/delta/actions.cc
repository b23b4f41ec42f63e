#include "delta/actions.h"

#include <fmt/format.h>

namespace lagoa::delta {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// RFC 3986's unreserved characters and the delimiters that mean nothing inside a path. ':' is not among
// them: in a first segment it would read as a scheme.
bool may_stand(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~/=!$&'()*+,;@").find(c) != std::string_view::npos;
}

}  // namespace

std::string decode_path(std::string_view path) {
    std::string out;
    out.reserve(path.size());
    for (std::size_t i = 0; i < path.size(); ++i) {
        const int high = path[i] == '%' && i + 2 < path.size() ? hex_digit(path[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(path[i + 2]) : -1;
        if (low < 0) {
            out += path[i];  // an ordinary byte, or a '%' that escapes nothing
            continue;
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

std::string encode_path(std::string_view path) {
    std::string out;
    for (const char c : path) {
        if (may_stand(c))
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string file_key(std::string_view path, const std::optional<DeletionVector>& deletion_vector) {
    std::string key = decode_path(path);
    if (key.starts_with("file:/")) {
        const auto first = key.find_first_not_of('/', std::string_view("file:").size());
        key = "/" + (first == std::string::npos ? std::string() : key.substr(first));
    }
    if (deletion_vector) {
        key.append(1, '\0').append(deletion_vector->storage_type).append(deletion_vector->path_or_inline);
        if (deletion_vector->offset) key += fmt::format("@{}", *deletion_vector->offset);
    }
    return key;
}

}  // namespace lagoa::delta
