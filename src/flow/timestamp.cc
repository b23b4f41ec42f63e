#include "flow/impl/timestamp.h"

namespace lagoa::flow {

std::optional<Instant> parse_timestamp(std::string_view text) {
    constexpr std::size_t kDateLength = 10;  // YYYY-MM-DD, then the T
    if (text.size() <= kDateLength || text[kDateLength] != 'T') return std::nullopt;
    const bool colon_in_offset = text.ends_with('Z') || text[text.size() - 3] == ':';
    const auto instant = parse_instant(text);
    if (!colon_in_offset || !instant) return std::nullopt;
    return *instant;
}

}  // namespace lagoa::flow
