#include "base/error_code.h"

#include <array>
#include <utility>

namespace lagoa {
namespace {

using enum ErrorCode;

constexpr std::array kTable = {
    ErrorCodeInfo{kInvalidArgument, "invalid_argument", 400, "22023", 2, "Lagoa.InvalidArgument"},
    ErrorCodeInfo{kInvalidConfig, "invalid_config", 500, "F0000", 3, "Lagoa.InvalidConfig"},
    ErrorCodeInfo{kNotFound, "not_found", 404, "42704", 1, "Lagoa.NotFound"},
    ErrorCodeInfo{kAlreadyExists, "already_exists", 409, "42710", 5, "Lagoa.AlreadyExists"},
    ErrorCodeInfo{kConflict, "conflict", 409, "40001", 5, "Lagoa.Conflict"},
    ErrorCodeInfo{kUnavailable, "unavailable", 503, "58030", 4, "Lagoa.Unavailable"},
    ErrorCodeInfo{kDeadlineExceeded, "deadline_exceeded", 504, "57014", 4, "States.Timeout"},
    ErrorCodeInfo{kCancelled, "cancelled", 499, "57014", 1, "Lagoa.Cancelled"},
    ErrorCodeInfo{kUnauthenticated, "unauthenticated", 401, "28000", 7, "States.Permissions"},
    ErrorCodeInfo{kPermissionDenied, "permission_denied", 403, "42501", 7, "States.Permissions"},
    ErrorCodeInfo{kResourceExhausted, "resource_exhausted", 429, "53000", 4, "Lagoa.ResourceExhausted"},
    ErrorCodeInfo{kDataRejected, "data_rejected", 422, "23514", 1, "Lagoa.DataRejected"},
    ErrorCodeInfo{kCorruption, "corruption", 500, "XX001", 6, "Lagoa.Corruption"},
    ErrorCodeInfo{kUnsupported, "unsupported", 501, "0A000", 1, "Lagoa.Unsupported"},
    ErrorCodeInfo{kInternal, "internal", 500, "XX000", 70, "Lagoa.Internal"},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < kTable.size(); ++i)
        if (std::to_underlying(kTable[i].code) != static_cast<int>(i)) return false;
    return kTable.size() == std::to_underlying(kInternal) + 1;
}
static_assert(in_order(), "one row a code, in the order of the enumeration");

}  // namespace

const ErrorCodeInfo& info(ErrorCode code) {
    return kTable[static_cast<std::size_t>(std::to_underlying(code))];
}

}  // namespace lagoa
