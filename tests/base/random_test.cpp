#include "serry/base/random.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <set>

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("philox gives the vectors that its authors publish") {
    using Words = std::array<std::uint32_t, 4>;
    CHECK(philox({0, 0, 0, 0}, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(philox({~0U, ~0U, ~0U, ~0U}, ~std::uint64_t{0})
          == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822)
          == Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a record's numbers follow from seed, partition, ordinal and how many were drawn") {
    std::set<std::uint64_t> drawn;
    for (std::uint64_t seed : {0, 1})
        for (std::uint64_t partition : {0, 1, 77})
            for (std::uint64_t ordinal :
                 {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32}) {
                RecordRandom random(seed, partition, ordinal);
                RecordRandom again(seed, partition, ordinal);
                for (int draw = 0; draw < 5; ++draw) {
                    std::uint64_t const bits = random.bits();
                    CHECK(again.bits() == bits);
                    drawn.insert(bits);
                }
            }
    CHECK(drawn.size() == 2 * 3 * 3 * 5);
}

TEST_CASE("fractions and numbers below a bound are uniform") {
    constexpr int count = 100'000;
    double sum = 0;
    std::array<int, 7> seen{};
    for (std::uint64_t ordinal = 0; ordinal < count; ++ordinal) {
        double const fraction = RecordRandom(1, 2, ordinal).fraction();
        CHECK((fraction >= 0 && fraction < 1));
        sum += fraction;
        ++seen[RecordRandom(1, 3, ordinal).below(seen.size())];
    }
    CHECK(std::abs(sum / count - 0.5) < 4 * std::sqrt(1.0 / 12 / count));
    for (int const times : seen) CHECK(std::abs(times - count / 7.0) < 4 * std::sqrt(count / 7.0));
    CHECK(RecordRandom(1, 2, 3).below(1) == 0);
}
