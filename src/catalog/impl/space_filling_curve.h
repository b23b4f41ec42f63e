// A place on a curve through a cube of cells: points that are near on the curve are near in every dimension.
//
// The Z curve interleaves the bits of the coordinates. Hilbert's curve never jumps: cells that follow each other on it
// have a face in common, so that a stretch of it has a smaller bounding box, for some more work a point.
//
// Source: J. Skilling, Programming the Hilbert curve, AIP Conference Proceedings 707 (2004)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lagoa {

enum class Curve { kZ, kHilbert };

/// Immutable, hence thread-safe.
class SpaceFillingCurve {
public:
    static constexpr std::size_t kMaxDimensions = 64;
    static constexpr int kMaxBits = 12;  ///< Of a coordinate.

    /// Precondition: 1 <= dimensions <= kMaxDimensions.
    SpaceFillingCurve(Curve curve, std::size_t dimensions);

    std::size_t dimensions() const { return dimensions_; }
    /// Coordinates are below 2 to the power of bits(): as fine as 64 bits hold, kMaxBits at most.
    int bits() const { return bits_; }

    /// The place of the cell `point`, which is overwritten. Of equal size: dimensions().
    std::uint64_t place(std::span<std::uint32_t> point) const;

private:
    void turn_to_hilbert(std::span<std::uint32_t> point) const;

    const Curve curve_;
    const std::size_t dimensions_;
    const int bits_;
    std::vector<std::uint64_t> spread_;  // by coordinate: its bits, `dimensions_` apart
};

}  // namespace lagoa
