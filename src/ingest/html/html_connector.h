// Pages: landed verbatim, with the records that declared selectors take from them beside.
#pragma once

#include "ingest/connector.h"

namespace lagoa::ingest {

const Connector& html_connector();

}  // namespace lagoa::ingest
