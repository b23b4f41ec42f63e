#include "base/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace lagoa {
namespace {

constexpr std::uintptr_t kHugePage = std::uintptr_t{2} << 20;  // of x86-64, and of most others
constexpr std::size_t kLeast = 2 * kHugePage;                  // smaller ones would waste as much as they hold

}  // namespace

void prefer_huge_pages(void* begin, std::size_t bytes) {
    if (bytes < kLeast) return;
    const auto first = (reinterpret_cast<std::uintptr_t>(begin) + kHugePage - 1) / kHugePage * kHugePage;
    const auto end = (reinterpret_cast<std::uintptr_t>(begin) + bytes) / kHugePage * kHugePage;
    // Advice: a kernel that does not take it leaves small pages.
    if (first < end) ::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

}  // namespace lagoa
