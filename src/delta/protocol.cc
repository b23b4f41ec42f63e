// Which tables we may read. A feature is listed here only once every part of it is honoured.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Table Features; Requirements for Readers)
#include <algorithm>
#include <array>
#include <span>

#include <fmt/ranges.h>

#include "delta/actions.h"

namespace lagoa::delta {
namespace {

constexpr std::array<std::string_view, 9> kReaderFeatures = {
    "columnMapping", "deletionVectors",     "timestampNtz", "typeWidening",        "typeWidening-preview",
    "v2Checkpoint",  "vacuumProtocolCheck", "variantType",  "variantType-preview",
};

std::unexpected<Error> refuse(std::string_view doing, const std::vector<std::string>& features) {
    return fail_with_hint(ErrorCode::kUnsupported, "Use an engine that has the feature, or drop it from the table.",
                          "{} a table that needs {}: this version does not have it", doing, fmt::join(features, ", "));
}

std::vector<std::string> missing(const std::vector<std::string>& wanted, std::span<const std::string_view> known) {
    std::vector<std::string> out;
    for (const auto& feature : wanted)
        if (std::ranges::find(known, feature) == known.end()) out.push_back(feature);
    return out;
}

}  // namespace

Result<> check_readable(const Protocol& protocol) {
    switch (protocol.min_reader_version) {
        case 1:
        case 2:  // column mapping
            return {};
        case 3:
            break;
        default:
            return refuse("reading", {fmt::format("reader version {}", protocol.min_reader_version)});
    }
    const auto lacking = missing(protocol.reader_features, kReaderFeatures);
    if (!lacking.empty()) return refuse("reading", lacking);
    return {};
}

}  // namespace lagoa::delta
