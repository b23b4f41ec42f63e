#include "app/sample_market.h"

#include <charconv>
#include <filesystem>

#include "base/id.h"
#include "base/text.h"
#include "sample/sample_server.h"

namespace lagoa::app {
namespace {

Result<std::optional<sample::Day>> parse_day(std::string_view option, const std::string& text) {
    if (text.empty()) return std::optional<sample::Day>();
    const auto instant = parse_instant(text + "T00:00:00Z");
    if (!instant) return fail(ErrorCode::kInvalidArgument, "{} {} is not a day like 2026-11-25", option, text);
    return std::optional(sample::Day{std::chrono::floor<std::chrono::days>(*instant)});
}

sample::Plan plan_of(const std::string& name) {
    if (name == "free") return sample::Plan::kFree;
    return name == "startup" ? sample::Plan::kStartup : sample::Plan::kPro;
}

}  // namespace

SampleMarket::SampleMarket(std::unique_ptr<sample::SampleServer> server, std::filesystem::path folder,
                           std::filesystem::path recordings)
    : server_(std::move(server)), folder_(std::move(folder)), recordings_(std::move(recordings)) {}

SampleMarket::~SampleMarket() {
    server_.reset();
    std::error_code ignored;  // a temporary folder left behind harms nobody
    std::filesystem::remove_all(folder_, ignored);
}

Result<std::unique_ptr<SampleMarket>> SampleMarket::start(const SampleMarketOptions& options) {
    sample::SampleOptions wanted;
    wanted.port = options.port;
    wanted.market.seed = options.seed;
    wanted.market.stocks = options.assets;
    wanted.market.funds = options.funds;
    wanted.today = LAGOA_TRY(parse_day("--today", options.today));
    if (const auto from = LAGOA_TRY(parse_day("--from", options.from))) wanted.from = *from;
    wanted.plan = plan_of(options.plan);
    wanted.recordings = options.recordings;
    wanted.with_legacy = !options.no_legacy;
    const auto folder = std::filesystem::temp_directory_path() / ("lagoa-sample-" + new_uuid());
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail(ErrorCode::kPermissionDenied, "making {}: {}", folder.string(), error.message());
    wanted.b3_directory = folder;
    auto server = sample::SampleServer::start(wanted);
    if (!server) {
        std::filesystem::remove_all(folder, error);
        return pass_on(server.error(), "starting the simulated market");
    }
    return std::unique_ptr<SampleMarket>(new SampleMarket(std::move(*server), folder, options.recordings));
}

std::map<std::string, std::string> SampleMarket::environment() const {
    auto variables = server_->environment();
    std::error_code error;
    const auto recorded = std::filesystem::absolute(recordings_ / "b3", error);
    if (!recordings_.empty() && std::filesystem::is_directory(recorded, error))
        variables["B3_COTAHIST_DIR"] = recorded.string();
    return variables;
}

}  // namespace lagoa::app
