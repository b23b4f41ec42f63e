#include "sample/api.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "sample/impl/api_routes.h"
#include "sample/impl/json_answer.h"

namespace lagoa::sample {
namespace {

constexpr std::chrono::seconds kWindow{60};
constexpr std::array<std::string_view, 4> kFreeTickers = {"PETR4", "MGLU3", "VALE3", "ITUB4"};

constexpr std::array kPlans = std::to_array<PlanLimits>({
    {"free", 1, 15'000, "3mo"},
    {"startup", 10, 150'000, "1y"},
    {"pro", 20, 500'000, "max"},
});

/// The token of `Authorization: Bearer …` or of `?token=`; nothing if there is neither.
std::optional<std::string> token_of(const net::ServerRequest& request) {
    constexpr std::string_view kBearer = "bearer ";
    const std::string* header = net::find_header(request.headers, "Authorization");
    if (header != nullptr && to_lower(*header).starts_with(kBearer)) {
        return std::string(trim(std::string_view(*header).substr(kBearer.size())));
    }
    const std::string* parameter = request.parameter("token");
    if (parameter == nullptr || parameter->empty()) return std::nullopt;
    return *parameter;
}

bool needs_no_token(const net::ServerRequest& request) {
    std::string_view path = request.path;
    if (!path.starts_with(kQuotePath) || path == kListPath) return false;
    path.remove_prefix(kQuotePath.size());
    return std::ranges::all_of(split(path, ','), [](std::string_view ticker) {
        return std::ranges::find(kFreeTickers, ticker) != kFreeTickers.end();
    });
}

}  // namespace

const PlanLimits& limits_of(Plan plan) {
    return kPlans[static_cast<std::size_t>(plan)];
}

std::optional<net::ServerResponse> BrapiApi::over_rate(net::Headers& headers) {
    if (options_.requests_per_minute == 0) return std::nullopt;
    const std::lock_guard lock(mutex_);
    const Instant now = clock_.now();
    if (now >= window_start_ + kWindow) {
        window_start_ = now;
        window_requests_ = 0;
    }
    const bool admitted = window_requests_ < options_.requests_per_minute;
    if (admitted) ++window_requests_;
    headers.emplace_back("X-RateLimit-Limit", std::to_string(options_.requests_per_minute));
    headers.emplace_back("X-RateLimit-Remaining", std::to_string(options_.requests_per_minute - window_requests_));
    headers.emplace_back("X-RateLimit-Window", std::to_string(kWindow.count()));
    if (admitted) return std::nullopt;
    const auto wait = std::chrono::ceil<std::chrono::seconds>(window_start_ + kWindow - now);
    headers.emplace_back("Retry-After", std::to_string(wait.count()));
    return error_answer(429, "RATE_LIMIT_EXCEEDED", "Muitas requisições neste minuto; tente de novo mais tarde");
}

std::optional<net::ServerResponse> BrapiApi::unauthenticated(const net::ServerRequest& request) const {
    const auto token = token_of(request);
    if (token && *token != options_.token) {
        return error_answer(401, "INVALID_TOKEN", "Este token não vale no mercado simulado");
    }
    if (token || needs_no_token(request)) return std::nullopt;
    return error_answer(401, "MISSING_TOKEN", "Sem token respondem apenas PETR4, MGLU3, VALE3 e ITUB4");
}

std::optional<net::ServerResponse> BrapiApi::over_quota() {
    const std::lock_guard lock(mutex_);
    const PlanLimits& plan = limits_of(options_.plan);
    if (total_requests_ < options_.quota.value_or(plan.requests)) {
        ++total_requests_;
        return std::nullopt;
    }
    return error_answer(402, "", fmt::format("As requisições do plano {} acabaram", plan.name));
}

net::ServerResponse BrapiApi::answer(const net::ServerRequest& request) {
    net::Headers headers;
    auto refusal = over_rate(headers);
    if (!refusal) refusal = unauthenticated(request);
    if (!refusal) refusal = over_quota();
    net::ServerResponse response =
        refusal
            ? *std::move(refusal)
            : route_api(request, {.market = market_, .recordings = recordings_, .options = options_, .clock = clock_});
    response.headers.insert(response.headers.end(), headers.begin(), headers.end());
    return response;
}

}  // namespace lagoa::sample
