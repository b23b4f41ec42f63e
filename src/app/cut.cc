#include "app/cut.h"

#include <charconv>
#include <string_view>

#include "model/time_zone.h"

namespace lagoa::app {
namespace {

std::optional<delta::Version> parse_version(std::string_view text) {
    if (text.starts_with('v')) text.remove_prefix(1);
    delta::Version version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || version < 0) return std::nullopt;
    return version;
}

}  // namespace

Result<Cut> resolve_cut(Workspace& workspace, const std::string& text) {
    const std::string name = text.starts_with('@') ? text.substr(1) : text;
    if (name == "published") return Cut{.pins = {}};
    if (name == "head") return Cut{.base = Cut::Base::kHead, .pins = {}};
    Lake* lake = LAGOA_TRY(workspace.lake());
    const LakeVersion version = LAGOA_TRY(lake->log().resolve(text, workspace.project().time_zone));
    return Cut{.base = Cut::Base::kVersion, .lake_version = version.version, .pins = {}};
}

Result<VersionChoice> resolve_table_version(Workspace& workspace, const std::string& text) {
    constexpr std::size_t kDayLength = 10;
    if (const auto version = parse_version(text)) return VersionChoice{.version = version, .time = {}};
    const auto midnight = text.size() == kDayLength ? parse_instant(text + "T00:00:00Z") : parse_instant(text);
    if (!midnight)
        return fail_with_hint(ErrorCode::kInvalidArgument, "Use v12, 2026-09-30 or 2026-09-30T18:00:00-03:00.",
                              "\"{}\" is no version of a table", text);
    if (text.size() != kDayLength) return VersionChoice{.version = {}, .time = *midnight};
    const TimeZone zone = LAGOA_TRY(TimeZone::load(workspace.project().time_zone));
    const auto day = std::chrono::floor<std::chrono::days>(*midnight).time_since_epoch().count();
    return VersionChoice{.version = {},
                         .time = zone.end_of_day(static_cast<std::int32_t>(day)) - std::chrono::microseconds(1)};
}

}  // namespace lagoa::app
