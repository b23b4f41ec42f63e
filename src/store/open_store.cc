#include "store/open_store.h"

#include <cstdlib>

#include "store/local_store.h"
#include "store/s3_store.h"

namespace lagoa {

S3Options S3Options::from_environment(const Lookup& variable) {
    const auto first_of = [&](std::initializer_list<std::string_view> names) -> std::optional<std::string> {
        for (const std::string_view name : names)
            if (auto value = variable(name); value && !value->empty()) return value;
        return std::nullopt;
    };
    S3Options options;
    options.access_key = first_of({"AWS_ACCESS_KEY_ID"}).value_or("");
    options.secret_key = first_of({"AWS_SECRET_ACCESS_KEY"}).value_or("");
    options.session_token = first_of({"AWS_SESSION_TOKEN"}).value_or("");
    options.endpoint = first_of({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}).value_or("");
    options.region = first_of({"AWS_REGION", "AWS_DEFAULT_REGION"}).value_or(options.region);
    return options;
}

S3Options S3Options::from_environment() {
    return from_environment([](std::string_view name) -> std::optional<std::string> {
        const char* const value = std::getenv(std::string(name).c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    });
}

Result<std::shared_ptr<ObjectStore>> open_store(std::string_view root, const S3Options& s3) {
    if (root.starts_with("s3://")) return std::shared_ptr<ObjectStore>(LAGOA_TRY(open_s3_store(root, s3)));
    if (!root.starts_with("/"))
        return fail_with_hint(ErrorCode::kInvalidArgument, "Write an absolute path, such as /srv/lake, or s3://bucket.",
                              "opening {}: a store's root is an absolute path or an s3:// URL", root);
    return std::shared_ptr<ObjectStore>(LAGOA_TRY(open_local_store(root)));
}

}  // namespace lagoa
