// The brapi-compatible API of the simulated market.
//
// Deliberate quirks, all seen in real answers: the last candle of a daily series is stamped with the
// time of the request's day and has a partial volume; a few candles have no values at all; daily stamps
// moved from 13:00 to 03:00 UTC; funds answer with zero ranges and a valid price; names are padded and
// carry ex-markers; marketCap may have decimals; a receipt has a P/E in the thousands; `took` is a
// string or an integer; labels of one thing vary; one unknown ticker fails the whole request.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/http_server.h"
#include "sample/market.h"

namespace lagoa::sample {

class Recordings;

enum class Plan { kFree, kStartup, kPro };

/// What a plan allows.
struct PlanLimits {
    std::string_view name;
    std::size_t tickers_per_request;
    std::uint64_t requests;  ///< A month; here, in the server's life.
    std::string_view longest_range;
};
const PlanLimits& limits_of(Plan plan);

struct ApiOptions {
    std::string token;
    Plan plan = Plan::kPro;
    unsigned requests_per_minute = 0;    ///< 0: no limit.
    std::optional<std::uint64_t> quota;  ///< Default: the plan's.
    Day first_day = kEpoch;              ///< Nothing older is served.
    Instant now;                         ///< When the market's last candle was taken; frozen for the server's life.
};

/// Safe to use from several threads. What it is given outlives it.
class BrapiApi {
public:
    BrapiApi(const Market& market, const Recordings* recordings, ApiOptions options, Clock& clock)
        : market_(market), recordings_(recordings), options_(std::move(options)), clock_(clock) {}

    /// For paths under `/api/`. Refuses, in this order: 429 too many requests in a minute, 401 token missing
    /// or wrong, 402 the plan's requests used up; then 400, 404 and 417 by endpoint.
    net::ServerResponse answer(const net::ServerRequest& request);

private:
    /// The refusal of a request over the minute's limit; `headers` gets what is left of it.
    std::optional<net::ServerResponse> over_rate(net::Headers& headers);
    std::optional<net::ServerResponse> unauthenticated(const net::ServerRequest& request) const;
    std::optional<net::ServerResponse> over_quota();

    const Market& market_;
    const Recordings* recordings_;
    const ApiOptions options_;
    Clock& clock_;
    std::mutex mutex_;
    Instant window_start_{};            // guarded by mutex_
    unsigned window_requests_ = 0;      // guarded by mutex_
    std::uint64_t total_requests_ = 0;  // guarded by mutex_
};

}  // namespace lagoa::sample
