// What a publisher wants, put on top of what the lake is by now.
#pragma once

#include "catalog/lake_log.h"

namespace lagoa {

/// `latest` with `change`, its version, time and run as they were. Errors as LakeLog::publish.
Result<LakeVersion> apply_change(const LakeChange& change, const LakeVersion& base, const LakeVersion& latest);

/// Whether both are the same lake, whenever and by whomever published.
bool same_state(const LakeVersion& a, const LakeVersion& b);

/// Whether `name` may be a tag: letters, digits, `.`, `_` and `-`, a letter or digit first, at most 100.
bool is_tag_name(std::string_view name);

}  // namespace lagoa
