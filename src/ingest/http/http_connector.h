// JSON over HTTP: one answer landed verbatim for each batch of items.
#pragma once

#include "ingest/connector.h"

namespace lagoa::ingest {

const Connector& http_connector();

}  // namespace lagoa::ingest
