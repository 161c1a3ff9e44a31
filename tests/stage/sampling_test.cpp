#include "serry/stage/sampling.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::sampling;
using serry::test::thrown;

namespace {
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
}  // namespace

TEST_CASE("what cannot be asked is named") {
    check_fraction("sample (job.cpp:1)", 0);
    check_fraction("sample (job.cpp:1)", 1);
    CHECK(thrown([] { check_fraction("sample (job.cpp:1)", 1.5); })
          == "UsageError 2: sample (job.cpp:1): a fraction of 1.5, expected 0 to 1; "
             "sample_with_replacement takes more");
    for (double const fraction : {-0.1, not_a_number, infinity})
        CHECK(thrown([&] { check_fraction("", fraction); }) != "nothing thrown");
    check_mean("", 1000);
    CHECK(thrown([] { check_mean("sample_with_replacement (job.cpp:2)", -1); })
          == "UsageError 2: sample_with_replacement (job.cpp:2): -1 copies of a record on average, "
             "expected 0 to 1000");
    CHECK(thrown([] { check_mean("", not_a_number); }) != "nothing thrown");
    CHECK(thrown([] { cells_of("random_split (job.cpp:3)", {1, -2}); })
          == "UsageError 2: random_split (job.cpp:3): a weight of -2, expected 0 or a positive "
             "number");
    CHECK(thrown([] { cells_of("random_split (job.cpp:3)", {}); })
          == "UsageError 2: random_split (job.cpp:3): the sum of 0 weights is 0, expected a "
             "positive number");
    CHECK(thrown([] { cells_of("", {infinity}); }) != "nothing thrown");
    CHECK(thrown([] { cells_of("", {not_a_number}); }) != "nothing thrown");
    CHECK(thrown([] { cells_of("", {1e308, 1e308}); }) != "nothing thrown");
}

TEST_CASE("a fraction of 1 holds all random bits, one of 0 none") {
    for (std::uint64_t const bits : {std::uint64_t{0}, std::uint64_t{1}, most - 1, most}) {
        CHECK(cell_between(0, 1).holds(bits));
        CHECK_FALSE(cell_between(0, 0).holds(bits));
    }
    CHECK(cell_between(0, 0.5).holds((most >> 1)));
    CHECK_FALSE(cell_between(0, 0.5).holds((most >> 1) + 1));
}

TEST_CASE("every random number is in one of the weights' cells, in none of a weight of 0") {
    for (std::vector<double> const& weights :
         {std::vector{1.0}, {1.0, 1.0, 1.0}, {0.0, 0.3, 0.0, 0.7, 0.0}, {1e-300, 1e300}}) {
        auto const cells = cells_of("", weights);
        REQUIRE(cells.size() == weights.size());
        for (std::uint64_t ordinal = 0; ordinal < 1000; ++ordinal) {
            std::uint64_t const bits = ordinal == 0 ? most : RecordRandom(5, 0, ordinal).bits();
            int holding = 0;
            for (std::size_t i = 0; i < cells.size(); ++i) {
                bool const holds = cells[i].holds(bits);
                holding += holds;
                if (weights[i] == 0) CHECK_FALSE(holds);
            }
            CHECK(holding == 1);
        }
    }
}

TEST_CASE("Poisson numbers have their mean as mean and variance") {
    for (double const mean : {0.0, 0.1, 1.0, 10.0, 40.5, 1000.0}) {
        CAPTURE(mean);
        Poisson const poisson(mean);
        constexpr int count = 20'000;
        double sum = 0, squares = 0;
        for (std::uint64_t ordinal = 0; ordinal < count; ++ordinal) {
            auto const number = static_cast<double>(poisson.draw({9, 1, ordinal}));
            sum += number;
            squares += (number - mean) * (number - mean);
        }
        CHECK(std::abs(sum / count - mean) <= 4 * std::sqrt(mean / count));
        CHECK(std::abs(squares / count - mean) <= 0.1 * mean + 0.01);
    }
}

TEST_CASE("choices lie in the partitions that their places say, and fill every slot") {
    Places const places({3, 0, 5}, 100, 4);
    CHECK(places.before == std::vector<std::uint64_t>{0, 3, 3});
    REQUIRE(places.choices.size() == 100);
    std::vector<int> slots(100);
    std::uint64_t last = 0;
    for (Choice const& choice : places.choices) {
        ++slots[choice.slot];
        CHECK(choice.place >= last);
        CHECK(choice.place < 8);
        last = choice.place;
    }
    CHECK(slots == std::vector<int>(100, 1));
    std::vector<Chosen<int>> chosen;
    auto const emit = [&](Chosen<int> const& one) { chosen.push_back(one); };
    ChoiceHandler<int>(places, 0)(std::vector{0, 1, 2}, emit);
    ChoiceHandler<int>(places, 1)(std::vector<int>{}, emit);
    ChoiceHandler<int> last_partition(places, 2);
    last_partition(std::vector{3, 4}, emit);
    last_partition(std::vector{5, 6, 7}, emit);
    REQUIRE(chosen.size() == 100);
    for (std::size_t i = 0; i < 100; ++i) {
        CHECK(chosen[i].record == static_cast<int>(places.choices[i].place));
        CHECK(chosen[i].slot == places.choices[i].slot);
    }
    CHECK(Places({0, 0}, 100, 4).choices.empty());
}

TEST_CASE("what must agree over the ranks is in the fingerprint") {
    CHECK(fingerprint(1, 0.5, 2) == fingerprint(1, 0.5, 2));
    CHECK(fingerprint(1, 0.5, 2) != fingerprint(2, 0.5, 2));
    CHECK(fingerprint(1, 0.5, 2) != fingerprint(1, 0.25, 2));
    CHECK(fingerprint(1, 0.5, 2) != fingerprint(1, 0.5, 3));
}
