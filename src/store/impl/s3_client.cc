#include "store/impl/s3_client.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "net/digest.h"
#include "net/http_date.h"
#include "store/impl/s3_xml.h"
#include "store/impl/sigv4.h"

namespace lagoa {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kErrorBytes = std::uint64_t{1} << 20;  // most that an answer without an object may have
constexpr milliseconds kFirstWait{200};
constexpr milliseconds kLongestWait{10'000};
constexpr milliseconds kWholeRequest{30'000};  // bound of one request, and for each MiB that it moves:
constexpr milliseconds kPerMebibyte{8'000};
constexpr std::size_t kMaxMessageBytes = 300;
constexpr std::chrono::minutes kTolerance{10};  // of a clock; servers have 15

// For both kinds of request: the server says that it did nothing and why trying again will help.
bool was_not_begun(const S3Answer& answer) {
    return answer.code == "RequestTimeout" || answer.code == "ConditionalRequestConflict" ||
           answer.code == "OperationAborted";
}

bool is_trouble(const S3Answer& answer) {
    if (answer.status == 501 || answer.status == 505 || answer.status == 507) return false;
    return answer.status >= 500 || answer.status == 429 || answer.code == "SlowDown";
}

bool is_full(const S3Answer& answer) {
    return answer.status == 507 || answer.code == "QuotaExceeded" || answer.code == "XMinioStorageFull" ||
           answer.code == "EntityTooLarge";
}

bool is_refusal(const S3Answer& answer) {
    return answer.status == 401 || answer.status == 403 || answer.code == "ExpiredToken" ||
           answer.code == "InvalidToken" || answer.code == "InvalidAccessKeyId" ||  // with 400 or 404, some of them
           answer.code == "XAdminUserNotFound";                                     // versitygw's, with 404
}

std::string said(const S3Answer& answer) {
    std::string text = fmt::format("{}", answer.status);
    if (!answer.code.empty()) text += " " + answer.code;
    if (!answer.message.empty()) text += " (" + answer.message.substr(0, kMaxMessageBytes) + ")";
    return text;
}

S3Answer understand(const S3Request& request, net::HttpResponse response) {
    S3Answer answer{response.status, std::move(response.headers), std::move(response.body), {}, {}, {}};
    // Completing an upload takes long: its 200 is sent first, and what went wrong comes in the body.
    const bool may_be_fault = !answer.is_success() || request.method == "POST";
    if (auto fault = may_be_fault ? parse_fault(answer.body) : std::nullopt) {
        if (answer.is_success()) answer.status = 500;
        answer.code = std::move(fault->code);
        answer.message = std::move(fault->message);
        answer.region = std::move(fault->region);
    }
    if (answer.region.empty()) answer.region = answer.header("x-amz-bucket-region");
    return answer;
}

}  // namespace

std::string S3Answer::header(std::string_view name) const {
    const std::string* value = net::find_header(headers, name);
    return value == nullptr ? std::string() : *value;
}

S3Client::S3Client(S3Address address, S3Options options, std::unique_ptr<net::HttpClient> http, Clock& clock)
    : address_(std::move(address)),
      options_(std::move(options)),
      http_(std::move(http)),
      clock_(clock),
      random_(std::random_device{}()) {}

net::HttpRequest S3Client::signed_request(const S3Request& request) const {
    const std::string path = address_.path(request.key);
    net::HttpRequest http;
    http.method = request.method;
    http.headers = sign({.method = request.method,
                         .host = address_.host,
                         .path = path,
                         .query = request.query,
                         .headers = request.headers,
                         .payload_sha256 = net::sha256_hex(request.body)},
                        {.access_key = options_.access_key,
                         .secret_key = options_.secret_key,
                         .session_token = options_.session_token,
                         .region = options_.region},
                        clock_.now() + std::chrono::microseconds(skew_us_.load()));
    const std::string query = canonical_query(request.query);
    http.url = address_.origin + path + (query.empty() ? "" : "?" + query);
    http.connect_timeout = options_.connect_timeout;
    http.stall_timeout = options_.stall_timeout;
    const std::uint64_t mebibytes = (request.body.size() + request.answer_bytes) >> 20;
    http.total_timeout = kWholeRequest + kPerMebibyte * mebibytes;
    http.max_body_bytes = std::max(request.answer_bytes, kErrorBytes);
    http.max_redirects = 0;
    http.allow_private_addresses = true;  // the project says where its lake is
    http.decompress = false;
    return http;
}

Result<S3Answer> S3Client::exchange(const S3Request& request, bool at_most_once) {
    net::HttpRequest http = signed_request(request);
    http.body = request.body;
    http.at_most_once = at_most_once;
    auto response = http_->send(http);
    if (!response) return pass_on(response.error(), "{} {}", request.doing, name_of(request.key));
    return understand(request, *std::move(response));
}

bool S3Client::follow_clock(const S3Answer& answer) {
    const auto theirs = net::parse_http_date(answer.header("Date"));
    if (!theirs) return false;
    const auto skew = *theirs - clock_.now();
    // A refused HEAD does not say why.
    const bool may_be_it = answer.status == 403 && answer.code.empty() &&
                           std::chrono::abs(skew - std::chrono::microseconds(skew_us_)) > kTolerance;
    if (answer.code != "RequestTimeTooSkewed" && !may_be_it) return false;
    skew_us_ = skew.count();
    log::warn("s3.clock", {{"bucket", address_.bucket}, {"skew_ms", skew_us_ / 1000}});
    return true;
}

Result<S3Answer> S3Client::send_once(const S3Request& request) {
    auto answer = exchange(request, true);
    for (int attempt = 2; attempt <= options_.max_attempts && answer; ++attempt) {
        if (attempt == 2 && follow_clock(*answer)) {
            answer = exchange(request, true);
        } else if (was_not_begun(*answer)) {
            wait_before(attempt);
            answer = exchange(request, true);
        } else {
            break;
        }
    }
    return answer;
}

Result<S3Answer> S3Client::send(const S3Request& request) {
    auto answer = exchange(request, false);
    bool followed = false;
    for (int attempt = 2; attempt <= options_.max_attempts; ++attempt) {
        if (answer && !followed && follow_clock(*answer)) {
            followed = true;
        } else if (is_unknown(answer) || (answer && was_not_begun(*answer))) {
            wait_before(attempt);
        } else {
            break;
        }
        answer = exchange(request, false);
    }
    return answer;
}

bool S3Client::is_unknown(const Result<S3Answer>& result) {
    return result ? is_trouble(*result) : is_outcome_unknown(result.error().code);
}

void S3Client::wait_before(int attempt) {
    const auto longest = std::min(kFirstWait * (std::int64_t{1} << std::min(attempt - 2, 16)), kLongestWait);
    milliseconds wait{};
    {
        const std::lock_guard lock(mutex_);
        wait = milliseconds(std::uniform_int_distribution<std::int64_t>(0, longest.count())(random_));
    }
    clock_.sleep(wait);
}

std::unexpected<Error> S3Client::failure(const S3Request& request, const S3Answer& answer) const {
    const std::string where = fmt::format("{} {}", request.doing, name_of(request.key));
    if (!answer.region.empty() && answer.region != options_.region &&
        (answer.status / 100 == 3 || answer.status == 400))
        return fail_with_hint(ErrorCode::kInvalidConfig, fmt::format("Set the region to {}.", answer.region),
                              "{}: the bucket is in {}, not in {}", where, answer.region, options_.region);
    if (answer.status / 100 == 3)
        return fail_with_hint(ErrorCode::kInvalidConfig, "Correct the S3 endpoint or region.",
                              "{}: S3 answered {}: the bucket is elsewhere", where, said(answer));
    if (answer.code == "NoSuchBucket")
        return fail_with_hint(ErrorCode::kInvalidConfig, "Create the bucket, or correct the root.",
                              "{}: there is no bucket {}", where, address_.bucket);
    if (answer.is_absent()) return fail(ErrorCode::kNotFound, "{}: no such object", where);
    if (is_full(answer)) return fail(ErrorCode::kResourceExhausted, "{}: S3 answered {}", where, said(answer));
    if (is_refusal(answer))
        return fail_with_hint(
            ErrorCode::kPermissionDenied,
            "Check the AWS_* variables (keys, session token), the region, and that the policy allows s3:GetObject, "
            "s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListBucket.",
            "{}: S3 answered {}", where, said(answer));
    if (answer.status == 412) return fail(ErrorCode::kUnavailable, "{}: it was replaced meanwhile", where);
    if (is_trouble(answer) || was_not_begun(answer))
        return fail(ErrorCode::kUnavailable, "{}: S3 answered {}", where, said(answer));
    if (answer.status == 501 || answer.code == "NotImplemented")
        return fail(ErrorCode::kUnsupported, "{}: S3 answered {}: the server lacks what this needs", where,
                    said(answer));
    return fail(ErrorCode::kInternal, "{}: S3 answered {}", where, said(answer));
}

}  // namespace lagoa
