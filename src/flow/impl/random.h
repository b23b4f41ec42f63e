// The random numbers of one branch of one execution: a seed replays them whatever the threads do.
#pragma once

#include <cstdint>

namespace lagoa::flow {

/// SplitMix64. Source: Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31U);
    }

    /// In [0, 1).
    double uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

    /// An independent stream for the branch or item `index`. Does not advance this one.
    Random split(std::uint64_t index) const {
        return Random(Random(state_ ^ (index + 1) * 0xd1342543de82ef95U).next());
    }

private:
    std::uint64_t state_;
};

}  // namespace lagoa::flow
