#include "ingest/impl/redactor.h"

#include <algorithm>

#include "base/text.h"
#include "net/http_client.h"

namespace lagoa::ingest {

void Redactor::add(std::string_view secret) {
    if (secret.empty()) return;
    for (std::string form : {std::string(secret), net::percent_encode(secret)})
        if (std::ranges::find(secrets_, form) == secrets_.end()) secrets_.push_back(std::move(form));
    std::ranges::stable_sort(secrets_, std::ranges::greater(), &std::string::size);
}

std::string Redactor::operator()(std::string_view text) const {
    std::string out(text);
    for (const std::string& secret : secrets_) out = replace_all(out, secret, "***");
    return out;
}

Error Redactor::operator()(Error error) const {
    error.message = (*this)(error.message);
    error.hint = (*this)(error.hint);
    return error;
}

std::string one_line(std::string_view bytes, std::size_t max_bytes) {
    const bool utf8 = is_utf8(bytes);
    std::string out;
    for (const char c : trim(bytes)) {
        const auto byte = static_cast<unsigned char>(c);
        const bool space = byte == ' ' || (byte >= '\t' && byte <= '\r');
        if (space && out.ends_with(' ')) continue;
        if (space) {
            out += ' ';
        } else {
            out += byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8) ? '?' : c;
        }
        if (out.size() > max_bytes + 4) break;
    }
    if (out.size() <= max_bytes) return out;
    std::size_t end = max_bytes;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) --end;  // whole characters only
    return out.substr(0, end) + "…";
}

}  // namespace lagoa::ingest
