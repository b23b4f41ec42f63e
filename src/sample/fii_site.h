// A site of real-estate funds as scrapers meet them: ranking, detail and dividend pages in ISO-8859-1
// with Brazilian numbers.
//
// Deliberate quirks: no User-Agent, no page (403); an unknown fund is a page without tables and status
// 200; labels repeat, so that position matters; one row is not closed; segments may be empty; funds
// without buildings say `-` or zero.
#pragma once

#include "net/http_server.h"
#include "sample/market.h"

namespace lagoa::sample {

class Recordings;

/// Immutable; safe to use from several threads. What it is given outlives it.
class FiiSite {
public:
    FiiSite(const Market& market, const Recordings* recordings, Day today)
        : market_(market), recordings_(recordings), today_(today) {}

    /// `/fii_resultado.php`, `/detalhes.php?papel=`, `/fii_proventos.php?papel=`; 404 for other paths.
    net::ServerResponse answer(const net::ServerRequest& request) const;

private:
    const Market& market_;
    const Recordings* recordings_;
    const Day today_;
};

}  // namespace lagoa::sample
