// One process's simulated sources: HTTP server, legacy database and B3 file, with the environment
// variables that lead a project to them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "sample/api.h"
#include "sample/market.h"

namespace lagoa::sample {

struct SampleOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: any free one.
    MarketOptions market;
    Day from{std::chrono::year{2021} / 1 / 1};  ///< First day served by the API (`range=max`) and the legacy database.
    std::optional<Day> today;                   ///< Default: the clock's date in São Paulo when the server starts.
    Plan plan = Plan::kPro;
    unsigned requests_per_minute = 6'000;
    std::string token = "sample-token";
    std::filesystem::path recordings;  ///< Not empty: recorded answers from this folder where it has them.
    bool with_legacy = true;
    std::filesystem::path b3_directory;  ///< Not empty: where the COTAHIST file of the last full session is written.
    Clock* clock = nullptr;              ///< Default: system_clock().
};

/// Serves until destroyed, which also removes the legacy database. Safe to use from several threads.
class SampleServer {
public:
    /// kInvalidArgument: options that contradict each other. kNotFound: a recordings folder without
    /// recordings, no PostgreSQL installed. kUnavailable: a port taken, a database that does not start.
    static Result<std::unique_ptr<SampleServer>> start(const SampleOptions& options);
    virtual ~SampleServer() = default;

    virtual std::string base_url() const = 0;    ///< `http://127.0.0.1:<port>`: the API and the FII site.
    virtual std::string legacy_dsn() const = 0;  ///< A libpq URL; empty without a legacy database.

    /// BRAPI_BASE_URL, BRAPI_TOKEN, FII_BASE_URL, and LEGACY_DSN and B3_COTAHIST_DIR if they are served.
    virtual std::map<std::string, std::string> environment() const = 0;
};

}  // namespace lagoa::sample
