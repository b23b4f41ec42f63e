#include "engine/duckdb/error.h"

#include <algorithm>
#include <cerrno>

#include "base/text.h"

namespace lagoa {
namespace {

constexpr const char* kCodeKey = "lagoa_code";
constexpr const char* kHintKey = "lagoa_hint";

ErrorCode code_named(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
        const auto code = static_cast<ErrorCode>(i);
        if (info(code).name == name) return code;
    }
    return ErrorCode::kInternal;
}

// What DuckDB's own file system says of a failed call; kUnavailable if it says nothing.
ErrorCode code_of_io(const duckdb::ErrorData& error) {
    const auto found = error.ExtraInfo().find("errno");
    const std::string number = found == error.ExtraInfo().end() ? "" : found->second;
    if (number == std::to_string(ENOSPC) || number == std::to_string(EDQUOT)) return ErrorCode::kResourceExhausted;
    if (number == std::to_string(ENOENT)) return ErrorCode::kNotFound;
    if (number == std::to_string(EACCES)) return ErrorCode::kPermissionDenied;
    // Its writes name the cause in words only.
    if (error.RawMessage().find("No space left on device") != std::string::npos) return ErrorCode::kResourceExhausted;
    if (error.RawMessage().starts_with("No files found that match")) return ErrorCode::kNotFound;
    return ErrorCode::kUnavailable;
}

// A catalog error is mostly a name that is not there, and otherwise one that is there already.
ErrorCode code_of_catalog(const duckdb::ErrorData& error) {
    const std::string& message = error.RawMessage();
    if (message.find("already exists") != std::string::npos) return ErrorCode::kAlreadyExists;
    if (message.find("does not exist") != std::string::npos || message.find("not found") != std::string::npos)
        return ErrorCode::kNotFound;
    return ErrorCode::kInvalidArgument;
}

ErrorCode code_of(const duckdb::ErrorData& error) {
    using enum duckdb::ExceptionType;
    switch (error.Type()) {
        case OUT_OF_RANGE:
        case CONVERSION:
        case DECIMAL:
        case DIVIDE_BY_ZERO:
        case CONSTRAINT:
            return ErrorCode::kDataRejected;
        case CATALOG:
            return code_of_catalog(error);
        case PARSER:
        case SYNTAX:
        case BINDER:
        case PLANNER:
        case EXPRESSION:
        case SETTINGS:
        case UNKNOWN_TYPE:
        case MISMATCH_TYPE:
        case INVALID_TYPE:
        case INVALID_INPUT:
        case DEPENDENCY:
        case PARAMETER_NOT_RESOLVED:
        case PARAMETER_NOT_ALLOWED:
        case INVALID_CONFIGURATION:
        case MISSING_EXTENSION:
        case AUTOLOAD:
            return ErrorCode::kInvalidArgument;
        case TRANSACTION:
            return ErrorCode::kConflict;
        case NOT_IMPLEMENTED:
            return ErrorCode::kUnsupported;
        case IO:
            return code_of_io(error);
        case HTTP:
        case NETWORK:
        case CONNECTION:
            return ErrorCode::kUnavailable;
        case INTERRUPT:
            return ErrorCode::kCancelled;
        case OUT_OF_MEMORY:
        case OBJECT_SIZE:
            return ErrorCode::kResourceExhausted;
        case PERMISSION:
            return ErrorCode::kPermissionDenied;
        default:
            return ErrorCode::kInternal;
    }
}

// DuckDB's message without the names it suggests that are outside the lake: its own system tables.
std::string without_foreign_names(const std::string& message) {
    std::string kept;
    for (std::size_t at = 0; at < message.size();) {
        const std::size_t end = std::min(message.find('\n', at), message.size());
        const std::string_view line = std::string_view(message).substr(at, end - at);
        const bool foreign =
            line.starts_with("Did you mean") && (line.find("pg_catalog.") != std::string_view::npos ||
                                                 line.find("information_schema.") != std::string_view::npos ||
                                                 line.find("main.duckdb_") != std::string_view::npos ||
                                                 line.find("main.sqlite_") != std::string_view::npos);
        if (!foreign) kept += (kept.empty() ? "" : "\n") + std::string(line);
        at = end + 1;
    }
    return kept;
}

}  // namespace

void raise(const Error& error) {
    const auto type =
        error.code == ErrorCode::kCancelled ? duckdb::ExceptionType::INTERRUPT : duckdb::ExceptionType::IO;
    throw duckdb::Exception({{kCodeKey, std::string(info(error.code).name)}, {kHintKey, error.hint}}, type,
                            error.message);
}

void raise_syntax_error(std::size_t position, const std::string& message) {
    throw duckdb::ParserException(duckdb::Exception::InitializeExtraInfo(duckdb::optional_idx(position)), message);
}

bool is_raised(const duckdb::ErrorData& error) {
    return error.ExtraInfo().contains(kCodeKey);
}

Error to_error(const duckdb::ErrorData& error) {
    const auto& extra = error.ExtraInfo();
    if (const auto ours = extra.find(kCodeKey); ours != extra.end()) {
        const auto hint = extra.find(kHintKey);
        return {code_named(ours->second), error.RawMessage(), hint == extra.end() ? "" : hint->second};
    }
    return {code_of(error), without_foreign_names(error.RawMessage())};
}

}  // namespace lagoa
