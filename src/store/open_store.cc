#include "store/open_store.h"

#include "store/local_store.h"

namespace lagoa {

Result<std::shared_ptr<ObjectStore>> open_store(std::string_view root) {
    if (root.starts_with("s3://"))
        return fail_with_hint(ErrorCode::kUnsupported, "Use a directory: an absolute path.",
                              "opening {}: this version has no S3 store yet", root);
    if (!root.starts_with("/"))
        return fail_with_hint(ErrorCode::kInvalidArgument, "Write an absolute path, such as /srv/lake.",
                              "opening {}: a store's root is an absolute path", root);
    return std::shared_ptr<ObjectStore>(LAGOA_TRY(open_local_store(root)));
}

}  // namespace lagoa
