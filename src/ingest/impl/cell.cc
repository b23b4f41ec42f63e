#include "ingest/impl/cell.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/ranges.h>

#include "base/text.h"
#include "ingest/impl/day_text.h"
#include "ingest/impl/decimal_text.h"

namespace lagoa::ingest {
namespace {

constexpr std::size_t kShownBytes = 120;  // of a value in a message
constexpr std::int64_t kMicrosPerDay = 86'400'000'000;
constexpr std::string_view kUndefinedDay = "31/12/9999";  // How B3 writes "never".

struct IntegerRange {
    int precision;
    Int128 least, most;
};

template <class T>
constexpr IntegerRange range_of() {
    return {std::numeric_limits<T>::digits10 + 1, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

std::optional<IntegerRange> integer_range(TypeKind kind) {
    switch (kind) {
        case TypeKind::kInt8:
            return range_of<std::int8_t>();
        case TypeKind::kInt16:
            return range_of<std::int16_t>();
        case TypeKind::kInt32:
            return range_of<std::int32_t>();
        case TypeKind::kInt64:
            return range_of<std::int64_t>();
        default:
            return std::nullopt;
    }
}

std::string shown(std::string_view text) {
    if (text.size() <= kShownBytes) return std::string(text);
    std::size_t end = kShownBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
    return std::string(text.substr(0, end)) + "…";
}

std::size_t code_points(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return count;
}

bool is_day_parse(Parse parse) {
    return parse == Parse::kInstantDate || parse == Parse::kDateDmy || parse == Parse::kDateYmd;
}
bool is_epoch(Parse parse) {
    return parse == Parse::kEpochSeconds || parse == Parse::kEpochMilliseconds;
}

}  // namespace

bool CellReader::is_numeric() const {
    const TypeKind kind = column_->type.kind;
    return kind == TypeKind::kDecimal || kind == TypeKind::kFloat || kind == TypeKind::kDouble ||
           integer_range(kind).has_value();
}

Result<CellReader> CellReader::make(const ContractColumn& column, const ColumnMapping& mapping, const TimeZone& zone) {
    CellReader reader(column, mapping, zone);
    const TypeKind kind = column.type.kind;
    const bool is_day = kind == TypeKind::kDate;
    const bool is_time = is_day || kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampNtz;
    const bool fits = mapping.parse == Parse::kAuto
                          ? is_time || reader.is_numeric() || kind == TypeKind::kBoolean || kind == TypeKind::kString
                      : is_day_parse(mapping.parse)              ? is_day
                      : is_epoch(mapping.parse)                  ? is_day || kind == TypeKind::kTimestamp
                      : mapping.parse == Parse::kImpliedDecimals ? kind == TypeKind::kDecimal
                                                                 : reader.is_numeric();
    if (!fits)
        return fail_with_hint(ErrorCode::kInvalidConfig,
                              "Change the column's type in its contract or its parse in the source.",
                              "column {} of type {} cannot be read in the way that its source declares", column.name,
                              to_sql(column.type));
    LAGOA_TRY(reader.compile_bounds(), "column {}", column.name);
    return reader;
}

Result<> CellReader::compile_bounds() {
    if (const auto range = integer_range(column_->type.kind)) {
        precision_ = range->precision;
        least_ = range->least;
        most_ = range->most;
    } else if (column_->type.kind == TypeKind::kDecimal) {
        precision_ = column_->type.precision;
        scale_ = column_->type.scale;
    } else {
        if (column_->minimum) least_double_ = column_->minimum->to_double();
        if (column_->maximum) most_double_ = column_->maximum->to_double();
        return {};
    }
    for (const auto& [bound, kept] : {std::pair{&column_->minimum, &least_}, {&column_->maximum, &most_}}) {
        if (!*bound) continue;
        Int128 value = 0;
        if (parse_decimal((*bound)->text, precision_, scale_, 0, value) != NumberFault::kNone)
            return fail(ErrorCode::kInvalidConfig, "the bound {} has more digits than {}", (*bound)->text,
                        to_sql(column_->type));
        *kept = value;
    }
    return {};
}

bool CellReader::read(const RawValue& raw, RowSink& sink, std::size_t index, std::vector<Violation>& broken) const {
    Fault fault;
    switch (convert(raw, sink, index, fault)) {
        case Outcome::kValue:
            return true;
        case Outcome::kFault:
            sink.set_null(index);
            broken.push_back({fault.rule, column_->name, shown(raw.text), std::move(fault.message)});
            return false;
        case Outcome::kNull:
            break;
    }
    if (column_->required) broken.push_back({"required", column_->name, shown(raw.text), "has no value"});
    return false;
}

CellReader::Outcome CellReader::convert(const RawValue& raw, RowSink& sink, std::size_t index, Fault& fault) const {
    using Kind = RawValue::Kind;
    if (raw.kind == Kind::kAbsent || raw.kind == Kind::kNull) return Outcome::kNull;
    if (raw.kind == Kind::kBroken) {
        fault = {"json", std::string(raw.text)};
        return Outcome::kFault;
    }
    if (column_->type.kind == TypeKind::kString) return convert_text(raw.text, sink, index, fault);
    if (raw.kind == Kind::kNested) return wrong_type(fault);
    const std::string_view text = raw.kind == Kind::kText ? trim(raw.text) : raw.text;
    if (text.empty()) return Outcome::kNull;
    if (column_->type.kind == TypeKind::kBoolean) return convert_boolean(raw, sink, index, fault);
    if (raw.kind == Kind::kBoolean) return wrong_type(fault);
    if (!is_numeric()) return convert_time(text, sink, index, fault);
    if (mapping_.parse == Parse::kImpliedDecimals) return convert_implied(text, sink, index, fault);
    if (mapping_.parse != Parse::kPtBr) return convert_number(text, 0, sink, index, fault);
    if (is_pt_br_blank(text)) return Outcome::kNull;
    PlainNumber number;
    if (!parse_pt_br(text, number)) return wrong_type(fault);
    return convert_number(number.view(), number.shift, sink, index, fault);
}

CellReader::Outcome CellReader::convert_number(std::string_view text, int shift, RowSink& sink, std::size_t index,
                                               Fault& fault) const {
    if (column_->type.kind == TypeKind::kDouble || column_->type.kind == TypeKind::kFloat)
        return convert_double(text, shift, sink, index, fault);
    Int128 unscaled = 0;
    switch (parse_decimal(text, precision_, scale_, shift, unscaled)) {
        case NumberFault::kNone:
            return store_number(unscaled, sink, index, fault);
        case NumberFault::kNotANumber:
            fault = {"type", "is not a number"};
            break;
        case NumberFault::kScale:
            fault = {"scale", fmt::format("has more digits behind the point than {}", to_sql(column_->type))};
            break;
        case NumberFault::kRange:
            fault = {"range", fmt::format("does not fit {}", to_sql(column_->type))};
            break;
    }
    return Outcome::kFault;
}

CellReader::Outcome CellReader::convert_double(std::string_view text, int shift, RowSink& sink, std::size_t index,
                                               Fault& fault) const {
    double value = 0;
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    value *= std::pow(10.0, shift);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
        fault = {"type", "is not a finite number"};
        return Outcome::kFault;
    }
    if ((least_double_ && value < *least_double_) || (most_double_ && value > *most_double_)) {
        fault = {"range", "is beyond the contract's bounds"};
        return Outcome::kFault;
    }
    sink.set_double(index, value);
    return Outcome::kValue;
}

CellReader::Outcome CellReader::convert_implied(std::string_view text, RowSink& sink, std::size_t index,
                                                Fault& fault) const {
    if (text.find_first_not_of("0123456789") != std::string_view::npos) {
        fault = {"type", "has something else than digits"};
        return Outcome::kFault;
    }
    return convert_number(text, -scale_, sink, index, fault);
}

CellReader::Outcome CellReader::store_number(Int128 unscaled, RowSink& sink, std::size_t index, Fault& fault) const {
    if ((least_ && unscaled < *least_) || (most_ && unscaled > *most_)) {
        const auto& bound = least_ && unscaled < *least_ ? column_->minimum : column_->maximum;
        fault = {"range", bound ? fmt::format("is beyond the bound {}", bound->text)
                                : fmt::format("does not fit {}", to_sql(column_->type))};
        return Outcome::kFault;
    }
    if (column_->type.kind == TypeKind::kDecimal)
        sink.set_decimal(index, unscaled);
    else
        sink.set_int64(index, static_cast<std::int64_t>(unscaled));
    return Outcome::kValue;
}

CellReader::Outcome CellReader::convert_text(std::string_view text, RowSink& sink, std::size_t index,
                                             Fault& fault) const {
    if (mapping_.trim) text = trim(text);
    if (column_->min_length || column_->max_length) {
        const auto length = static_cast<std::int64_t>(code_points(text));
        if (length < column_->min_length.value_or(0) || length > column_->max_length.value_or(length)) {
            fault = {"length", fmt::format("has {} characters", length)};
            return Outcome::kFault;
        }
    }
    if (!column_->one_of.empty() && std::ranges::find(column_->one_of, text) == column_->one_of.end()) {
        fault = {"enum", fmt::format("is none of {}", fmt::join(column_->one_of, ", "))};
        return Outcome::kFault;
    }
    sink.set_text(index, text);
    return Outcome::kValue;
}

CellReader::Outcome CellReader::convert_boolean(const RawValue& raw, RowSink& sink, std::size_t index,
                                                Fault& fault) const {
    if (raw.kind != RawValue::Kind::kNumber && (raw.text == "true" || raw.text == "false")) {
        sink.set_bool(index, raw.text == "true");
        return Outcome::kValue;
    }
    return wrong_type(fault);
}

CellReader::Outcome CellReader::convert_time(std::string_view text, RowSink& sink, std::size_t index,
                                             Fault& fault) const {
    if (is_epoch(mapping_.parse)) return convert_epoch(text, sink, index, fault);
    std::optional<std::int32_t> day;
    switch (mapping_.parse) {
        case Parse::kDateDmy:
            if (text == kUndefinedDay || is_pt_br_blank(text)) return Outcome::kNull;
            day = parse_day_dmy(text);
            break;
        case Parse::kDateYmd:
            if (text == "00000000" || text == "99991231") return Outcome::kNull;
            day = parse_day_ymd(text);
            break;
        case Parse::kInstantDate:
            day = parse_day(text);
            if (const auto stamp = day ? std::nullopt : parse_stamp(text)) {
                // Midnight UTC is how vendors write a bare day; the market's own midnight is another hour of UTC.
                const bool bare = *stamp % kMicrosPerDay == 0 && mapping_.from != "_fetched";
                day = bare ? static_cast<std::int32_t>(*stamp / kMicrosPerDay)
                           : zone_->day_at(Instant(std::chrono::microseconds(*stamp)));
            }
            break;
        default:
            if (column_->type.kind == TypeKind::kDate) {
                day = parse_day(text);
                break;
            }
            const auto stamp = column_->type.kind == TypeKind::kTimestamp ? parse_stamp(text) : parse_wall_clock(text);
            if (!stamp) return wrong_type(fault);
            sink.set_timestamp(index, *stamp);
            return Outcome::kValue;
    }
    if (!day) return wrong_type(fault);
    sink.set_date(index, *day);
    return Outcome::kValue;
}

CellReader::Outcome CellReader::convert_epoch(std::string_view text, RowSink& sink, std::size_t index,
                                              Fault& fault) const {
    constexpr std::int64_t kLeast = -62'135'596'800'000'000;  // 0001-01-01
    constexpr std::int64_t kMost = 253'402'300'799'999'999;   // 9999-12-31
    Int128 micros = 0;
    switch (parse_decimal(text, 38, 0, mapping_.parse == Parse::kEpochSeconds ? 6 : 3, micros)) {
        case NumberFault::kNone:
            break;
        case NumberFault::kNotANumber:
            fault = {"type", "is not a number of seconds or milliseconds since 1970"};
            return Outcome::kFault;
        default:
            fault = {"range", "is no instant from the year 1 to 9999"};
            return Outcome::kFault;
    }
    if (micros < kLeast || micros > kMost) {
        fault = {"range", "is no instant from the year 1 to 9999"};
        return Outcome::kFault;
    }
    const auto stamp = static_cast<std::int64_t>(micros);
    if (column_->type.kind == TypeKind::kDate)
        sink.set_date(index, zone_->day_at(Instant(std::chrono::microseconds(stamp))));
    else
        sink.set_timestamp(index, stamp);
    return Outcome::kValue;
}

CellReader::Outcome CellReader::wrong_type(Fault& fault) const {
    fault = {"type", fmt::format("is no {}", to_sql(column_->type))};
    return Outcome::kFault;
}

}  // namespace lagoa::ingest
