#include "store/impl/s3_writer.h"

#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/id.h"
#include "base/log.h"
#include "store/impl/s3_xml.h"

namespace lagoa {
namespace {

constexpr std::size_t kMaxParts = 10'000;  // S3's own limit

class S3Writer final : public ObjectWriter {
public:
    S3Writer(S3Client& client, TaskPool& pool, std::string whole_key)
        : client_(client), pool_(pool), whole_key_(std::move(whole_key)) {}

    ~S3Writer() override {
        wait_for_parts();
        if (!upload_.empty()) abort();
    }

    Result<> append(std::string_view bytes) override {
        if (done_) return fail(ErrorCode::kInternal, "appending to {}: it failed or was closed", name());
        size_bytes_ += bytes.size();
        const std::size_t part_bytes = client_.options().part_bytes;
        while (!bytes.empty()) {
            // A full part waits for what follows: an object of just one part is put, not uploaded.
            if (part_.size() == part_bytes)
                if (auto sent = send_part(); !sent) {
                    done_ = true;
                    return sent;
                }
            if (part_.empty()) part_.reserve(std::min(part_bytes, bytes.size()));
            const std::size_t count = std::min(bytes.size(), part_bytes - part_.size());
            part_.append(bytes.substr(0, count));
            bytes.remove_prefix(count);
        }
        return {};
    }

    Result<> close() override {
        if (std::exchange(done_, true))
            return fail(ErrorCode::kInternal, "closing an object writer after it failed or was closed");
        if (upload_.empty()) return put_s3_object(client_, whole_key_, std::move(part_));
        LAGOA_TRY(send_part());
        wait_for_parts();
        if (failure_) return pass_on(*failure_);
        return complete();
    }

    std::uint64_t size_bytes() const override { return size_bytes_; }

private:
    std::string name() const { return client_.name_of(whole_key_); }

    Result<> begin() {
        const S3Request request{.method = "POST",
                                .key = whole_key_,
                                .query = {{"uploads", ""}},
                                .headers = {{kWriteHeader, write_id_}},
                                .doing = "starting the upload of"};
        const S3Answer answer = LAGOA_TRY(client_.send(request));
        if (!answer.is_success()) return client_.failure(request, answer);
        upload_ = LAGOA_TRY(parse_upload_id(answer.body), "starting the upload of {}", name());
        return {};
    }

    // Hands the filled part to the pool. At most parallel_requests are waiting or on their way.
    Result<> send_part() {
        if (upload_.empty()) LAGOA_TRY(begin());
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return sending_ < client_.options().parallel_requests; });
        if (failure_) return pass_on(*failure_);
        if (etags_.size() == kMaxParts)
            return fail_with_hint(ErrorCode::kResourceExhausted, "Write smaller files.",
                                  "writing {}: it is larger than {} parts of {} bytes", name(), kMaxParts,
                                  client_.options().part_bytes);
        etags_.emplace_back();
        ++sending_;
        S3Request part{.method = "PUT",
                       .key = whole_key_,
                       .query = {{"partNumber", std::to_string(etags_.size())}, {"uploadId", upload_}},
                       .body = std::exchange(part_, {}),
                       .doing = "uploading a part of"};
        pool_.submit([this, request = std::move(part), index = etags_.size() - 1] { upload_part(request, index); });
        return {};
    }

    void upload_part(const S3Request& request, std::size_t index) {
        bool is_needed = false;
        {
            const std::lock_guard lock(mutex_);
            is_needed = !failure_;
        }
        auto answer = is_needed ? client_.send(request) : Result<S3Answer>(S3Answer{});
        const std::lock_guard lock(mutex_);
        --sending_;
        if (!answer)
            failure_ = answer.error();
        else if (is_needed && !answer->is_success())
            failure_ = client_.failure(request, *answer).error();
        else
            etags_[index] = answer->header("ETag");
        changed_.notify_all();
    }

    void wait_for_parts() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return sending_ == 0; });
    }

    // Repeats it as it may: the upload can be completed once only. When an answer was lost, the next one may be that
    // there is no such upload: then the object tells whether it was made by this write.
    Result<> complete() {
        const S3Request request{.method = "POST",
                                .key = whole_key_,
                                .query = {{"uploadId", upload_}},
                                .headers = {{"Content-Type", "application/xml"}},
                                .body = completion_of(etags_),
                                .answer_bytes = 0,
                                .doing = "completing the upload of"};
        const auto answer = client_.send(request);
        if (!answer || S3Client::is_unknown(answer)) {
            upload_.clear();  // it may be complete, or become so: nothing to abort
            if (!answer) return pass_on(answer.error());
            return client_.failure(request, *answer);
        }
        if (answer->code == "NoSuchUpload") {
            if (LAGOA_TRY(is_ours())) {
                upload_.clear();
                return {};
            }
            return fail(ErrorCode::kUnavailable, "completing the upload of {}: it is gone", name());
        }
        if (!answer->is_success()) return client_.failure(request, *answer);
        upload_.clear();
        return {};
    }

    Result<bool> is_ours() {
        const S3Request request{.method = "HEAD", .key = whole_key_, .doing = "looking at"};
        const S3Answer answer = LAGOA_TRY(client_.send(request));
        if (answer.is_absent()) return false;
        if (!answer.is_success()) return client_.failure(request, answer);
        return answer.header(kWriteHeader) == write_id_;
    }

    // Frees what the parts hold. What this cannot do, the bucket's lifecycle rule does.
    void abort() {
        const S3Request request{
            .method = "DELETE", .key = whole_key_, .query = {{"uploadId", upload_}}, .doing = "dropping the upload of"};
        const auto answer = client_.send(request);
        if (answer && (answer->is_success() || answer->status == 404)) return;
        log::warn("s3.upload_left",
                  {{"object", name()},
                   {"error", answer ? client_.failure(request, *answer).error().message : answer.error().message}});
    }

    S3Client& client_;
    TaskPool& pool_;
    const std::string whole_key_;
    const std::string write_id_ = new_uuid();
    std::string upload_;  // id of the upload that is open
    std::string part_;    // what is not yet sent
    std::uint64_t size_bytes_ = 0;
    bool done_ = false;  // failed or closed: nothing more may be published
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> etags_;  // guarded by mutex_; of each part, empty while it is on its way
    unsigned sending_ = 0;            // guarded by mutex_
    std::optional<Error> failure_;    // guarded by mutex_
};

}  // namespace

std::unique_ptr<ObjectWriter> make_s3_writer(S3Client& client, TaskPool& pool, std::string whole_key) {
    return std::make_unique<S3Writer>(client, pool, std::move(whole_key));
}

Result<> put_s3_object(S3Client& client, const std::string& whole_key, std::string bytes) {
    const S3Request request{.method = "PUT", .key = whole_key, .body = std::move(bytes), .doing = "writing"};
    const S3Answer answer = LAGOA_TRY(client.send(request));
    if (!answer.is_success()) return client.failure(request, answer);
    return {};
}

}  // namespace lagoa
