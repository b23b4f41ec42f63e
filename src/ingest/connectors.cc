#include <algorithm>

#include "ingest/connector.h"
#include "ingest/fixed_width/fixed_width_connector.h"
#include "ingest/html/html_connector.h"
#include "ingest/http/http_connector.h"
#include "ingest/postgres/postgres_connector.h"

namespace lagoa::ingest {

std::vector<const Connector*> all_connectors() {
    return {&http_connector(), &html_connector(), &postgres_connector(), &fixed_width_connector()};
}

const Connector* find_connector(std::string_view kind) {
    const auto all = all_connectors();
    const auto found = std::ranges::find(all, kind, &Connector::kind);
    return found == all.end() ? nullptr : *found;
}

}  // namespace lagoa::ingest
