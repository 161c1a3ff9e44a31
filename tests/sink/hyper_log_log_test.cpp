#include "serry/sink/hyper_log_log.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "serry/base/hash.hpp"

using namespace serry;

namespace {

std::uint64_t hash_of(std::uint64_t number) {
    return hash_key({reinterpret_cast<char const*>(&number), sizeof number});
}

}  // namespace

TEST_CASE("a precision is the least whose error is small enough") {
    CHECK(HyperLogLog::precision_for(0.26) == 4);
    CHECK(HyperLogLog::precision_for(0.25) == 5);
    CHECK(HyperLogLog::precision_for(0.01) == 14);
    CHECK(HyperLogLog::precision_for(0.00204) == 18);
}

TEST_CASE("counts of neighbouring numbers and of texts are within four standard errors") {
    for (unsigned const precision : {4U, 10U, 14U}) {
        double const error = 1.04 / std::sqrt(std::pow(2.0, precision));
        for (std::uint64_t const count : {1, 2, 10, 1000, 40'000, 70'000, 1'000'000}) {
            CAPTURE(precision);
            CAPTURE(count);
            auto numbers = HyperLogLog::of_precision(precision);
            auto texts = HyperLogLog::of_precision(precision);
            for (std::uint64_t n = 0; n < count; ++n) {
                numbers.add(hash_of(n << 8));
                if (count < 100'000)
                    texts.add(hash_key("a text of some length, number " + std::to_string(n)));
            }
            auto const expected = static_cast<double>(count);
            CHECK(std::abs(numbers.estimate() - expected) <= 4 * error * expected + 0.5);
            if (count < 100'000)
                CHECK(std::abs(texts.estimate() - expected) <= 4 * error * expected + 0.5);
        }
    }
}

TEST_CASE("the error is about normal: over many sets its mean square is the promised one") {
    double squares = 0;
    double sum = 0;
    constexpr int sets = 200;
    for (std::uint64_t set = 0; set < sets; ++set) {
        auto counted = HyperLogLog::of_precision(10);
        for (std::uint64_t n = 0; n < 3000; ++n) counted.add(hash_of(set * 1'000'000 + n));
        double const relative = counted.estimate() / 3000 - 1;
        sum += relative;
        squares += relative * relative;
    }
    CHECK(std::sqrt(squares / sets) < 1.15 * 1.04 / 32);
    CHECK(std::abs(sum / sets) < 0.01);
}

TEST_CASE("nothing is counted as 0, and what is added again changes nothing") {
    auto counted = HyperLogLog::of_precision(14);
    CHECK(counted.estimate() == 0);
    counted.add(hash_of(7));
    auto const once = counted.registers;
    for (int i = 0; i < 1000; ++i) counted.add(hash_of(7));
    CHECK(counted.registers == once);
}

TEST_CASE("merging gives what adding everything to one gives") {
    auto all = HyperLogLog::of_precision(12);
    auto left = HyperLogLog::of_precision(12);
    auto right = HyperLogLog::of_precision(12);
    for (std::uint64_t n = 0; n < 10'000; ++n) {
        all.add(hash_of(n));
        if (n < 6000) left.add(hash_of(n));
        if (n >= 4000) right.add(hash_of(n));
    }
    auto merged = right;
    merged.merge(left);
    left.merge(right);
    CHECK(left.registers == all.registers);
    CHECK(merged.registers == all.registers);
}

TEST_CASE("registers that are full, as after very many records, still give an estimate") {
    auto counted = HyperLogLog::of_precision(4);
    std::fill(counted.registers.begin(), counted.registers.end(), std::uint8_t{61});
    CHECK(counted.estimate() > 1e18);
}
