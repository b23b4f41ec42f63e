// The portable serialised form of a 32-bit Roaring bitmap, checked before CRoaring reads it.
//
// CRoaring trusts what it reads: a bitmap whose stated cardinalities are not those of its containers, or whose
// values are out of order, makes it write beyond its buffers later. So bytes from outside pass here first.
//
// Source: https://github.com/RoaringBitmap/RoaringFormatSpec
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace lagoa::delta {

/// The length of the bitmap at the start of `bytes`. kCorruption if there is none, or not a sound one.
Result<std::size_t> check_roaring(std::string_view bytes);

}  // namespace lagoa::delta
