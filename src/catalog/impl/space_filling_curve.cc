#include "catalog/impl/space_filling_curve.h"

#include <algorithm>

namespace lagoa {

SpaceFillingCurve::SpaceFillingCurve(Curve curve, std::size_t dimensions)
    : curve_(curve), dimensions_(dimensions), bits_(std::min(kMaxBits, 64 / static_cast<int>(dimensions))) {
    spread_.resize(std::size_t{1} << bits_);
    for (std::size_t coordinate = 0; coordinate < spread_.size(); ++coordinate)
        for (int bit = 0; bit < bits_; ++bit)
            spread_[coordinate] |= (coordinate >> bit & 1U) << (static_cast<std::size_t>(bit) * dimensions_);
}

std::uint64_t SpaceFillingCurve::place(std::span<std::uint32_t> point) const {
    if (curve_ == Curve::kHilbert) turn_to_hilbert(point);
    std::uint64_t place = 0;
    for (const std::uint32_t coordinate : point) place = place << 1U | spread_[coordinate];
    return place;
}

// Skilling's transform: afterwards the interleaved bits of `point` are its place on Hilbert's curve.
void SpaceFillingCurve::turn_to_hilbert(std::span<std::uint32_t> point) const {
    const std::uint32_t top = 1U << static_cast<unsigned>(bits_ - 1);
    for (std::uint32_t bit = top; bit > 1; bit >>= 1U) {
        const std::uint32_t below = bit - 1;
        for (std::uint32_t& coordinate : point) {
            if ((coordinate & bit) != 0) {
                point[0] ^= below;
            } else {
                const std::uint32_t exchanged = (point[0] ^ coordinate) & below;
                point[0] ^= exchanged;
                coordinate ^= exchanged;
            }
        }
    }
    for (std::size_t i = 1; i < point.size(); ++i) point[i] ^= point[i - 1];
    std::uint32_t flipped = 0;
    for (std::uint32_t bit = top; bit > 1; bit >>= 1U)
        if ((point.back() & bit) != 0) flipped ^= bit - 1;
    for (std::uint32_t& coordinate : point) coordinate ^= flipped;
}

}  // namespace lagoa
