#include "serry/sink/quantile_sketch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

using Sketch = QuantileSketch<double>;
std::vector<double> const fractions{0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1};

/// How far the values' ranks among 0 to count - 1 are from what was asked for, in parts of all.
double largest_error(std::vector<double> const& values, double count) {
    double largest = 0;
    for (std::size_t i = 0; i < fractions.size(); ++i)
        largest = std::max(largest, std::abs((values[i] + 1) / count - fractions[i]));
    return largest;
}

std::uint64_t weight_of(Sketch const& sketch) {
    std::uint64_t weight = 0;
    for (std::size_t h = 0; h < sketch.levels.size(); ++h) weight += sketch.levels[h].size() << h;
    return weight;
}

/// 0 to count - 1, shuffled or ascending, in so many sketches merged two by two.
Sketch sketch_of(std::uint64_t count, std::size_t parts, bool is_shuffled, std::uint64_t capacity) {
    std::vector<double> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0.0);
    if (is_shuffled) std::shuffle(numbers.begin(), numbers.end(), std::mt19937_64(count));
    std::vector<Sketch> sketches;
    for (std::size_t p = 0; p < parts; ++p) {
        sketches.push_back(Sketch::with(capacity, p));
        for (std::size_t i = p * count / parts; i < (p + 1) * count / parts; ++i)
            sketches.back().add(numbers[i]);
    }
    for (; sketches.size() > 1;) {
        std::vector<Sketch> merged;
        for (std::size_t i = 0; i < sketches.size(); i += 2) {
            merged.push_back(sketches[i]);
            if (i + 1 < sketches.size()) merged.back().merge(sketches[i + 1]);
        }
        sketches = std::move(merged);
    }
    return sketches[0];
}

}  // namespace

TEST_CASE("few numbers are all kept, and their quantiles exact") {
    for (std::uint64_t const count : {1, 2, 5, 100}) {
        Sketch const sketch = sketch_of(count, 1, true, Sketch::capacity_for(0.01));
        CHECK(sketch.rank_error() == 0);
        auto const values = sketch.quantiles(fractions);
        for (std::size_t i = 0; i < fractions.size(); ++i) {
            double const rank = std::max(1.0, std::ceil(fractions[i] * static_cast<double>(count)));
            CHECK(values[i] == rank - 1);
        }
    }
}

TEST_CASE("ranks are off by less than was asked for, however numbers come and sketches merge") {
    for (double const error : {0.1, 0.01}) {
        for (std::size_t const parts : {1, 2, 37, 1000})
            for (bool const is_shuffled : {false, true}) {
                CAPTURE(error);
                CAPTURE(parts);
                CAPTURE(is_shuffled);
                constexpr std::uint64_t count = 500'000;
                Sketch const sketch =
                    sketch_of(count, parts, is_shuffled, Sketch::capacity_for(error));
                CHECK(sketch.count == count);
                CHECK(weight_of(sketch) == count);
                CHECK(sketch.rank_error() <= error);
                CHECK(largest_error(sketch.quantiles(fractions), count) <= sketch.rank_error());
                std::size_t kept = 0;
                for (auto const& level : sketch.levels) kept += level.size();
                CHECK(static_cast<double>(kept) < 24 / error + 200);
            }
    }
}

TEST_CASE("the same numbers in the same partitions give the same sketch") {
    auto const first = sketch_of(50'000, 5, true, 100);
    auto const second = sketch_of(50'000, 5, true, 100);
    CHECK(first.levels == second.levels);
    CHECK(first.coin_count == second.coin_count);
}

TEST_CASE("the coins of different partitions differ") {
    auto first = Sketch::with(10, 0);
    auto second = Sketch::with(10, 1);
    for (int n = 0; n < 10'000; ++n) {
        first.add(n);
        second.add(n);
    }
    CHECK(first.levels != second.levels);
}

TEST_CASE("equal numbers, infinite ones and NaN have their place") {
    auto equal = Sketch::with(100, 0);
    for (int i = 0; i < 10'000; ++i) equal.add(7);
    CHECK(equal.quantiles({0, 0.5, 1}) == std::vector<double>{7, 7, 7});
    constexpr double infinity = std::numeric_limits<double>::infinity();
    auto odd = Sketch::with(100, 0);
    for (double const number : {std::nan(""), infinity, 1.0, -infinity}) odd.add(number);
    auto const values = odd.quantiles({0, 0.5, 0.75, 1});
    CHECK(values[0] == -infinity);
    CHECK(values[1] == 1);
    CHECK(values[2] == infinity);
    CHECK(std::isnan(values[3]));
}

TEST_CASE("merging with nothing changes nothing") {
    auto sketch = sketch_of(1000, 1, true, 50);
    auto const before = sketch.levels;
    sketch.merge(Sketch::with(50, 3));
    CHECK(sketch.levels == before);
    auto nothing = Sketch::with(50, 3);
    nothing.merge(sketch);
    CHECK(nothing.quantiles({0, 1}) == std::vector<double>{0, 999});
    CHECK(nothing.count == 1000);
}
