#include "store/open_store.h"

#include <cstdlib>

#include "store/local_store.h"
#include "store/s3_store.h"

namespace lagoa {

S3Options S3Options::from_environment() {
    const auto variable = [](const char* name) {
        const char* const value = std::getenv(name);
        return value == nullptr ? std::string() : std::string(value);
    };
    S3Options options;
    options.access_key = variable("AWS_ACCESS_KEY_ID");
    options.secret_key = variable("AWS_SECRET_ACCESS_KEY");
    options.session_token = variable("AWS_SESSION_TOKEN");
    options.endpoint = variable("AWS_ENDPOINT_URL_S3");
    if (options.endpoint.empty()) options.endpoint = variable("AWS_ENDPOINT_URL");
    if (const std::string region = variable("AWS_REGION"); !region.empty())
        options.region = region;
    else if (const std::string by_default = variable("AWS_DEFAULT_REGION"); !by_default.empty())
        options.region = by_default;
    return options;
}

Result<std::shared_ptr<ObjectStore>> open_store(std::string_view root, const S3Options& s3) {
    if (root.starts_with("s3://")) return std::shared_ptr<ObjectStore>(LAGOA_TRY(open_s3_store(root, s3)));
    if (!root.starts_with("/"))
        return fail_with_hint(ErrorCode::kInvalidArgument, "Write an absolute path, such as /srv/lake, or s3://bucket.",
                              "opening {}: a store's root is an absolute path or an s3:// URL", root);
    return std::shared_ptr<ObjectStore>(LAGOA_TRY(open_local_store(root)));
}

}  // namespace lagoa
