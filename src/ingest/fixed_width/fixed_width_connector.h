// Files of fixed-width records in a directory: landed verbatim, with their records beside.
#pragma once

#include "ingest/connector.h"

namespace lagoa::ingest {

const Connector& fixed_width_connector();

}  // namespace lagoa::ingest
