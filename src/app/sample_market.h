// The simulated market, started beside a verb and stopped with it.
#pragma once

#include <cstdint>
#include <filesystem>
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
    std::uint16_t port = 0;
    std::uint64_t seed = 2026;
    unsigned assets = 10;
    unsigned funds = 30;
    std::string from;   ///< YYYY-MM-DD: first day of the API's and the database's history; empty: 2021-01-01
    std::string today;  ///< YYYY-MM-DD; empty: the clock's day
    std::string plan = "pro";
    std::string recordings;  ///< Folder of recorded answers; empty: all is simulated.
    bool no_legacy = false;
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
    SampleMarket(std::unique_ptr<sample::SampleServer> server, std::filesystem::path folder,
                 std::filesystem::path recordings);

    std::unique_ptr<sample::SampleServer> server_;
    std::filesystem::path folder_;  // of B3's file
    std::filesystem::path recordings_;
};

}  // namespace lagoa::app
