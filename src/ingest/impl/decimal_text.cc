#include "ingest/impl/decimal_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace lagoa::ingest {
namespace {

constexpr int kMaxDigits = 38;
constexpr int kMaxExponent = 100'000;  // Beyond it a text is out of range or zero, whatever its digits.

constexpr auto kPowers = [] {
    std::array<Int128, kMaxDigits + 1> powers{};
    powers[0] = 1;
    for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
    return powers;
}();

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Digits as they are read: the value of the first 38 significant ones, and what became of the others.
class Mantissa {
public:
    void add(char digit, bool after_point) {
        any_ = true;
        if (after_point) --exponent_;
        if (digits_ == 0 && digit == '0') return;
        if (digits_ == kMaxDigits) {
            ++exponent_;  // Not held: the value stands for ten times as much.
            lost_ |= digit != '0';
            return;
        }
        ++digits_;
        if (digits_ <= 18) {
            low_ = low_ * 10 + (digit - '0');
        } else {
            if (digits_ == 19) value_ = low_;
            value_ = value_ * 10 + (digit - '0');
        }
    }

    Int128 value() const { return digits_ <= 18 ? Int128{low_} : value_; }
    int digits() const { return digits_; }
    std::int64_t exponent() const { return exponent_; }
    bool any() const { return any_; }
    bool lost() const { return lost_; }

private:
    std::int64_t low_ = 0;
    Int128 value_ = 0;
    int digits_ = 0;
    std::int64_t exponent_ = 0;
    bool any_ = false;
    bool lost_ = false;
};

// The exponent after an `e`; false if there is none.
bool parse_exponent(std::string_view text, std::int64_t& exponent) {
    bool negative = false;
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) negative = text[0] == '-', text.remove_prefix(1);
    if (text.empty()) return false;
    std::int64_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return false;
        value = std::min<std::int64_t>(value * 10 + (c - '0'), kMaxExponent);
    }
    exponent += negative ? -value : value;
    return true;
}

struct Magnitude {
    std::string_view word;
    int shift;
};

// Lower case but for letters outside ASCII, which keep the case that sites write them in.
constexpr std::array kMagnitudes = {
    Magnitude{"mil", 3},      Magnitude{"k", 3},         Magnitude{"m", 6},  Magnitude{"mi", 6},
    Magnitude{"milhão", 6},   Magnitude{"milhões", 6},   Magnitude{"b", 9},  Magnitude{"bi", 9},
    Magnitude{"bilhão", 9},   Magnitude{"bilhões", 9},   Magnitude{"t", 12}, Magnitude{"tri", 12},
    Magnitude{"trilhão", 12}, Magnitude{"trilhões", 12},
};

// Drops blanks and no-break spaces in front.
void skip_blanks(std::string_view& text) {
    for (;;) {
        if (text.starts_with("\xC2\xA0"))
            text.remove_prefix(2);
        else if (!text.empty() && (text[0] == ' ' || text[0] == '\t' || text[0] == '\n' || text[0] == '\r'))
            text.remove_prefix(1);
        else
            return;
    }
}

// What may follow the digits: a magnitude, a percent sign, a period of interest.
bool parse_suffix(std::string_view text, int& shift) {
    skip_blanks(text);
    if (text.starts_with('%')) text.remove_prefix(1);
    skip_blanks(text);
    std::string word = to_lower(trim(text));
    while (word.ends_with("\xC2\xA0")) word.resize(word.size() - 2);
    if (word.empty() || word == "a.a" || word == "a.a." || word == "a.m" || word == "a.m.") return true;
    const auto found = std::ranges::find(kMagnitudes, std::string_view(word), &Magnitude::word);
    if (found == kMagnitudes.end()) return false;
    shift = found->shift;
    return true;
}

}  // namespace

NumberFault parse_decimal(std::string_view text, int precision, int scale, int shift, Int128& unscaled) {
    std::size_t at = 0;
    bool negative = false;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';
    Mantissa mantissa;
    for (; at < text.size() && is_digit(text[at]); ++at) mantissa.add(text[at], false);
    if (!mantissa.any()) return NumberFault::kNotANumber;
    if (at < text.size() && text[at] == '.') {
        const std::size_t first = ++at;
        for (; at < text.size() && is_digit(text[at]); ++at) mantissa.add(text[at], true);
        if (at == first) return NumberFault::kNotANumber;
    }
    std::int64_t exponent = mantissa.exponent() + shift + scale;
    if (at < text.size()) {
        if ((text[at] != 'e' && text[at] != 'E') || !parse_exponent(text.substr(at + 1), exponent))
            return NumberFault::kNotANumber;
    }
    Int128 value = mantissa.value();
    if (value == 0) {
        unscaled = 0;
        return NumberFault::kNone;
    }
    if (mantissa.digits() + exponent > precision) return NumberFault::kRange;
    if (mantissa.lost()) return NumberFault::kScale;
    if (exponent >= 0) {
        value *= kPowers[static_cast<std::size_t>(exponent)];
    } else {
        if (exponent < -kMaxDigits) return NumberFault::kScale;
        const Int128 divisor = kPowers[static_cast<std::size_t>(-exponent)];
        if (value % divisor != 0) return NumberFault::kScale;
        value /= divisor;
    }
    unscaled = negative ? -value : value;
    return NumberFault::kNone;
}

bool parse_pt_br(std::string_view text, PlainNumber& number) {
    const auto put = [&](char c) { number.text[number.size++] = c; };
    skip_blanks(text);
    bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    skip_blanks(text);
    if (text.starts_with("R$")) {
        text.remove_prefix(2);
        skip_blanks(text);
        if (!negative && text.starts_with('-')) negative = true, text.remove_prefix(1);
    }
    if (negative) put('-');
    std::size_t at = 0;
    std::size_t group = 0;  // digits since the last point
    bool grouped = false;
    for (; at < text.size() && number.size + 2 < sizeof number.text; ++at) {
        if (is_digit(text[at])) {
            put(text[at]);
            ++group;
        } else if (text[at] == '.' && group > 0 && group <= 3 && (!grouped || group == 3)) {
            grouped = true;
            group = 0;
        } else {
            break;
        }
    }
    if (group == 0 || (grouped && group != 3)) return false;
    if (at < text.size() && text[at] == ',') {
        put('.');
        const std::size_t first = ++at;
        for (; at < text.size() && is_digit(text[at]) && number.size + 1 < sizeof number.text; ++at) put(text[at]);
        if (at == first) return false;
    }
    return parse_suffix(text.substr(at), number.shift);
}

bool is_pt_br_blank(std::string_view text) {
    skip_blanks(text);
    const std::string_view word = trim(text);
    return word.empty() || word == "-" || word == "--" || word == "N/A" || word == "N/D" || word == "\xC2\xA0";
}

}  // namespace lagoa::ingest
