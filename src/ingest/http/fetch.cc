#include "ingest/http/fetch.h"

#include <algorithm>
#include <array>
#include <deque>
#include <functional>

#include "base/log.h"
#include "base/text.h"
#include "ingest/http/retry_after.h"

namespace lagoa::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kFirstWait{500};  // the most before the second attempt; doubled for each one more
constexpr milliseconds kLongestWait{30'000};
constexpr seconds kLongestRetryAfter{120};
constexpr int kGiveUpAfter = 3;  // requests in a row that failed by the server's fault

constexpr std::array<std::string_view, 6> kKeptHeaders = {"content-type",  "etag",        "date",
                                                          "last-modified", "retry-after", "x-lagoa-simulated"};

bool is_kept(std::string_view header) {
    return std::ranges::find(kKeptHeaders, header) != kKeptHeaders.end() || header.starts_with("x-ratelimit-");
}

// What the server says of a request that it refused. Secrets go before the text is cut, which could leave
// half of one.
std::string server_message(const net::HttpResponse& response, const Redactor& redact) {
    if (const auto value = json::parse(response.body))
        if (const auto message = value->string_at("message")) return one_line(redact(*message));
    const std::string* type = net::find_header(response.headers, "Content-Type");
    const bool is_page = type != nullptr && to_lower(*type).find("html") != std::string::npos;
    return response.body.empty() || is_page ? "no message" : one_line(redact(response.body), 120);
}

}  // namespace

json::Object Answer::request_record() const {
    return json::make_object({{"method", "GET"}, {"url", url}});
}

json::Object Answer::response_record(const Redactor& redact) const {
    json::Object headers;
    for (const auto& [name, value] : response.headers)
        if (const std::string lower = to_lower(name); is_kept(lower)) headers.set(lower, one_line(redact(value)));
    return json::make_object({{"status", response.status},
                              {"headers", std::move(headers)},
                              {"took_ms", std::int64_t{response.took.count()}}});
}

Fetcher::Fetcher(const FetchContext& context, const HttpAccess& access, LandingSink& sink)
    : context_(context), access_(access), sink_(sink), random_(std::hash<std::string>()(context.run)) {}

Result<> Fetcher::fetch(std::string_view stream, const RequestTemplate& requests, AnswerReader& reader) {
    const auto batches = requests.batches();
    std::deque<Batch> queue(batches.begin(), batches.end());
    while (!queue.empty()) {
        const Batch batch = std::move(queue.front());
        queue.pop_front();
        if (closed_) {
            fail_items(stream, batch, *closed_);
            continue;
        }
        const auto answer = get(requests.target(batch, access_.query), reader);
        if (answer) unanswered_ = 0;
        const Batch again = LAGOA_TRY(answer ? reader.deliver(batch, *answer) : settle(stream, batch, answer.error()));
        for (const std::string& item : again) queue.push_back({item});
    }
    return {};
}

std::expected<Answer, FetchFailure> Fetcher::get(const std::string& target, AnswerReader& reader) {
    const std::string url = access_.redact(access_.base_url + target);
    net::HttpRequest request{.url = access_.base_url + target, .headers = access_.headers};
    request.total_timeout = access_.timeout;
    request.connect_timeout = std::min(request.connect_timeout, access_.timeout);
    request.max_body_bytes = access_.max_body_bytes;
    request.allow_private_addresses = context_.project->allow_private_addresses;
    if (access_.has_token) request.max_redirects = 0;  // a token goes to the declared host only

    for (int attempt = 1;; ++attempt) {
        auto response = context_.http->send(request, context_.stop);
        auto failed = judge(response, url, reader);
        if (!failed) return Answer{*std::move(response), url};
        if (!failed->repeat) return std::unexpected(std::move(failed->failure));
        if (attempt == access_.attempts) {
            Error& error = failed->failure.error;
            if (attempt > 1) error.message += fmt::format(" ({} attempts)", attempt);
            return std::unexpected(std::move(failed->failure));
        }
        log::warn("ingest.retry", {{"url", url}, {"attempt", attempt}, {"reason", failed->failure.error.message}});
        if (!wait(attempt, failed->retry_after)) {
            Error stopped{ErrorCode::kCancelled, fmt::format("GET {}: stopped while waiting to ask again", url)};
            return std::unexpected(FetchFailure{Blame::kSource, std::move(stopped), {}});
        }
    }
}

// nullopt: the answer is good.
std::optional<Fetcher::Attempt> Fetcher::judge(const Result<net::HttpResponse>& response, std::string_view url,
                                               AnswerReader& reader) const {
    if (!response) {
        Error error = access_.redact(response.error());
        switch (error.code) {
            case ErrorCode::kUnavailable:
            case ErrorCode::kDeadlineExceeded:
                error.hint = "Check that the server runs and can be reached, then run this again.";
                return Attempt{{Blame::kServer, std::move(error), {}}, true};
            case ErrorCode::kResourceExhausted:
                error.hint = "Ask for less in one request (items_per_request), or raise limits.max_body_mb.";
                return Attempt{{Blame::kItems, std::move(error), {}}};
            case ErrorCode::kPermissionDenied:
                error.hint = "Set network.allow_private_addresses in lagoa.yaml if the address is meant.";
                return Attempt{{Blame::kSource, std::move(error), {}}};
            default:
                return Attempt{{Blame::kSource, std::move(error), {}}};
        }
    }
    if (response->status < 200 || response->status > 299) return judge_status(*response, url);
    auto accepted = reader.accept(*response);
    if (accepted) return std::nullopt;
    Error error = access_.redact(std::move(accepted).error());
    error.message = fmt::format("GET {}: {}", url, error.message);
    return Attempt{{Blame::kItems, std::move(error), *response}, true};
}

Fetcher::Attempt Fetcher::judge_status(const net::HttpResponse& response, std::string_view url) const {
    const int status = response.status;
    Error error{ErrorCode::kInvalidArgument,
                fmt::format("GET {}: {}: {}", url, status, server_message(response, access_.redact))};
    const auto failed = [&](Blame blame, ErrorCode code, std::string hint, bool repeat = false) {
        error.code = code;
        error.hint = std::move(hint);
        return Attempt{{blame, std::move(error), {}}, repeat};
    };
    if (status == 401) return failed(Blame::kSource, ErrorCode::kUnauthenticated, access_hint());
    if (status == 403) return failed(Blame::kSource, ErrorCode::kPermissionDenied, access_hint());
    if (status == 402 || status == 429) {
        auto attempt = failed(Blame::kQuota, ErrorCode::kResourceExhausted,
                              "Wait until the server's quota is free again, or ask for less.", status == 429);
        if (const auto* header = net::find_header(response.headers, "Retry-After"))
            attempt.retry_after = parse_retry_after(*header, context_.clock->now());
        return attempt;
    }
    if (status == 408 || status >= 500) {
        auto attempt =
            failed(Blame::kServer, ErrorCode::kUnavailable, "Run this again later: the fault is the server's.", true);
        attempt.failure.answer = response;
        if (const auto* header = net::find_header(response.headers, "Retry-After"))
            attempt.retry_after = parse_retry_after(*header, context_.clock->now());
        return attempt;
    }
    if (status >= 300 && status < 400) {
        const auto* location = net::find_header(response.headers, "Location");
        error.message = fmt::format("GET {}: {}: it redirects to {}, which is not followed", url, status,
                                    location == nullptr ? "nowhere" : one_line(access_.redact(*location)));
        return failed(Blame::kSource, ErrorCode::kInvalidConfig, "Write the address it redirects to as base_url.");
    }
    return failed(Blame::kItems, status == 404 || status == 410 ? ErrorCode::kNotFound : ErrorCode::kInvalidArgument,
                  "Check the items, the path and the query in the source's file.");
}

std::string Fetcher::access_hint() const {
    const std::string& file = context_.source->document.name();
    if (access_.token_variable.empty()) return fmt::format("Declare `auth` with a token in {}.", file);
    if (!access_.has_token) return fmt::format("Set {} to a token of {}.", access_.token_variable, access_.base_url);
    return fmt::format("Check the token in {}: {} does not accept it.", access_.token_variable, access_.base_url);
}

// Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
bool Fetcher::wait(int attempt, std::optional<seconds> retry_after) {
    if (retry_after) return context_.clock->sleep(std::min(*retry_after, kLongestRetryAfter), context_.stop);
    const milliseconds most = std::min(kFirstWait * (1 << (attempt - 1)), kLongestWait);
    return context_.clock->sleep(milliseconds(std::uniform_int_distribution<std::int64_t>(0, most.count())(random_)),
                                 context_.stop);
}

Result<Batch> Fetcher::settle(std::string_view stream, const Batch& batch, const FetchFailure& failure) {
    if (failure.blame == Blame::kSource) return pass_on(failure.error);
    const bool refused = failure.blame == Blame::kItems || (failure.blame == Blame::kServer && failure.answer);
    if (batch.size() > 1 && refused) {
        log::warn("ingest.batch_refused",
                  {{"stream", stream}, {"items", batch.size()}, {"reason", failure.error.message}});
        return batch;
    }
    if (failure.blame == Blame::kItems) unanswered_ = 0;
    if (failure.blame == Blame::kServer) ++unanswered_;
    if (failure.blame == Blame::kQuota || unanswered_ >= kGiveUpAfter) {
        closed_ = failure.error;
        closed_->message = "not asked, after " + closed_->message;
    }
    Error error = failure.error;
    if (failure.blame == Blame::kItems && failure.answer) {
        const std::string key = LAGOA_TRY(land_evidence(stream, batch, *failure.answer));
        error.message += fmt::format("; the answer is kept as {}", key);
        error.hint = "Look at the landed answer: it is not what the server used to send.";
    }
    fail_items(stream, batch, error);
    return Batch();
}

Result<std::string> Fetcher::land_evidence(std::string_view stream, const Batch& batch,
                                           const net::HttpResponse& response) {
    const Answer answer{response, {}};
    LandedObject object{.stream = std::string(stream), .item = name_of(batch), .format = RecordFormat::kNone};
    object.response = answer.response_record(access_.redact);
    return sink_.land(std::move(object), "bad", response.body);
}

void Fetcher::fail_items(std::string_view stream, const Batch& batch, const Error& error) {
    if (batch.empty()) sink_.item_failed(stream, "", error);
    for (const std::string& item : batch) sink_.item_failed(stream, item, error);
}

}  // namespace lagoa::ingest
