// The actions' JSON: one object with one member a line. What we do not know is skipped, as the
// protocol asks; what we know and cannot read is kCorruption.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delta/actions.h"

namespace lagoa::delta {

/// One line of a commit or one row of a checkpoint; nullopt if its action is unknown to us.
/// kUnsupported: a type or file format we lack.
Result<std::optional<Action>> parse_action(std::string_view line);

/// A whole commit; `key` is named in errors, with the line. Without `commit_infos` those are left out, which saves
/// much time where thousands of commits are read for the table's state only.
Result<std::vector<Action>> parse_commit(std::string_view text, std::string_view key, bool commit_infos = true);

/// When the commit was made, in milliseconds, if its table has in-commit timestamps.
std::optional<std::int64_t> in_commit_timestamp(const json::Object& commit_info);

/// One line, without its end.
std::string print_action(const Action& action);

}  // namespace lagoa::delta
