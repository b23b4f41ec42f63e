// Row tracking: every row has an id for its life, `baseRowId` of its file plus its place unless the file says
// otherwise.
//
// Ids are given out in the order of commits, from a high-water mark that the domain `delta.rowTracking` keeps. A commit
// that is tried again on a newer version gives its files new ids.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Row Tracking)
#pragma once

#include <map>
#include <vector>

#include "delta/actions.h"

namespace lagoa::delta {

constexpr std::string_view kRowTrackingDomain = "delta.rowTracking";

/// The highest id given out that the domain knows of, -1 if none was. kCorruption: the domain cannot be read.
Result<std::int64_t> row_id_high_water_mark(const DomainMetadata& domain);
DomainMetadata row_tracking_domain(std::int64_t high_water_mark);

/// Gives ids above `high_water_mark`, and `version`, to the files at `places` of `adds`. Returns the new mark.
/// kInvalidArgument: a file's statistics do not tell how many rows it has.
Result<std::int64_t> assign_row_ids(std::vector<AddFile>& adds, const std::vector<std::size_t>& places,
                                    std::int64_t high_water_mark, Version version);

/// Names the columns in which rewritten rows keep their ids, if row tracking is on: as in `before`, else new ones.
void name_row_tracking_columns(Metadata& metadata, const Metadata* before);

}  // namespace lagoa::delta
