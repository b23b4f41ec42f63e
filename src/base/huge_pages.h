// Large arrays that are about to be filled.
#pragma once

#include <cstddef>

namespace lagoa {

/// Asks the kernel for huge pages behind [begin, begin + bytes), which has been allocated and not yet touched: a fault
/// for each 4 KiB costs more than filling them. Does nothing for what is small, or where the system has none.
void prefer_huge_pages(void* begin, std::size_t bytes);

}  // namespace lagoa
