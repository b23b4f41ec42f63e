// HttpClient over libcurl's multi interface: a transfer of its own for each request in flight, so
// that a stop request wakes it at once. Idle transfers are pooled for their open connections.
#include "net/http_client.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include <curl/curl.h>

#include "base/check.h"
#include "base/text.h"
#include "net/address_rules.h"

namespace lagoa::net {
namespace {

constexpr const char* kUserAgent = "lagoa/0.1";
constexpr std::size_t kMaxHeaderBytes = std::size_t{256} << 10;  // of one answer, redirects counted apart
constexpr std::size_t kMaxIdleTransfers = 16;
constexpr int kPollMilliseconds = 1'000;  // an upper bound only: sockets, timeouts and stop requests wake it

struct EasyCleanup {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiCleanup {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListCleanup {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListCleanup>;

/// One request's place in libcurl. The multi handle owns the connections, so it goes last.
struct Transfer {
    std::unique_ptr<CURLM, MultiCleanup> multi{curl_multi_init()};
    std::unique_ptr<CURL, EasyCleanup> easy{curl_easy_init()};
};

/// What the callbacks of one request share with it.
struct Exchange {
    const HttpRequest& request;
    HttpResponse response;
    std::size_t header_bytes = 0;
    bool body_too_large = false;
    bool headers_too_large = false;
    bool sent_once = false;   // the request was begun on some connection
    bool sent_again = false;  // libcurl was about to repeat it
    std::string refused;      // `127.0.0.1, a loopback address`
};

/// Scheme, host and path: tokens travel in the rest.
std::string printable(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    const std::size_t scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) return std::string(url);
    const std::size_t host = scheme_end + 3;
    const std::size_t path = std::min(url.find('/', host), url.size());
    const std::size_t at = url.substr(0, path).rfind('@');
    if (at == std::string_view::npos || at < host) return std::string(url);
    return std::string(url.substr(0, host)) + std::string(url.substr(at + 1));
}

bool is_http(std::string_view url) {
    const std::string head = to_lower(url.substr(0, 8));
    return head.starts_with("http://") || head.starts_with("https://");
}

bool is_header_text(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
    auto& exchange = *static_cast<Exchange*>(context);
    const std::size_t bytes = size * count;
    if (exchange.response.body.size() + bytes > exchange.request.max_body_bytes) {
        exchange.body_too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    exchange.response.body.append(data, bytes);
    return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context) {
    auto& exchange = *static_cast<Exchange*>(context);
    const std::string_view line(data, size * count);
    if (line.starts_with("HTTP/")) {  // a new answer: after a redirect or a 100
        exchange.response.headers.clear();
        exchange.header_bytes = 0;
    }
    exchange.header_bytes += line.size();
    if (exchange.header_bytes > kMaxHeaderBytes) {
        exchange.headers_too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && !line.starts_with("HTTP/")) {
        exchange.response.headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
    }
    return line.size();
}

bool may_connect(Exchange& exchange, std::string_view kind, std::string_view address) {
    if (exchange.request.allow_private_addresses || kind.empty()) return true;
    exchange.refused = fmt::format("{} ({})", address, kind);
    return false;
}

// Asked with each resolved address, before anything is sent to it.
curl_socket_t on_open_socket(void* context, curlsocktype, curl_sockaddr* address) {
    auto& exchange = *static_cast<Exchange*>(context);
    if (!may_connect(exchange, special_address(address->addr), "its address")) return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Asked before each request, on a connection that was open already as well: one opened for a request
// with other rights must not serve this one.
int on_connected(void* context, char* address, char*, int, int) {
    auto& exchange = *static_cast<Exchange*>(context);
    exchange.sent_again = std::exchange(exchange.sent_once, true);
    if (exchange.request.at_most_once && exchange.sent_again) return CURL_PREREQFUNC_ABORT;
    return may_connect(exchange, special_address(std::string_view(address)), address) ? CURL_PREREQFUNC_OK
                                                                                      : CURL_PREREQFUNC_ABORT;
}

template <class Option>
void set(CURL* easy, CURLoption name, Option value) {
    LAGOA_CHECK(curl_easy_setopt(easy, name, value) == CURLE_OK, "libcurl lacks an option that requests need");
}

void set_limits(CURL* easy, const HttpRequest& request) {
    const auto milliseconds = [](std::chrono::milliseconds limit) { return std::max<long>(1, limit.count()); };
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_QUICK_EXIT, 1L);  // a cancelled look-up of a name is not waited for
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_timeout));
    set(easy, CURLOPT_TIMEOUT_MS, milliseconds(request.total_timeout));
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(easy, CURLOPT_PROXY, "");  // the environment's proxies would connect for us, past the address rules
    const bool follows = request.max_redirects > 0 && (request.method == "GET" || request.method == "HEAD");
    set(easy, CURLOPT_FOLLOWLOCATION, follows ? 1L : 0L);
    set(easy, CURLOPT_MAXREDIRS, static_cast<long>(std::max(request.max_redirects, 0)));
}

void set_callbacks(CURL* easy, Exchange& exchange) {
    set(easy, CURLOPT_WRITEFUNCTION, &on_body);
    set(easy, CURLOPT_WRITEDATA, &exchange);
    set(easy, CURLOPT_HEADERFUNCTION, &on_header);
    set(easy, CURLOPT_HEADERDATA, &exchange);
    set(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
    set(easy, CURLOPT_OPENSOCKETDATA, &exchange);
    set(easy, CURLOPT_PREREQFUNCTION, &on_connected);
    set(easy, CURLOPT_PREREQDATA, &exchange);
}

void set_method(CURL* easy, const HttpRequest& request) {
    if (request.method == "HEAD") {
        set(easy, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET" || !request.body.empty()) {
        set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(easy, CURLOPT_POSTFIELDS, request.body.c_str());  // lives as long as the request
        set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    if (request.decompress) set(easy, CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can decode
    set(easy, CURLOPT_USERAGENT, kUserAgent);
}

HeaderList header_list(const HttpRequest& request) {
    HeaderList list;
    const auto append = [&list](const std::string& line) {
        curl_slist* longer = curl_slist_append(list.get(), line.c_str());
        LAGOA_CHECK(longer != nullptr, "out of memory");
        static_cast<void>(list.release());  // now the head of `longer`
        list.reset(longer);
    };
    for (const auto& [name, value] : request.headers) append(value.empty() ? name + ";" : name + ": " + value);
    append("Expect:");  // no pause for a 100 before a body
    if (find_header(request.headers, "Content-Type") == nullptr) append("Content-Type:");
    return list;
}

Result<> check(const HttpRequest& request) {
    const std::string url = printable(request.url);
    if (!is_http(request.url)) {
        return fail(ErrorCode::kInvalidArgument, "requesting {}: only http and https URLs can be fetched", url);
    }
    const bool is_token =
        !request.method.empty() && std::ranges::all_of(request.method, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!is_token) return fail(ErrorCode::kInvalidArgument, "requesting {}: bad method '{}'", url, request.method);
    for (const auto& [name, value] : request.headers) {
        const bool is_name = !name.empty() && name.find_first_of(":; \t") == std::string::npos;
        if (is_name && is_header_text(name) && is_header_text(value)) continue;
        return fail(ErrorCode::kInvalidArgument, "requesting {}: header {} is not one line of text", url,
                    quote_json(name));
    }
    return {};
}

/// Tells when nothing has moved for too long. libcurl's own low-speed limit counts in whole seconds.
class StallWatch {
public:
    using Time = std::chrono::steady_clock;

    StallWatch(CURL* easy, const Exchange& exchange) : easy_(easy), exchange_(exchange) {}

    /// To be asked after each step of the transfer.
    bool is_stalled() {
        const std::chrono::milliseconds limit = exchange_.request.stall_timeout;
        if (limit.count() <= 0) return false;
        curl_off_t sent = 0;
        curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &sent);
        const std::size_t moved = exchange_.response.body.size() + exchange_.header_bytes +
                                  static_cast<std::size_t>(sent) + (exchange_.sent_once ? 1 : 0);
        if (std::exchange(moved_, moved) != moved) since_ = Time::now();
        return Time::now() - since_ >= limit;
    }

    /// How long to wait for the next step at most.
    int poll_milliseconds() const {
        const std::chrono::milliseconds limit = exchange_.request.stall_timeout;
        if (limit.count() <= 0) return kPollMilliseconds;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(since_ + limit - Time::now());
        return static_cast<int>(std::clamp<std::int64_t>(left.count(), 1, kPollMilliseconds));
    }

private:
    CURL* easy_;
    const Exchange& exchange_;
    std::size_t moved_ = 0;
    Time::time_point since_ = Time::now();
};

/// Runs the transfer to its end. kCancelled if `stop` came first, kDeadlineExceeded if it stalled.
Result<CURLcode> perform(Transfer& transfer, const Exchange& exchange, const std::stop_token& stop) {
    CURLM* multi = transfer.multi.get();
    const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
    StallWatch watch(transfer.easy.get(), exchange);
    int running = 1;
    while (true) {
        if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "stopped");
        CURLMcode code = curl_multi_perform(multi, &running);
        if (code == CURLM_OK && running > 0) {
            if (watch.is_stalled())
                return fail(ErrorCode::kDeadlineExceeded, "nothing moved for {} ms",
                            exchange.request.stall_timeout.count());
            code = curl_multi_poll(multi, nullptr, 0, watch.poll_milliseconds(), nullptr);
        }
        if (code != CURLM_OK) return fail(ErrorCode::kInternal, "libcurl: {}", curl_multi_strerror(code));
        if (running == 0) break;
    }
    int queued = 0;
    const CURLMsg* message = curl_multi_info_read(multi, &queued);
    LAGOA_CHECK(message != nullptr && message->msg == CURLMSG_DONE, "a transfer ended without a result");
    return message->data.result;
}

std::unexpected<Error> judge(CURLcode code, CURL* easy, const Exchange& exchange) {
    const std::string url = printable(exchange.request.url);
    const char* text = curl_easy_strerror(code);
    if (exchange.body_too_large) {
        return fail(ErrorCode::kResourceExhausted, "requesting {}: the body is larger than the limit of {} bytes", url,
                    exchange.request.max_body_bytes);
    }
    if (exchange.headers_too_large) {
        return fail(ErrorCode::kResourceExhausted, "requesting {}: the headers are larger than {} bytes", url,
                    kMaxHeaderBytes);
    }
    if (!exchange.refused.empty() && (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK)) {
        return fail_with_hint(ErrorCode::kPermissionDenied, "allow private addresses for this source if that is meant",
                              "requesting {}: it leads to a host whose address is not public: {}", url,
                              exchange.refused);
    }
    if (exchange.request.at_most_once && exchange.sent_again && code == CURLE_ABORTED_BY_CALLBACK) {
        return fail(ErrorCode::kUnavailable, "requesting {}: the connection was closed before an answer came", url);
    }
    curl_off_t begun = 0;
    switch (code) {
        case CURLE_URL_MALFORMAT:
        case CURLE_LOGIN_DENIED:  // a user name in the URL
            return fail(ErrorCode::kInvalidArgument, "requesting {}: {}", url,
                        code == CURLE_LOGIN_DENIED ? "credentials do not belong into a URL" : text);
        case CURLE_UNSUPPORTED_PROTOCOL:
            return fail(ErrorCode::kPermissionDenied, "requesting {}: redirected to another scheme than http", url);
        case CURLE_TOO_MANY_REDIRECTS:
            return fail(ErrorCode::kResourceExhausted, "requesting {}: more than {} redirects", url,
                        exchange.request.max_redirects);
        case CURLE_OPERATION_TIMEDOUT:
            // Nothing was sent before the connection stood: as safe to retry as any failed connection.
            curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
            if (begun == 0) return fail(ErrorCode::kUnavailable, "requesting {}: could not connect in time", url);
            return fail(ErrorCode::kDeadlineExceeded, "requesting {}: no complete answer within {} ms", url,
                        exchange.request.total_timeout.count());
        default:
            return fail(ErrorCode::kUnavailable, "requesting {}: {}", url, text);
    }
}

class CurlClient final : public HttpClient {
public:
    Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) override {
        LAGOA_TRY(check(request));
        auto transfer = take();
        Exchange exchange{.request = request};
        const HeaderList headers = header_list(request);
        CURL* easy = transfer->easy.get();
        curl_easy_reset(easy);
        set_limits(easy, request);
        set_callbacks(easy, exchange);
        set_method(easy, request);
        set(easy, CURLOPT_HTTPHEADER, headers.get());
        set(easy, CURLOPT_URL, request.url.c_str());

        LAGOA_CHECK(curl_multi_add_handle(transfer->multi.get(), easy) == CURLM_OK, "a pooled transfer was in use");
        const auto code = perform(*transfer, exchange, stop);
        auto result =
            code ? finish(*code, easy, exchange) : pass_on(code.error(), "requesting {}", printable(request.url));
        curl_multi_remove_handle(transfer->multi.get(), easy);
        give_back(std::move(transfer));
        return result;
    }

private:
    static Result<HttpResponse> finish(CURLcode code, CURL* easy, Exchange& exchange) {
        if (code != CURLE_OK) return judge(code, easy, exchange);
        long status = 0;
        curl_off_t microseconds = 0;
        const char* url = nullptr;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &microseconds);
        curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
        HttpResponse& response = exchange.response;
        response.status = static_cast<int>(status);
        response.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds(microseconds));
        response.effective_url = url != nullptr ? url : exchange.request.url;
        return std::move(response);
    }

    std::unique_ptr<Transfer> take() {
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) {
            auto transfer = std::make_unique<Transfer>();
            LAGOA_CHECK(transfer->multi && transfer->easy, "libcurl cannot be initialised");
            return transfer;
        }
        auto transfer = std::move(idle_.back());
        idle_.pop_back();
        return transfer;
    }

    void give_back(std::unique_ptr<Transfer> transfer) {
        const std::lock_guard lock(mutex_);
        if (idle_.size() < kMaxIdleTransfers) idle_.push_back(std::move(transfer));
    }

    std::mutex mutex_;
    std::vector<std::unique_ptr<Transfer>> idle_;  // guarded by mutex_
};

}  // namespace

const std::string* find_header(const Headers& headers, std::string_view name) {
    const std::string wanted = to_lower(name);
    const auto found =
        std::ranges::find_if(headers, [&](const auto& header) { return to_lower(header.first) == wanted; });
    return found == headers.end() ? nullptr : &found->second;
}

std::unique_ptr<HttpClient> make_http_client() {
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    LAGOA_CHECK(initialised == CURLE_OK, "libcurl cannot be initialised");
    return std::make_unique<CurlClient>();
}

}  // namespace lagoa::net
