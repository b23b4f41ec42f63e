// Full loads of PostgreSQL relations, in one snapshot, as Parquet.
#pragma once

#include "ingest/connector.h"

namespace lagoa::ingest {

const Connector& postgres_connector();

}  // namespace lagoa::ingest
