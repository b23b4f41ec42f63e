// Asks a server for a source's items: retries what may pass, asks again item by item where a batch is
// refused, and stops asking a server that is down or has had enough.
//
// One bad item never drops the others; what fails goes to LandingSink::item_failed. Only what every other
// request would meet as well (a bad token, an address that is not allowed) fails the source.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "ingest/http/access.h"
#include "ingest/http/request_template.h"

namespace lagoa::ingest {

/// What a failed request was about, and so what may still be asked.
enum class Blame {
    kItems,   ///< What was asked for, or the answer's content: others may do.
    kServer,  ///< No answer or a 5xx, after every attempt.
    kQuota,   ///< 402, 429: any further request would meet the same.
    kSource,  ///< The token, the address, a stop: nothing of the source can be fetched.
};

struct FetchFailure {
    Blame blame = Blame::kSource;
    Error error;
    std::optional<net::HttpResponse> answer;  ///< A 2xx that was not accepted, or a 5xx.
};

/// An answer and where it came from.
struct Answer {
    net::HttpResponse response;
    std::string url;  ///< Secrets redacted.

    /// method and url, for LandedObject::request.
    json::Object request_record() const;
    /// status, the headers worth keeping (never cookies) and took_ms, for LandedObject::response.
    json::Object response_record(const Redactor& redact) const;
};

/// What a connector makes of the answers of one stream.
class AnswerReader {
public:
    virtual ~AnswerReader() = default;
    /// Whether the body is what was asked for. A refusal may come from a cut: the request is repeated.
    virtual Result<> accept(const net::HttpResponse& response) = 0;
    /// Lands the answer that was accepted last. Returns the items it lacks; an error fails the source.
    virtual Result<Batch> deliver(const Batch& batch, const Answer& answer) = 0;
};

/// One a run of a source: what a server refused in one stream is not asked again in the next.
class Fetcher {
public:
    Fetcher(const FetchContext& context, const HttpAccess& access, LandingSink& sink);

    /// Asks for every item of `stream`.
    Result<> fetch(std::string_view stream, const RequestTemplate& requests, AnswerReader& reader);

private:
    /// A failed attempt.
    struct Attempt {
        FetchFailure failure;
        bool repeat = false;
        std::optional<std::chrono::seconds> retry_after = {};
    };

    std::expected<Answer, FetchFailure> get(const std::string& target, AnswerReader& reader);
    std::optional<Attempt> judge(const Result<net::HttpResponse>& response, std::string_view url,
                                 AnswerReader& reader) const;
    Attempt judge_status(const net::HttpResponse& response, std::string_view url) const;
    std::string access_hint() const;
    bool wait(int attempt, std::optional<std::chrono::seconds> retry_after);
    /// Records the failure of `batch`, or returns the items to ask for alone.
    Result<Batch> settle(std::string_view stream, const Batch& batch, const FetchFailure& failure);
    Result<std::string> land_evidence(std::string_view stream, const Batch& batch, const net::HttpResponse& response);
    void fail_items(std::string_view stream, const Batch& batch, const Error& error);

    const FetchContext& context_;
    const HttpAccess& access_;
    LandingSink& sink_;
    std::mt19937_64 random_;       // jitter; seeded by the run, so that a run can be replayed
    int unanswered_ = 0;           // requests in a row that failed by the server's fault
    std::optional<Error> closed_;  // why nothing more is asked
};

}  // namespace lagoa::ingest
