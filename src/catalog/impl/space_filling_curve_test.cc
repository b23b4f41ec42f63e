// Goal: both curves go through every cell once, and Hilbert's never jumps. Method: all cells of small cubes of two to
// four dimensions are put in their order; dimensions and bits that a place has no room for are looked at by their
// limits.
#include "catalog/impl/space_filling_curve.h"

#include <cstdlib>
#include <map>

#include <gtest/gtest.h>

namespace lagoa {
namespace {

using Point = std::vector<std::uint32_t>;

// Every cell whose coordinates are below `side`, by its place. The cube is a corner of the curve's: of a curve that
// fills it first when `side` is a power of two.
std::map<std::uint64_t, Point> places(const SpaceFillingCurve& curve, std::uint32_t side) {
    std::map<std::uint64_t, Point> found;
    Point point(curve.dimensions());
    for (;;) {
        Point used = point;
        found.emplace(curve.place(used), point);
        std::size_t i = 0;
        while (i < point.size() && ++point[i] == side) point[i++] = 0;
        if (i == point.size()) return found;
    }
}

std::size_t power(std::size_t base, std::size_t exponent) {
    return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

TEST(SpaceFillingCurve, EveryCellHasAPlaceOfItsOwnAndACornerIsFilledFirst) {
    for (const Curve kind : {Curve::kZ, Curve::kHilbert}) {
        for (const std::size_t dimensions : {2U, 3U, 4U}) {
            const auto cells = places(SpaceFillingCurve(kind, dimensions), 8);
            ASSERT_EQ(cells.size(), power(8, dimensions));
            EXPECT_EQ(cells.begin()->first, 0U);
            EXPECT_EQ(cells.rbegin()->first, cells.size() - 1);
        }
    }
}

TEST(SpaceFillingCurve, NeighboursOnHilbertsCurveTouch) {
    for (const std::size_t dimensions : {2U, 3U, 4U}) {
        const Point* before = nullptr;
        const auto cells = places(SpaceFillingCurve(Curve::kHilbert, dimensions), 8);
        for (const auto& [place, point] : cells) {
            int steps = 0;
            for (std::size_t i = 0; before != nullptr && i < point.size(); ++i)
                steps += std::abs(static_cast<int>(point[i]) - static_cast<int>((*before)[i]));
            ASSERT_EQ(steps, before == nullptr ? 0 : 1) << dimensions << " dimensions, place " << place;
            before = &point;
        }
    }
}

TEST(SpaceFillingCurve, TheZCurveInterleavesBits) {
    const SpaceFillingCurve curve(Curve::kZ, 2);
    Point point = {0b101, 0b011};
    EXPECT_EQ(curve.place(point), 0b100111U);
}

TEST(SpaceFillingCurve, ManyDimensionsGetFewBits) {
    for (const Curve kind : {Curve::kZ, Curve::kHilbert}) {
        for (const std::size_t dimensions : {1U, 2U, 5U, 6U, 33U, 64U}) {
            const SpaceFillingCurve curve(kind, dimensions);
            EXPECT_GE(curve.bits(), 1);
            EXPECT_LE(curve.bits() * static_cast<int>(dimensions), 64);
            Point last(dimensions, 0);
            last[0] = (1U << static_cast<unsigned>(curve.bits())) - 1;  // its top bit is the place's
            EXPECT_NE(curve.place(last), 0U);
        }
    }
}

}  // namespace
}  // namespace lagoa
