#include "serry/sampling.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "shuffle/reduce_oracle.hpp"
#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

constexpr std::uint64_t partition_count = 11;

/// The numbers whose random bits are in a cell; each as often as `copies` says.
template <typename Copies>
Numbers drawn(std::int64_t count, Copies copies) {
    Numbers result;
    auto const partitions = cut(oracle(
                                    count, [](std::int64_t n) { return n; }, always),
                                partition_count);
    for (std::size_t p = 0; p < partitions.size(); ++p)
        for (std::size_t i = 0; i < partitions[p].size(); ++i)
            result.insert(result.end(), copies(p, i), partitions[p][i]);
    return result;
}

}  // namespace

TEST_CASE("sample keeps the records that the seed, their partition and their place say") {
    Job job;
    for (std::int64_t const count : {0, 1, 20'000})
        for (double const fraction : {0.0, 0.001, 0.3, 1.0})
            for (std::uint64_t const seed : {std::uint64_t{0}, ~std::uint64_t{0}}) {
                auto const cell = sampling::cell_between(0, fraction);
                auto const expected = drawn(count, [&](std::uint64_t p, std::uint64_t i) {
                    return cell.holds(RecordRandom(seed, p, i).bits()) ? 1U : 0U;
                });
                auto const numbers = job.numbers(static_cast<std::uint64_t>(count));
                CHECK(numbers.sample(fraction, seed).collect().to_vector() == expected);
            }
    CHECK(job.numbers(5000).sample(1).count() == 5000);
    CHECK(job.numbers(5000).sample(0).count() == 0);
    auto const third = static_cast<double>(job.numbers(30'000).sample(1.0 / 3, 4).count());
    CHECK(std::abs(third - 10'000) < 4 * std::sqrt(30'000 * 2.0 / 9));
    CHECK(job.numbers(1000).map(name_in).sample(0.5).take(1).begin()->substr(0, 7) == "number ");
}

TEST_CASE("sample with replacement gives each record as often as a Poisson number says") {
    Job job;
    for (double const mean : {0.0, 0.5, 3.0, 40.0}) {
        sampling::Poisson const poisson(mean);
        auto const expected = drawn(500, [&](std::uint64_t p, std::uint64_t i) {
            return static_cast<std::size_t>(poisson.draw({5, p, i}));
        });
        CHECK(job.numbers(500).sample_with_replacement(mean, 5).collect().to_vector() == expected);
    }
    CHECK(job.numbers(0).sample_with_replacement(2).count() == 0);
}

TEST_CASE("fractions that are none are named at once") {
    Job job;
    CHECK(thrown([&] { job.numbers().sample(1.01, 0, {"job.cpp", 1}); })
          == "UsageError 2: sample (job.cpp:1): a fraction of 1.01, expected 0 to 1; "
             "sample_with_replacement takes more");
    CHECK(thrown([&] {
              job.numbers().sample(std::nan(""), 0, {"job.cpp", 1});
          }).find("UsageError 2: sample (job.cpp:1): a fraction of nan, ")
          == 0);
    CHECK(thrown([&] { job.numbers().sample_with_replacement(-1, 0, {"job.cpp", 2}); })
          == "UsageError 2: sample_with_replacement (job.cpp:2): -1 copies of a record on average, "
             "expected 0 to 1000");
    CHECK(thrown([&] { job.numbers().random_split({0, 0}, 0, {"job.cpp", 3}); })
          == "UsageError 2: random_split (job.cpp:3): the sum of 2 weights is 0, expected a positive "
             "number");
}

TEST_CASE("random_split puts every record into one split, about as many as its weight says") {
    Job job;
    auto const numbers = job.numbers(10'000);
    auto const splits = numbers.random_split({1, 0, 3}, 8);
    REQUIRE(splits.size() == 3);
    std::set<std::int64_t> all;
    std::uint64_t sum = 0;
    for (auto const& split : splits) {
        auto const records = split.collect().to_vector();
        CHECK(std::is_sorted(records.begin(), records.end()));
        all.insert(records.begin(), records.end());
        sum += records.size();
    }
    CHECK(sum == 10'000);
    CHECK(all.size() == 10'000);
    CHECK(splits[1].is_empty());
    CHECK(std::abs(static_cast<double>(splits[0].count()) - 2500) < 4 * std::sqrt(1875.0));
    CHECK(job.numbers(0).random_split({1, 2})[1].is_empty());
}

TEST_CASE("take_sample gives exactly as many different records, the ones with the lowest bits") {
    Job job;
    for (std::uint64_t const wanted : {0, 1, 10, 999, 1000, 5000}) {
        std::vector<std::pair<std::uint64_t, std::int64_t>> tickets;
        drawn(1000, [&](std::uint64_t p, std::uint64_t i) {
            tickets.emplace_back(RecordRandom(3, p, i).bits(),
                                 static_cast<std::int64_t>(tickets.size()));
            return 0U;
        });
        std::sort(tickets.begin(), tickets.end());
        Numbers expected;
        for (auto const& [ticket, n] : tickets)
            if (expected.size() < wanted) expected.push_back(n);
        CHECK(job.numbers().take_sample(wanted, 3).to_vector() == expected);
    }
    CHECK(job.numbers(0).take_sample(5).empty());
    auto const names = job.numbers(100).map(name_in).take_sample(100, 1);
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == 100);
}

TEST_CASE("take_sample with replacement gives exactly as many, each drawn from all") {
    Job job;
    for (std::uint64_t const wanted : {0, 1, 10, 3000}) {
        Numbers expected;
        for (std::uint64_t slot = 0; slot < wanted; ++slot)
            expected.push_back(static_cast<std::int64_t>(RecordRandom(6, 0, slot).below(1000)));
        CHECK(job.numbers().take_sample_with_replacement(wanted, 6).to_vector() == expected);
        CHECK(job.numbers(0).take_sample_with_replacement(wanted, 6).empty());
    }
    auto const names = job.numbers(3, 50).map(name_in).take_sample_with_replacement(100, 1);
    CHECK(names.size() == 100);
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == 3);
}
