// Which tables we may read and write. A feature is listed here only once every part of it is honoured.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Table Features; Requirements for Readers,
// Writers)
#include <algorithm>
#include <array>
#include <span>

#include <fmt/ranges.h>

#include "delta/actions.h"

namespace lagoa::delta {
namespace {

constexpr std::array<std::string_view, 2> kReaderFeatures = {"timestampNtz", "vacuumProtocolCheck"};
constexpr std::array<std::string_view, 4> kWriterFeatures = {"appendOnly", "invariants", "timestampNtz",
                                                             "vacuumProtocolCheck"};

// What the writer versions before table features (7) stand for, beyond version 2.
struct LegacyFeature {
    int writer_version;
    std::string_view name;
};
constexpr std::array kLegacyFeatures = {
    LegacyFeature{3, "checkConstraints"}, LegacyFeature{4, "changeDataFeed"},  LegacyFeature{4, "generatedColumns"},
    LegacyFeature{5, "columnMapping"},    LegacyFeature{6, "identityColumns"},
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
            return {};
        case 2:
            return refuse("reading", {"columnMapping"});
        case 3:
            break;
        default:
            return refuse("reading", {fmt::format("reader version {}", protocol.min_reader_version)});
    }
    const auto lacking = missing(protocol.reader_features, kReaderFeatures);
    if (!lacking.empty()) return refuse("reading", lacking);
    return {};
}

Result<> check_writable(const Protocol& protocol) {
    LAGOA_TRY(check_readable(protocol));
    const int version = protocol.min_writer_version;
    if (version < 1 || version > 7) return refuse("writing", {fmt::format("writer version {}", version)});
    std::vector<std::string> lacking;
    if (version == 7)
        lacking = missing(protocol.writer_features, kWriterFeatures);
    else
        for (const auto& [since, name] : kLegacyFeatures)
            if (version >= since) lacking.emplace_back(name);
    if (!lacking.empty()) return refuse("writing", lacking);
    return {};
}

}  // namespace lagoa::delta
