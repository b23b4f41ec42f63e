// Exact numbers out of text: JSON's grammar and Brazilian pages'. No double on the way.
#pragma once

#include <optional>
#include <string_view>

#include "base/int128.h"

namespace lagoa::ingest {

enum class NumberFault {
    kNone,
    kNotANumber,
    kScale,  ///< Digits other than 0 beyond the scale.
    kRange,  ///< More digits before the point than the precision leaves room for.
};

/// Reads `[+-]digits[.digits][e[+-]digits]` times 10^shift as the unscaled value of DECIMAL(precision, scale).
/// Leading zeros are allowed, as fixed-width files have them.
NumberFault parse_decimal(std::string_view text, int precision, int scale, int shift, Int128& unscaled);

/// A pt-BR number without its decoration, as parse_decimal reads it.
struct PlainNumber {
    char text[64];
    std::size_t size = 0;
    int shift = 0;  ///< `M`, `Bilhões`, …: power of ten.

    std::string_view view() const { return {text, size}; }
};

/// `10.888,00`, `-60,77%`, `R$ 17,30 M`, `R$ 7,59 Bilhões`, `0,60% a.a`. False if it is none, as when a point does not
/// stand before three digits (`1.5` is no pt-BR number, or another one than it looks).
bool parse_pt_br(std::string_view text, PlainNumber& number);

/// `-`, `--`, `N/A`, `N/D`, empty: the page does not know.
bool is_pt_br_blank(std::string_view text);

}  // namespace lagoa::ingest
