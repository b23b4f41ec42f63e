// A RowSink that keeps rows as text, to test row sources without an engine.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "engine/row_source.h"

namespace lagoa::test {

/// Cells as text: decimals and instants exact, days as 2026-11-25, NULL as `NULL`.
class RowCollector final : public RowSink {
public:
    /// A small capacity lets a source stop and go on often.
    explicit RowCollector(Schema schema, std::size_t capacity = 3) : schema_(std::move(schema)), capacity_(capacity) {}

    std::size_t rows() const { return rows_.size(); }
    const std::string& cell(std::size_t row, std::size_t column) const { return rows_.at(row).at(column); }
    const std::string& cell(std::size_t row, std::string_view column) const {
        return cell(row, static_cast<std::size_t>(schema_.find(column) - schema_.fields.data()));
    }

    /// Reads `source` to its end.
    Result<> read_all(RowSource& source) {
        for (;;) {
            const std::size_t before = rows_.size();
            const bool more = LAGOA_TRY(source.next(*this));
            LAGOA_CHECK(rows_.size() - before <= capacity_, "a row source made more rows than the sink's capacity");
            if (!more) return {};
        }
    }

    std::size_t capacity() const override { return capacity_; }
    std::size_t add_row() override {
        rows_.emplace_back(schema_.fields.size(), "NULL");
        return rows_.size() - 1;
    }
    void set_null(std::size_t column) override { set(column, "NULL"); }
    void set_bool(std::size_t column, bool value) override { set(column, value ? "true" : "false"); }
    void set_int64(std::size_t column, std::int64_t value) override { set(column, std::to_string(value)); }
    void set_double(std::size_t column, double value) override { set(column, fmt::format("{}", value)); }
    void set_text(std::size_t column, std::string_view value) override { set(column, std::string(value)); }
    void set_texts(std::size_t column, std::span<const std::string_view> values) override {
        std::string joined;
        for (const auto value : values) joined += std::string(value) + ";";
        set(column, std::move(joined));
    }
    void set_date(std::size_t column, std::int32_t days_since_1970) override {
        const Instant day{std::chrono::days{days_since_1970}};
        set(column, format_instant(day).substr(0, 10));
    }
    void set_timestamp(std::size_t column, std::int64_t micros_since_1970) override {
        set(column, format_instant(Instant{std::chrono::microseconds{micros_since_1970}}));
    }
    void set_decimal(std::size_t column, Int128 unscaled) override {
        const auto scale = static_cast<std::size_t>(schema_.fields[column].type.scale);
        const bool negative = unscaled < 0;
        std::string digits;
        for (Int128 rest = negative ? -unscaled : unscaled; rest != 0; rest /= 10)
            digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
        if (digits.size() < scale) digits.insert(0, scale - digits.size(), '0');
        if (scale > 0) digits.insert(digits.size() - scale, ".");
        if (digits.empty() || digits[0] == '.') digits.insert(0, "0");
        set(column, (negative ? "-" : "") + digits);
    }

private:
    void set(std::size_t column, std::string text) { rows_.back().at(column) = std::move(text); }

    const Schema schema_;
    const std::size_t capacity_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace lagoa::test
