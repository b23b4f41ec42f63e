// The simulated market, started beside a verb and stopped with it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace lagoa::sample {
class SampleServer;
}

namespace lagoa::app {

struct SampleMarketOptions {
    std::stop_token stop;
};

/// Owns the server, the private PostgreSQL cluster and their folder; all are gone when this is destroyed.
class SampleMarket {
public:
    static Result<std::unique_ptr<SampleMarket>> start(const SampleMarketOptions& options);
    ~SampleMarket();
    /// What a project's sources read: BRAPI_BASE_URL, BRAPI_TOKEN, FII_BASE_URL, LEGACY_DSN, B3_COTAHIST_DIR.
    std::map<std::string, std::string> environment() const;

private:
    explicit SampleMarket(std::unique_ptr<sample::SampleServer> server);
    std::unique_ptr<sample::SampleServer> server_;
};

}  // namespace lagoa::app
