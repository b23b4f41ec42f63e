#include "catalog/duckdb/time_travel.h"

namespace lagoa {

Result<delta::Version> version_number(const duckdb::Value& value) {
    duckdb::Value number = value;
    if (value.IsNull() || !number.DefaultTryCastAs(duckdb::LogicalType::BIGINT))
        return fail(ErrorCode::kInvalidArgument, "{} is not a version", value.ToString());
    return number.GetValue<std::int64_t>();
}

Result<Instant> instant_of(duckdb::ClientContext& context, const duckdb::Value& value) {
    duckdb::Value instant;
    duckdb::string why;
    const bool is_instant = !value.IsNull() &&
                            value.TryCastAs(context, duckdb::LogicalType::TIMESTAMP_TZ, instant, &why) &&
                            !instant.IsNull();
    const std::int64_t micros = is_instant ? instant.GetValueUnsafe<std::int64_t>() : 0;
    if (!is_instant || !duckdb::Timestamp::IsFinite(duckdb::timestamp_t(micros)))
        return fail_with_hint(ErrorCode::kInvalidArgument, "Write it as '2026-01-02 03:04:05' or with a zone.",
                              "{} is not a timestamp", value.ToString());
    return Instant(std::chrono::microseconds(micros));
}

Result<delta::Version> version_at(duckdb::ClientContext& context, const delta::TableLocation& table,
                                  const duckdb::Value& value) {
    const Instant instant = LAGOA_TRY(instant_of(context, value));
    return delta::version_at(table, std::chrono::floor<std::chrono::milliseconds>(instant).time_since_epoch().count());
}

}  // namespace lagoa
