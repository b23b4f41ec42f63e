#include "sample/sample_server.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "sample/cotahist.h"
#include "sample/fii_site.h"
#include "sample/impl/market_time.h"
#include "sample/legacy_database.h"
#include "sample/recordings.h"

namespace lagoa::sample {
namespace {

// The market's time of day in every answer: trading, with most of the session done.
constexpr std::chrono::seconds kTimeOfDay = std::chrono::hours{15} + std::chrono::minutes{5} + std::chrono::seconds{21};
// The legacy system was given up so long ago: its last weeks overlap with the API's three months.
constexpr std::chrono::days kSinceLegacy{60};

Result<> check(const SampleOptions& options, Day today) {
    if (options.token.empty()) return fail(ErrorCode::kInvalidArgument, "the sample's token may not be empty");
    if (options.from < kEpoch || options.from >= today) {
        return fail(ErrorCode::kInvalidArgument, "the sample's first day must lie between {} and the day before {}",
                    format_instant(kEpoch).substr(0, 10), format_instant(today).substr(0, 10));
    }
    return {};
}

class Server final : public SampleServer {
public:
    Server(const SampleOptions& options, std::optional<Recordings> recordings, Day today, Clock& clock)
        : options_(options),
          recordings_(std::move(recordings)),
          market_(options.market),
          api_(market_, recordings_ ? &*recordings_ : nullptr,
               {.token = options.token,
                .plan = options.plan,
                .requests_per_minute = options.requests_per_minute,
                .first_day = options.from,
                .now = market_instant(today, kTimeOfDay)},
               clock),
          site_(market_, recordings_ ? &*recordings_ : nullptr, today) {}

    Result<> open(Day today) {
        if (!options_.b3_directory.empty()) {
            const Day session = session_on_or_before(today - std::chrono::days{1});
            LAGOA_TRY(write_cotahist(market_, session, options_.b3_directory));
        }
        // Before the first thread: it forks.
        if (options_.with_legacy) {
            const Day last = std::max(options_.from, today - kSinceLegacy);
            legacy_ = LAGOA_TRY(LegacyDatabase::start(market_, {.first_day = options_.from, .last_day = last}));
        }
        http_ =
            LAGOA_TRY(net::HttpServer::start({.address = options_.address, .port = options_.port},
                                             [this](const net::ServerRequest& request) { return answer(request); }));
        log::info("sample.serving", {{"url", base_url()}, {"assets", market_.assets().size()}});
        return {};
    }

    std::string base_url() const override {
        const bool is_ipv6 = options_.address.find(':') != std::string::npos;
        const std::string host = is_ipv6 ? "[" + options_.address + "]" : options_.address;
        return fmt::format("http://{}:{}", host, http_->port());
    }
    std::string legacy_dsn() const override { return legacy_ ? legacy_->dsn() : std::string(); }

    std::map<std::string, std::string> environment() const override {
        std::map<std::string, std::string> variables = {
            {"BRAPI_BASE_URL", base_url()}, {"BRAPI_TOKEN", options_.token}, {"FII_BASE_URL", base_url()}};
        if (legacy_) variables["LEGACY_DSN"] = legacy_->dsn();
        if (!options_.b3_directory.empty()) variables["B3_COTAHIST_DIR"] = options_.b3_directory.string();
        return variables;
    }

private:
    net::ServerResponse answer(const net::ServerRequest& request) {
        if (request.path.starts_with("/api/")) return api_.answer(request);
        return site_.answer(request);
    }

    const SampleOptions options_;
    const std::optional<Recordings> recordings_;
    const Market market_;
    BrapiApi api_;
    const FiiSite site_;
    std::unique_ptr<LegacyDatabase> legacy_;
    std::unique_ptr<net::HttpServer> http_;  // ends first: its handlers use all the others
};

}  // namespace

Result<std::unique_ptr<SampleServer>> SampleServer::start(const SampleOptions& options) {
    Clock& clock = options.clock != nullptr ? *options.clock : system_clock();
    const Day today = options.today.value_or(market_day(clock.now()));
    LAGOA_TRY(check(options, today));
    std::optional<Recordings> recordings;
    if (!options.recordings.empty()) recordings = LAGOA_TRY(Recordings::load(options.recordings));
    auto server = std::make_unique<Server>(options, std::move(recordings), today, clock);
    LAGOA_TRY(server->open(today), "starting the simulated market");
    return server;
}

}  // namespace lagoa::sample
