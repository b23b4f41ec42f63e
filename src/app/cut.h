// What `--at` says.
#pragma once

#include <string>

#include "app/workspace.h"

namespace lagoa::app {

inline constexpr auto kAtHelp =
    "What to read: published (default), head (each table's newest), a lake version v12, a day 2026-09-30, an instant "
    "or "
    "tag:NAME";

/// `published`, `head`, or what LakeLog::resolve knows; each with or without `@`.
Result<Cut> resolve_cut(Workspace& workspace, const std::string& text);

/// A version of one table: `v12` or `12`, a day (its end, in the project's time zone) or an instant. kInvalidArgument.
Result<VersionChoice> resolve_table_version(Workspace& workspace, const std::string& text);

}  // namespace lagoa::app
