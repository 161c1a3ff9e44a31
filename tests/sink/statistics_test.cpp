#include "serry/sink/statistics.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::statistics;
using serry::test::thrown;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr auto least_int = std::numeric_limits<std::int64_t>::min();
constexpr auto greatest_int = std::numeric_limits<std::int64_t>::max();

Summary summary_of(std::vector<double> const& numbers) {
    Summary summary;
    for (double const number : numbers) summary.add(number);
    return summary;
}

template <typename T>
WideSum sum_of(std::vector<T> const& numbers) {
    WideSum sum;
    for (T const number : numbers) sum.add(number);
    return sum;
}

}  // namespace

TEST_CASE("a summary of known numbers") {
    Summary const summary = summary_of({2, 4, 4, 4, 5, 5, 7, 9});
    CHECK(summary.count == 8);
    CHECK(summary.mean == 5);
    CHECK(summary.variance() == 4);
    CHECK(summary.standard_deviation() == 2);
    CHECK(summary.sample_variance() == doctest::Approx(32.0 / 7));
    CHECK(summary.sample_standard_deviation() == doctest::Approx(std::sqrt(32.0 / 7)));
    CHECK(summary.least == 2);
    CHECK(summary.greatest == 9);
}

TEST_CASE("a summary of nothing, of one number, and with NaN") {
    Summary const nothing = Summary::of_nothing();
    CHECK(nothing.count == 0);
    for (double const value : {nothing.mean, nothing.variance(), nothing.sample_variance(),
                               nothing.least, nothing.greatest})
        CHECK(std::isnan(value));
    Summary const one = summary_of({3});
    CHECK(one.variance() == 0);
    CHECK(std::isnan(one.sample_variance()));
    Summary const odd = summary_of({1, not_a_number, 2});
    CHECK(std::isnan(odd.mean));
    CHECK(std::isnan(odd.variance()));
    CHECK(odd.least == 1);
    CHECK(std::isnan(odd.greatest));
}

TEST_CASE("summaries merge to that of all numbers, also far from 0") {
    std::vector<double> all, left, right;
    for (int n = 0; n < 1000; ++n) {
        all.push_back(1e9 + n % 10);
        (n < 300 ? left : right).push_back(all.back());
    }
    Summary merged = summary_of(left);
    merged.merge(summary_of(right));
    CHECK(merged.count == 1000);
    CHECK(merged.mean == doctest::Approx(1e9 + 4.5).epsilon(1e-15));
    CHECK(merged.variance() == doctest::Approx(8.25).epsilon(1e-6));
    Summary const before = merged;
    merged.merge({});
    CHECK(merged == before);
    Summary empty;
    empty.merge(before);
    CHECK(empty == before);
}

TEST_CASE("sums of integers are exact, and known not to fit") {
    CHECK(sum_of<std::int64_t>({}).as_signed() == 0);
    CHECK(sum_of<std::int64_t>({least_int, greatest_int}).as_signed() == -1);
    CHECK(sum_of<std::int64_t>({greatest_int, greatest_int, least_int, least_int}).as_signed()
          == -2);
    CHECK_FALSE(sum_of<std::int64_t>({greatest_int, 1}).as_signed());
    CHECK_FALSE(sum_of<std::int64_t>({least_int, -1}).as_signed());
    CHECK(sum_of<std::int64_t>({greatest_int, 1}).decimal() == "9223372036854775808");
    CHECK(sum_of<std::int64_t>({least_int, -1}).decimal() == "-9223372036854775809");
    CHECK(sum_of<std::int64_t>({least_int}).decimal() == "-9223372036854775808");
    CHECK(sum_of<std::uint64_t>({}).decimal() == "0");
    CHECK(sum_of<std::uint64_t>({~std::uint64_t{0}}).as_unsigned() == ~std::uint64_t{0});
    CHECK_FALSE(sum_of<std::uint64_t>({~std::uint64_t{0}, 1}).as_unsigned());
    CHECK(sum_of<bool>({true, false, true}).as_unsigned() == 2);
    CHECK(sum_of<signed char>({-128, -128}).as_signed() == -256);
}

TEST_CASE("numbers fall into the bucket that begins at or before them, the last one closed") {
    HistogramFolding const folding{{0, 1, 2.5, infinity}};
    auto counts = folding.start(0);
    for (double const number :
         {-0.0, 0.5, 1.0, 2.4999, 2.5, 1e300, infinity, -1e-300, -infinity, not_a_number})
        folding.add(counts, number);
    Histogram const histogram = folding.histogram(counts);
    CHECK(histogram.counts == std::vector<std::uint64_t>{2, 2, 3});
    CHECK(histogram.below == 2);
    CHECK(histogram.above == 0);
    CHECK(histogram.nan_count == 1);
    HistogramFolding const finite{{0, 1}};
    counts = finite.start(0);
    for (double const number : {1.0, std::nextafter(1.0, 2.0), infinity})
        finite.add(counts, number);
    CHECK(finite.histogram(counts).counts == std::vector<std::uint64_t>{1});
    CHECK(finite.histogram(counts).above == 2);
    CHECK(finite.histogram(std::nullopt).counts == std::vector<std::uint64_t>{0});
}

TEST_CASE("even edges reach exactly from the least to the greatest") {
    CHECK(even_edges(0, 10, 4) == std::vector<double>{0, 2.5, 5, 7.5, 10});
    CHECK(even_edges(3, 3, 4) == std::vector<double>{3, 3});
    double const next = std::nextafter(1.0, 2.0);
    CHECK(even_edges(1, next, 100) == std::vector<double>{1, next});
    constexpr double most = std::numeric_limits<double>::max();
    CHECK(even_edges(-most, most, 2) == std::vector<double>{-most, 0, most});
    auto const thirds = even_edges(0.1, 0.7, 3);
    CHECK(thirds.front() == 0.1);
    CHECK(thirds.back() == 0.7);
}

TEST_CASE("what cannot be asked is named") {
    std::string const at = "histogram (job.cpp:1)";
    check_edges(at, {-infinity, 0, infinity});
    CHECK(thrown([&] { check_edges(at, {1}); })
          == "UsageError 2: histogram (job.cpp:1): 1 edges, expected at least 2; one bucket has two "
             "edges");
    CHECK(thrown([&] {
              check_edges(at, {1, not_a_number});
          })
          == "UsageError 2: histogram (job.cpp:1): edge 1 is nan, expected a number");
    CHECK(thrown([&] { check_edges(at, {1, 2, 2}); })
          == "UsageError 2: histogram (job.cpp:1): edge 2 is 2, expected more than the 2 before it; "
             "edges ascend");
    CHECK(thrown([&] { check_bucket_count(at, 0); })
          == "UsageError 2: histogram (job.cpp:1): 0 buckets, expected 1 to 16777216");
    CHECK(thrown([&] { check_finite(at, 0, infinity); })
          == "InputError 65: histogram (job.cpp:1): the numbers go from 0 to inf, expected finite "
             "ones; give the edges, or filter infinity out");
    CHECK(thrown([] {
              check_quantiles("q (job.cpp:2)", {0, 1, 1.1});
          })
          == "UsageError 2: q (job.cpp:2): quantile 1.1, expected 0 to 1; the median is 0.5");
    CHECK(thrown([] { check_quantiles("", {not_a_number}); }) != "nothing thrown");
    CHECK(thrown([] { check_error("d (job.cpp:3)", 0.5, 0.1, 0.25); })
          == "UsageError 2: d (job.cpp:3): an error of 0.5, expected 0.1 to 0.25");
    CHECK(thrown([] { check_error("", not_a_number, 0, 1); }) != "nothing thrown");
    CHECK(thrown([] { throw_sum_too_large("sum (job.cpp:4)", "9223372036854775808"); })
          == "InputError 65: sum (job.cpp:4): the sum is 9223372036854775808, expected one of 64 bits; "
             "map the records to double first");
}
