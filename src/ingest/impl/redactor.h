// Takes secrets, known by value, out of everything that is stored, shown or logged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lagoa::ingest {

class Redactor {
public:
    /// Hides `secret` from now on, also as it stands in a URL. Empty: nothing to hide.
    void add(std::string_view secret);
    /// `text` with `***` for every secret.
    std::string operator()(std::string_view text) const;
    Error operator()(Error error) const;

private:
    std::vector<std::string> secrets_;  // longest first: a secret may hold another
};

/// Bytes of unknown origin as one line for a message: white space collapsed, controls and bytes that are not
/// UTF-8 as `?`, cut at `max_bytes`.
std::string one_line(std::string_view bytes, std::size_t max_bytes = 300);

}  // namespace lagoa::ingest
