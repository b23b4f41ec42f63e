#include "store/s3_store.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <span>

#include "base/id.h"
#include "net/http_date.h"
#include "store/impl/s3_reader.h"
#include "store/impl/s3_writer.h"
#include "store/impl/s3_xml.h"

namespace lagoa {
namespace {

constexpr std::uint64_t kPageBytes = std::uint64_t{16} << 20;  // 1,000 keys of 1,024 bytes, encoded, and more
constexpr std::uint64_t kMaxOffset = std::uint64_t{1} << 60;   // no object is that large

class S3Store final : public ObjectStore {
public:
    S3Store(S3Address address, const S3Options& options, std::unique_ptr<net::HttpClient> http, Clock& clock)
        : client_(std::move(address), options, std::move(http), clock),
          cache_(options.cache_bytes),
          pool_(options.parallel_requests) {}

    Result<std::string> get(std::string_view key) override { return get_range(key, 0, UINT64_MAX); }

    Result<std::string> get_range(std::string_view key, std::uint64_t offset, std::uint64_t length) override {
        LAGOA_TRY(check_key(key));
        if (length == 0 || offset >= kMaxOffset) {
            LAGOA_TRY(head(key));
            return std::string();
        }
        // The first piece tells how much there is; most objects have no other.
        const std::uint64_t first = std::min(length, kPieceBytes);
        const std::string whole = whole_key(key);
        S3Range got =
            LAGOA_TRY(get_s3_range(client_, whole, fmt::format("bytes={}-{}", offset, offset + first - 1), first));
        const std::uint64_t rest = std::min(length, got.object_bytes - std::min(offset, got.object_bytes));
        if (got.bytes.size() != std::min(first, rest))
            return fail(ErrorCode::kCorruption, "reading {}: {} bytes at {} instead of {}", client_.name_of(whole),
                        got.bytes.size(), offset, std::min(first, rest));
        if (rest > first) {
            got.bytes.resize(static_cast<std::size_t>(rest));
            LAGOA_TRY(read_s3_pieces(reading(), whole, offset + first,
                                     std::span(got.bytes).subspan(static_cast<std::size_t>(first)), got.etag));
        }
        return std::move(got.bytes);
    }

    Result<std::unique_ptr<ObjectReader>> reader(std::string_view key) override {
        LAGOA_TRY(check_key(key));
        return open_s3_reader(reading(), key, whole_key(key));
    }

    Result<std::unique_ptr<ObjectReader>> reader_of(ObjectInfo known) override {
        LAGOA_TRY(check_key(known.key));
        const std::string whole = whole_key(known.key);
        return make_s3_reader(reading(), std::move(known), whole);
    }

    Result<ObjectInfo> head(std::string_view key) override {
        LAGOA_TRY(check_key(key));
        const S3Request request{.method = "HEAD", .key = whole_key(key), .doing = "looking at"};
        const S3Answer answer = LAGOA_TRY(client_.send(request));
        if (!answer.is_success()) return client_.failure(request, answer);
        ObjectInfo info{.key = std::string(key), .size_bytes = 0, .modified = {}, .version = answer.header("ETag")};
        const std::string size = answer.header("Content-Length");
        const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), info.size_bytes);
        if (error != std::errc() || end != size.data() + size.size())
            return fail(ErrorCode::kCorruption, "looking at {}: its size is {}", client_.name_of(request.key), size);
        info.modified = net::parse_http_date(answer.header("Last-Modified")).value_or(Instant{});
        return info;
    }

    Result<> put(std::string_view key, std::string_view bytes) override {
        LAGOA_TRY(check_key(key));
        return put_s3_object(client_, whole_key(key), std::string(bytes));
    }

    Result<> put_if_absent(std::string_view key, std::string_view bytes) override;

    Result<std::unique_ptr<ObjectWriter>> writer(std::string_view key) override {
        LAGOA_TRY(check_key(key));
        return make_s3_writer(client_, pool_, whole_key(key));
    }

    Result<std::vector<ObjectInfo>> list(std::string_view prefix, std::string_view after) override {
        std::vector<ObjectInfo> found;
        std::string next;
        do {
            S3Page page = LAGOA_TRY(list_page(prefix, after, "", next));
            for (ObjectInfo& object : page.objects) {
                if (!object.key.starts_with(client_.address().prefix)) continue;
                object.key.erase(0, client_.address().prefix.size());
                // What consoles make to show a folder (`a/`) is no object of ours, nor is any key that cannot be read.
                if (object.key.starts_with(prefix) && object.key > after && check_key(object.key))
                    found.push_back(std::move(object));
            }
            next = std::move(page.next);
        } while (!next.empty());
        if (!std::ranges::is_sorted(found, {}, &ObjectInfo::key)) std::ranges::sort(found, {}, &ObjectInfo::key);
        return found;
    }

    Result<std::vector<std::string>> folders(std::string_view prefix) override {
        if (!prefix.empty()) LAGOA_TRY(check_key(prefix.substr(0, prefix.size() - 1)));
        const std::string whole = client_.address().prefix + std::string(prefix);
        std::vector<std::string> names;
        std::string next;
        do {
            S3Page page = LAGOA_TRY(list_page(prefix, "", "/", next));
            for (const std::string& found : page.prefixes)
                if (found.size() > whole.size() + 1 && found.starts_with(whole) && found.ends_with('/'))
                    names.push_back(found.substr(whole.size(), found.size() - whole.size() - 1));
            next = std::move(page.next);
        } while (!next.empty());
        std::ranges::sort(names);
        return names;
    }

    Result<> remove(std::string_view key) override {
        LAGOA_TRY(check_key(key));
        const S3Request request{.method = "DELETE", .key = whole_key(key), .doing = "removing"};
        const S3Answer answer = LAGOA_TRY(client_.send(request));
        if (!answer.is_success() && !answer.is_absent()) return client_.failure(request, answer);
        return {};
    }

    std::string root() const override { return client_.address().root; }

private:
    enum class Owner { kNobody, kUs, kAnother };

    std::string whole_key(std::string_view key) const { return client_.address().prefix + std::string(key); }
    S3ReadContext reading() { return {client_, pool_, cache_}; }

    Result<S3Page> list_page(std::string_view prefix, std::string_view after, std::string_view delimiter,
                             const std::string& next) {
        S3Request request{.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", whole_key(prefix)}},
                          .answer_bytes = kPageBytes,
                          .doing = "listing"};
        if (!delimiter.empty()) request.query.emplace_back("delimiter", delimiter);
        if (!next.empty())
            request.query.emplace_back("continuation-token", next);
        else if (!after.empty())
            request.query.emplace_back("start-after", whole_key(after));
        const S3Answer answer = LAGOA_TRY(client_.send(request));
        if (!answer.is_success()) return client_.failure(request, answer);
        return LAGOA_TRY(parse_page(answer.body), "listing {}/{}", root(), prefix);
    }

    Result<Owner> owner_of(const S3Request& put, bool by_bytes);

    Result<> check_condition(const S3Request& done);

    std::atomic<bool> is_condition_proven_ = false;  // the server was seen to refuse a conditional put
    S3Client client_;
    BlockCache cache_;
    TaskPool pool_;  // its tasks use what is above
};

// Who made the object that `put` was to create: told by the id of the write that it carries, or, `by_bytes`, by its
// bytes where the server drops that.
Result<S3Store::Owner> S3Store::owner_of(const S3Request& put, bool by_bytes) {
    const S3Request request{.key = put.key, .answer_bytes = put.body.size() + 1, .doing = "reading back"};
    const auto answer = client_.send(request);
    if (!answer && answer.error().code == ErrorCode::kResourceExhausted) return Owner::kAnother;  // longer than ours
    if (!answer) return pass_on(answer.error());
    if (answer->is_absent()) return Owner::kNobody;
    if (!answer->is_success()) return client_.failure(request, *answer);
    if (const std::string id = answer->header(kWriteHeader); !id.empty())
        return id == put.headers.back().second ? Owner::kUs : Owner::kAnother;
    return by_bytes && answer->body == put.body ? Owner::kUs : Owner::kAnother;
}

// Sends the conditional put that has just been done once more. A server that does it again knows no conditions.
Result<> S3Store::check_condition(const S3Request& done) {
    if (is_condition_proven_) return {};
    const auto answer = client_.send_once(done);
    if (answer && answer->is_success())
        return fail_with_hint(ErrorCode::kUnsupported,
                              "Use a server with conditional writes; docs/guide/s3.md names some.",
                              "creating {}: it was written, but the server ignores If-None-Match: two writers could "
                              "both commit one version",
                              client_.name_of(done.key));
    if (answer && answer->status == 412) is_condition_proven_ = true;
    return {};  // no answer, or trouble: asked again at the next put
}

Result<> S3Store::put_if_absent(std::string_view key, std::string_view bytes) {
    LAGOA_TRY(check_key(key));
    const S3Request request{.method = "PUT",
                            .key = whole_key(key),
                            .headers = {{"If-None-Match", "*"}, {kWriteHeader, new_uuid()}},
                            .body = std::string(bytes),
                            .doing = "creating"};
    const auto exists = [&] {
        return fail(ErrorCode::kAlreadyExists, "creating {}: it exists", client_.name_of(request.key));
    };
    bool was_unknown = false;  // a try before this one may have been done, or be done yet
    Error last;
    for (int attempt = 1; attempt <= client_.options().max_attempts; ++attempt) {
        if (attempt > 1) client_.wait_before(attempt);
        const auto answer = client_.send_once(request);
        if (answer && answer->is_success()) return check_condition(request);
        if (answer && answer->status == 412) is_condition_proven_ = true;
        last = answer ? client_.failure(request, *answer).error() : answer.error();
        const bool is_there = answer && answer->status == 412;
        if (!is_there && !S3Client::is_unknown(answer)) {
            if (was_unknown) last.code = ErrorCode::kUnavailable;  // this refusal says nothing of the try before
            return pass_on(last);
        }
        // Even the first try may meet its own object: something between may have sent it twice.
        was_unknown |= !is_there;
        const auto owner = owner_of(request, was_unknown);
        if (!owner && (was_unknown || is_outcome_unknown(owner.error().code)))
            return fail(ErrorCode::kUnavailable, "{}; it could not be read back: {}", last.message,
                        owner.error().message);
        if (owner && *owner == Owner::kUs) return {};
        if (is_there || *owner == Owner::kAnother) return exists();
    }
    last.code = is_outcome_unknown(last.code) ? last.code : ErrorCode::kUnavailable;
    return pass_on(last);
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_s3_store(std::string_view root, const S3Options& options, Clock& clock) {
    return open_s3_store(root, options, clock, net::make_http_client());
}

Result<std::unique_ptr<ObjectStore>> open_s3_store(std::string_view root, const S3Options& options, Clock& clock,
                                                   std::unique_ptr<net::HttpClient> http) {
    S3Address address = LAGOA_TRY(S3Address::parse(root, options));
    if (options.access_key.empty() || options.secret_key.empty())
        return fail_with_hint(ErrorCode::kInvalidConfig, "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
                              "opening {}: there are no credentials in the environment", root);
    return std::make_unique<S3Store>(std::move(address), options, std::move(http), clock);
}

}  // namespace lagoa
