// Goal: no commit, however damaged, crashes the parser or is read half. Invariant: what parses prints as a text that
// parses to the same; what does not is corruption or unsupported.
#include <fmt/format.h>

#include "base/check.h"
#include "delta/log_json.h"
#include "delta/stats.h"

namespace lagoa::delta {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const auto actions = parse_commit({reinterpret_cast<const char*>(bytes), size}, "commit");
    if (!actions) {
        LAGOA_CHECK(actions.error().code == ErrorCode::kCorruption || actions.error().code == ErrorCode::kUnsupported,
                    actions.error().message);
        return 0;
    }
    for (const Action& action : *actions) {
        const std::string printed = print_action(action);
        const auto again = parse_action(printed);
        LAGOA_CHECK(again && *again, printed);
        LAGOA_CHECK(print_action(**again) == printed, printed);
        if (const auto* const add = std::get_if<AddFile>(&action)) {
            static_cast<void>(FileStats::parse(add->stats).has_value());
            static_cast<void>(file_key(add->path, add->deletion_vector));
            const std::string path = decode_path(add->path);
            LAGOA_CHECK(decode_path(encode_path(path)) == path, path);
        }
    }
    return 0;
}

}  // namespace lagoa::delta
