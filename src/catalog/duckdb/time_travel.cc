#include "catalog/duckdb/time_travel.h"

namespace lagoa {

Result<delta::Version> version_number(const duckdb::Value& value) {
    duckdb::Value number = value;
    if (value.IsNull() || !number.DefaultTryCastAs(duckdb::LogicalType::BIGINT))
        return fail(ErrorCode::kInvalidArgument, "{} is not a version", value.ToString());
    return number.GetValue<std::int64_t>();
}

Result<delta::Version> version_at(duckdb::ClientContext& context, const delta::TableLocation& table,
                                  const duckdb::Value& value) {
    constexpr std::int64_t kMicrosInMilli = 1'000;
    duckdb::Value instant;
    duckdb::string why;
    const bool is_instant = !value.IsNull() &&
                            value.TryCastAs(context, duckdb::LogicalType::TIMESTAMP_TZ, instant, &why) &&
                            !instant.IsNull();
    const std::int64_t micros = is_instant ? instant.GetValueUnsafe<std::int64_t>() : 0;
    if (!is_instant || !duckdb::Timestamp::IsFinite(duckdb::timestamp_t(micros)))
        return fail_with_hint(ErrorCode::kInvalidArgument, "Write it as '2026-01-02 03:04:05' or with a zone.",
                              "{} is not a timestamp", value.ToString());
    const bool below = micros % kMicrosInMilli < 0;  // rounded down, before 1970 too
    return delta::version_at(table, micros / kMicrosInMilli - (below ? 1 : 0));
}

}  // namespace lagoa
