#include "serry/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "shuffle/reduce_oracle.hpp"
#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Reals = std::vector<double>;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr auto least_int = std::numeric_limits<std::int64_t>::min();
constexpr auto greatest_int = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t partition_counts[] = {1, 2, 5, 64};

/// Of magnitudes from 1e-12 to 1e12.
Reals reals(std::size_t count) {
    std::mt19937_64 random(count);
    Reals records;
    for (std::size_t i = 0; i < count; ++i)
        records.push_back((static_cast<double>(random() % 2'000'001) / 1e6 - 1)
                          * std::pow(10.0, static_cast<double>(random() % 25) - 12));
    return records;
}

/// Partitions with records made one A each, by add from start; these along the tree, by merge.
template <typename A, typename T, typename Add, typename Merge>
A aggregated_by_oracle(Partitions<T> const& partitions,
                       A start,
                       Add add,
                       Merge merge,
                       A otherwise) {
    std::map<std::uint32_t, A> leaves;
    for (std::size_t p = 0; p < partitions.size(); ++p) {
        if (partitions[p].empty()) continue;
        A value = start;
        for (T const& record : partitions[p]) add(value, record);
        leaves.emplace(static_cast<std::uint32_t>(p), value);
    }
    if (leaves.empty()) return otherwise;
    return fold_leaves(leaves, [&](A left, A const& right) {
        merge(left, right);
        return left;
    });
}

Summary summary_by_oracle(Partitions<double> const& partitions) {
    return aggregated_by_oracle(
        partitions, Summary(), [](Summary& summary, double number) { summary.add(number); },
        [](Summary& left, Summary const& right) { left.merge(right); }, Summary::of_nothing());
}

template <typename T>
std::string bits(T const& value) {
    return bytes_of(std::vector<T>{value});
}

}  // namespace

TEST_CASE("reduce folds in order, along the same tree at any rank count") {
    Job job;
    CHECK(job.numbers().reduce(std::plus{}) == 499'500);
    CHECK_FALSE(job.numbers(0).reduce(std::plus{}));
    CHECK(job.numbers(1).reduce(std::plus{}) == 0);
    auto const join = [](std::string const& left, std::string const& right) {
        return left + right;
    };
    std::string digits;
    for (int n = 0; n < 300; ++n) digits += std::to_string(n) + ' ';
    CHECK(job.numbers(300).map([](std::int64_t n) { return std::to_string(n) + ' '; }).reduce(join)
          == digits);
}

TEST_CASE("fold takes its zero once, from the left, whatever the partitions") {
    Job job;
    for (std::uint64_t const partitions : {1, 2, 50}) {
        CHECK(job.numbers(100, partitions).fold(1000, std::plus{}) == 5950);
        CHECK(job.numbers(0, partitions).fold(1000, std::plus{}) == 1000);
        CHECK(job.numbers(1, partitions).fold(1000, std::plus{}) == 1000);
    }
    auto const join = [](std::string_view left, std::string_view right) {
        return left < right ? left : right;
    };
    CHECK(job.numbers(100).map(name_in).fold("number 1 and more", join) == "number 0");
    std::string zero = "0 of them";
    std::string_view const kept = job.numbers(100).map(name_in).fold(zero, join);
    zero.assign(zero.size(), '#');
    CHECK(kept == "0 of them");
    CHECK(thrown([&] {
              job.numbers(3).fold(
                  -1,
                  [](std::int64_t a, std::int64_t b) {
                      if (a < 0) throw std::domain_error("negative");
                      return a + b;
                  },
                  {"job.cpp", 2});
          })
          == "StageError 66: fold (job.cpp:2) failed on every rank, combining the partitions' results: "
             "std::domain_error: negative");
}

TEST_CASE("aggregate makes one value of another type, the same bits at any rank count") {
    Job job;
    auto const records = reals(3000);
    struct Moments {
        double sum = 0;
        double squares = 0;
        std::uint64_t count = 0;
    };
    auto const add = [](Moments m, double x) {
        return Moments{m.sum + x, m.squares + x * x, m.count + 1};
    };
    auto const merge = [](Moments const& a, Moments const& b) {
        return Moments{a.sum + b.sum, a.squares + b.squares, a.count + b.count};
    };
    for (std::uint64_t const partitions : partition_counts) {
        auto const moments =
            parallelize(job.context, records, partitions).aggregate(Moments{}, add, merge);
        auto const expected = aggregated_by_oracle(
            cut(records, partitions), Moments{}, [&](Moments& m, double x) { m = add(m, x); },
            [&](Moments& a, Moments const& b) { a = merge(a, b); }, Moments{});
        CHECK(bits(moments) == bits(expected));
    }
    CHECK(job.numbers(0).aggregate(
              std::string("none"),
              [](std::string const&, std::int64_t) { return std::string("some"); }, std::plus{})
          == "none");
    auto const list = job.numbers(50).aggregate(
        std::vector<std::int64_t>{},
        [](std::vector<std::int64_t> all, std::int64_t n) {
            all.push_back(n);
            return all;
        },
        [](std::vector<std::int64_t> left, std::vector<std::int64_t> const& right) {
            left.insert(left.end(), right.begin(), right.end());
            return left;
        });
    CHECK(list
          == oracle(
              50, [](std::int64_t n) { return n; }, always));
}

TEST_CASE("min and max, of equal records the first, NaN after all numbers") {
    Job job;
    CHECK(job.numbers().min() == 0);
    CHECK(job.numbers().max() == 999);
    CHECK_FALSE(job.numbers(0).min());
    CHECK_FALSE(job.numbers(0).max());
    CHECK(parallelize(job.context, Numbers{0, least_int, greatest_int}, 5).min() == least_int);
    CHECK(parallelize(job.context, Numbers{0, least_int, greatest_int}, 5).max() == greatest_int);
    CHECK(job.numbers(50).map(name_in).min() == "number 0");
    CHECK(job.numbers(50).map(name_in).max() == "number 9");
    CHECK(job.numbers(50).map([](std::int64_t n) { return Count(-n, n); }).min() == Count(-49, 49));
    for (std::uint64_t const partitions : partition_counts) {
        auto const odd = parallelize(
            job.context, Reals{not_a_number, 2, -infinity, not_a_number, 1}, partitions);
        CHECK(odd.min() == -infinity);
        CHECK(std::isnan(*odd.max()));
        CHECK(std::isnan(
            *parallelize(job.context, Reals{not_a_number, not_a_number}, partitions).min()));
        CHECK(std::signbit(*parallelize(job.context, Reals{-0.0, 0.0}, partitions).max()));
        CHECK_FALSE(std::signbit(*parallelize(job.context, Reals{0.0, -0.0}, partitions).min()));
    }
}

TEST_CASE("sums of floating point are those of reduce, bit for bit") {
    Job job;
    for (std::size_t const count : {1, 7, 3000}) {
        auto const records = reals(count);
        for (std::uint64_t const partitions : partition_counts) {
            double const sum = parallelize(job.context, records, partitions).sum();
            CHECK(bits(sum) == bits(*fold_by_oracle(cut(records, partitions), std::plus{})));
        }
    }
    CHECK(bits(parallelize(job.context, Reals{}).sum()) == bits(0.0));
    CHECK(bits(parallelize(job.context, Reals{-0.0, -0.0}, 2).sum()) == bits(-0.0));
    CHECK(std::isnan(parallelize(job.context, Reals{1, not_a_number}, 2).sum()));
    CHECK(std::isnan(parallelize(job.context, Reals{infinity, -infinity}, 2).sum()));
    CHECK(parallelize(job.context, std::vector<float>{0.1F, 0.2F}, 2).sum()
          == static_cast<double>(0.1F) + static_cast<double>(0.2F));
}

TEST_CASE("sums of integers are exact, or an error") {
    Job job;
    CHECK(job.numbers().sum() == 499'500);
    CHECK(job.numbers(0).sum() == 0);
    auto const sum_of = [&](Numbers const& numbers) {
        return parallelize(job.context, numbers, 3).sum({"job.cpp", 5});
    };
    CHECK(sum_of({greatest_int, greatest_int, least_int, least_int}) == -2);
    CHECK(sum_of({greatest_int, 0}) == greatest_int);
    CHECK(thrown([&] { sum_of({greatest_int, 1}); })
          == "InputError 65: sum (job.cpp:5): the sum is 9223372036854775808, expected one of 64 bits; "
             "map the records to double first");
    CHECK(thrown([&] { sum_of({least_int, -1}); }).find("InputError 65: ") == 0);
    auto const bytes = parallelize(job.context, std::vector<unsigned char>(1000, 255)).sum();
    static_assert(std::is_same_v<decltype(bytes), std::uint64_t const>);
    CHECK(bytes == 255'000);
}

TEST_CASE("stats and mean are the oracle's, bit for bit") {
    Job job;
    for (std::size_t const count : {1, 2, 3000}) {
        auto const records = reals(count);
        for (std::uint64_t const partitions : partition_counts) {
            auto const dataset = parallelize(job.context, records, partitions);
            Summary const expected = summary_by_oracle(cut(records, partitions));
            CHECK(bits(dataset.stats()) == bits(expected));
            CHECK(bits(*dataset.mean()) == bits(expected.mean));
        }
    }
    Summary const nothing = parallelize(job.context, Reals{}).stats();
    CHECK(nothing.count == 0);
    CHECK((std::isnan(nothing.mean) && std::isnan(nothing.variance())));
    CHECK_FALSE(parallelize(job.context, Reals{}).mean());
    Summary const odd = parallelize(job.context, Reals{1, not_a_number, 3}, 3).stats();
    CHECK((odd.count == 3 && std::isnan(odd.mean) && odd.least == 1 && std::isnan(odd.greatest)));
    Summary const equal = parallelize(job.context, Reals(1000, 0.1), 7).stats();
    CHECK(equal.mean == 0.1);
    CHECK(equal.variance() == 0);
    Summary const ints = job.numbers().stats();
    CHECK(ints.mean == 499.5);
    CHECK(ints.variance() == doctest::Approx(83'333.25));
}

TEST_CASE("histograms over given edges count every number once") {
    Job job;
    auto const odd = parallelize(
        job.context,
        Reals{-1, -0.0, 0, 0.5, 1, 1.5, 2, 2.5, not_a_number, not_a_number, infinity, -infinity},
        5);
    Histogram const histogram = odd.histogram({0, 1, 2});
    CHECK(histogram.edges == Reals{0, 1, 2});
    CHECK(histogram.counts == std::vector<std::uint64_t>{3, 3});
    CHECK(histogram.below == 2);
    CHECK(histogram.above == 2);
    CHECK(histogram.nan_count == 2);
    CHECK(parallelize(job.context, Reals{}).histogram({0, 1}) == Histogram{{0, 1}, {0}});
    CHECK(thrown([&] { odd.histogram({1, 0}, {"job.cpp", 6}); })
          == "UsageError 2: histogram (job.cpp:6): edge 1 is 0, expected more than the 1 before it; "
             "edges ascend");
}

TEST_CASE("histograms of even buckets reach from the least number to the greatest") {
    Job job;
    CHECK(job.numbers().histogram(4)
          == Histogram{{0, 249.75, 499.5, 749.25, 999}, {250, 250, 250, 250}});
    CHECK(parallelize(job.context, Reals{not_a_number, 5, 5}, 3).histogram(4)
          == Histogram{{5, 5}, {2}, 0, 0, 1});
    CHECK(parallelize(job.context, Reals{not_a_number, not_a_number}, 3).histogram(4)
          == Histogram{{}, {}, 0, 0, 2});
    CHECK(parallelize(job.context, Reals{}, 3).histogram(4) == Histogram{});
    CHECK(parallelize(job.context, Numbers{least_int, greatest_int}, 3).histogram(2).counts
          == std::vector<std::uint64_t>{1, 1});
    CHECK(thrown([&] {
              parallelize(job.context, Reals{1, infinity}).histogram(2, {"job.cpp", 7});
          })
          == "InputError 65: histogram (job.cpp:7): the numbers go from 1 to inf, expected finite ones; "
             "give the edges, or filter infinity out");
    CHECK(thrown([&] {
              job.numbers().histogram(std::uint64_t{0}, {"job.cpp", 8});
          })
          == "UsageError 2: histogram (job.cpp:8): 0 buckets, expected 1 to 16777216");
}

TEST_CASE("count_by_value counts each record, of any type that can be a key") {
    Job job;
    auto const counts = job.numbers().map([](std::int64_t n) { return n % 3; }).count_by_value();
    CHECK(counts.size() == 3);
    CHECK(counts.value_or(0, 0) == 334);
    CHECK(counts.value_or(3, 77) == 77);
    CHECK(job.numbers(0).count_by_value().empty());
    auto const odd =
        parallelize(job.context, Reals{not_a_number, 0.0, -0.0, -not_a_number}, 3).count_by_value();
    CHECK(odd.size() == 2);
    CHECK(odd.value_or(not_a_number, 0) == 2);
    CHECK(odd.value_or(0, 0) == 2);
    auto const names = job.numbers(100).map(name_in).count_by_value();
    CHECK(names.size() == 100);
    CHECK(names.value_or("number 42", 0) == 1);
}

TEST_CASE("approximate counts of different records are near, and the same at any rank count") {
    Job job;
    auto const records = job.numbers(60'000, 23).map([](std::int64_t n) { return n % 20'000; });
    std::uint64_t const count = records.approximate_distinct_count();
    auto counted = HyperLogLog::of_precision(14);
    ByteWriter scratch;
    for (std::int64_t n = 0; n < 20'000; ++n) counted.add(hash_key(key_bytes(n, scratch)));
    CHECK(count == static_cast<std::uint64_t>(counted.estimate() + 0.5));
    CHECK(std::abs(static_cast<double>(count) - 20'000) < 4 * 0.01 * 20'000);
    CHECK(job.numbers(0).approximate_distinct_count() == 0);
    CHECK(parallelize(job.context, Numbers(1000, 7)).approximate_distinct_count() == 1);
    CHECK(parallelize(job.context, Reals{not_a_number, -not_a_number, 0.0, -0.0}, 3)
              .approximate_distinct_count()
          == 2);
    CHECK(job.numbers(100).map(name_in).approximate_distinct_count(0.1) > 60);
    CHECK(thrown([&] { records.approximate_distinct_count(0, {"job.cpp", 9}); })
          == "UsageError 2: approximate_distinct_count (job.cpp:9): an error of 0, expected 0.00204 "
             "to 0.26");
}

TEST_CASE(
    "approximate quantiles are near, within the error they state, the same at any rank count") {
    Job job;
    Reals const fractions{0, 0.1, 0.5, 0.9, 1};
    auto const records =
        job.numbers(100'000, 37).map([](std::int64_t n) { return n * 7919 % 100'000; });
    auto const quantiles = records.approximate_quantiles(fractions, 0.02);
    CHECK(quantiles.rank_error <= 0.02);
    for (std::size_t i = 0; i < fractions.size(); ++i)
        CHECK(std::abs(static_cast<double>(quantiles.values[i] + 1) / 1e5 - fractions[i])
              <= quantiles.rank_error + 1e-5);

    using Sketch = QuantileSketch<std::int64_t>;
    Partitions<std::int64_t> partitions =
        cut(oracle(
                100'000, [](std::int64_t n) { return n * 7919 % 100'000; }, always),
            37);
    std::map<std::uint32_t, Sketch> leaves;
    for (std::uint32_t p = 0; p < 37; ++p) {
        auto& sketch = leaves.emplace(p, Sketch::with(Sketch::capacity_for(0.02), p)).first->second;
        for (std::int64_t const n : partitions[p]) sketch.add(n);
    }
    Sketch const expected = fold_leaves(leaves, [](Sketch left, Sketch const& right) {
        left.merge(right);
        return left;
    });
    CHECK(quantiles.values == expected.quantiles(fractions));

    CHECK(job.numbers(0).approximate_quantiles({0.5}).values.empty());
    auto const few = job.numbers(5, 3).approximate_quantiles({0, 0.5, 1});
    CHECK(few.values == Numbers{0, 2, 4});
    CHECK(few.rank_error == 0);
    CHECK(thrown([&] { records.approximate_quantiles({2}, 0.01, {"job.cpp", 10}); })
          == "UsageError 2: approximate_quantiles (job.cpp:10): quantile 2, expected 0 to 1; the "
             "median is 0.5");
    CHECK(thrown([&] { records.approximate_quantiles({}, 0, {"job.cpp", 11}); })
          == "UsageError 2: approximate_quantiles (job.cpp:11): an error of 0, expected 0.0001 to 0.5");
}

TEST_CASE("aggregate takes functions that change what they are given") {
    Job job;
    auto const numbers = iota(job.context, 1000, 13);
    using Text = std::string;
    auto const returning = numbers.aggregate(
        Text(), [](Text text, std::int64_t n) { return text + std::to_string(n) + ','; },
        [](Text const& a, Text const& b) { return a + b; });
    auto const in_place = numbers.aggregate(
        Text(), [](Text& text, std::int64_t n) { text += std::to_string(n) + ','; },
        [](Text& a, Text const& b) { a += b; });
    CHECK(in_place == returning);
    CHECK(in_place.size() == 10 * 2 + 90 * 3 + 900 * 4);
}
