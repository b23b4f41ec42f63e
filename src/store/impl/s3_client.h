// Signed requests to one bucket, with the retries that are safe.
//
// A request that may be repeated is, with full jitter between tries, until max_attempts: on 5xx, 429, timeouts and lost
// connections. One that may not (a conditional put) is sent once, and its caller resolves an unknown outcome. Two
// refusals are acted on for both kinds, because the server has done nothing: a clock that is off
// (RequestTimeTooSkewed: the server's own time is used from then on), and a request that took too long to arrive.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/http_client.h"
#include "store/impl/s3_address.h"
#include "store/s3_options.h"

namespace lagoa {

struct S3Request {
    std::string method = "GET";
    std::string key = {};  ///< The whole key, prefix included; empty: the bucket.
    std::vector<std::pair<std::string, std::string>> query = {};
    net::Headers headers = {};
    std::string body = {};
    std::uint64_t answer_bytes = 0;      ///< Of the body that is asked for.
    std::string_view doing = "reading";  ///< For messages.
};

/// What S3 answered, success or not.
struct S3Answer {
    int status = 0;
    net::Headers headers;
    std::string body;
    std::string code;     ///< `NoSuchKey`; of HEAD, which has no body, and of success it is empty.
    std::string message;  ///< Belongs to `code`.
    std::string region;   ///< Where the bucket is, if the answer says so.

    bool is_success() const { return status >= 200 && status < 300; }
    /// There is no such object. (Of a HEAD in a bucket that is not there, too: that answer does not say more.)
    bool is_absent() const { return status == 404 && (code.empty() || code == "NoSuchKey" || code == "NoSuchVersion"); }
    /// The value of a header, or empty.
    std::string header(std::string_view name) const;
};

/// Thread-safe.
class S3Client {
public:
    S3Client(S3Address address, S3Options options, std::unique_ptr<net::HttpClient> http, Clock& clock);

    /// Repeats the request as said above. Any final answer of the server is a success here; an error means that there
    /// was none: kUnavailable, kDeadlineExceeded.
    Result<S3Answer> send(const S3Request& request);
    /// Sends it once, whatever comes of it.
    Result<S3Answer> send_once(const S3Request& request);

    /// Whether `result` leaves open what the server did: there was no answer, or one of trouble on its side.
    static bool is_unknown(const Result<S3Answer>& result);
    /// Waits before try `attempt` (from 2 on), longer each time.
    void wait_before(int attempt);

    /// The error that an answer without success stands for.
    std::unexpected<Error> failure(const S3Request& request, const S3Answer& answer) const;

    /// `s3://bucket/key`
    std::string name_of(std::string_view whole_key) const {
        return "s3://" + address_.bucket + "/" + std::string(whole_key);
    }
    const S3Address& address() const { return address_; }
    const S3Options& options() const { return options_; }

private:
    Result<S3Answer> exchange(const S3Request& request, bool at_most_once);
    net::HttpRequest signed_request(const S3Request& request) const;
    bool follow_clock(const S3Answer& answer);

    const S3Address address_;
    const S3Options options_;
    const std::unique_ptr<net::HttpClient> http_;
    Clock& clock_;
    std::atomic<std::int64_t> skew_us_ = 0;  // of the server's clock to ours
    std::mutex mutex_;
    std::minstd_rand random_;  // guarded by mutex_
};

}  // namespace lagoa
