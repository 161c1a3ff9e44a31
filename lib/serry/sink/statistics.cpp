#include "serry/sink/statistics.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "serry/base/error.hpp"

namespace serry {

namespace {
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
}

Summary Summary::of_nothing() { return {0, nan, nan, nan, nan}; }

double Summary::variance() const { return count == 0 ? nan : squares / static_cast<double>(count); }
double Summary::standard_deviation() const { return std::sqrt(variance()); }
double Summary::sample_variance() const {
    return count < 2 ? nan : squares / static_cast<double>(count - 1);
}
double Summary::sample_standard_deviation() const { return std::sqrt(sample_variance()); }

void Summary::merge(Summary const& other) {
    if (other.count == 0) return;
    if (count == 0) {
        *this = other;
        return;
    }
    auto const own = static_cast<double>(count);
    auto const others = static_cast<double>(other.count);
    double const distance = other.mean - mean;
    count += other.count;
    auto const all = static_cast<double>(count);
    mean += distance * (others / all);
    squares += other.squares + distance * distance * (own * (others / all));
    least = LeastOf{}(least, other.least);
    greatest = GreatestOf{}(greatest, other.greatest);
}

namespace statistics {

std::string WideSum::decimal() const {
    __extension__ using Wide = unsigned __int128;
    Wide rest = static_cast<Wide>(high) << 64 | low;
    bool const is_negative = high >> 63;
    if (is_negative) rest = -rest;
    std::string digits;
    do {
        digits += static_cast<char>('0' + static_cast<int>(rest % 10));
        rest /= 10;
    } while (rest > 0);
    if (is_negative) digits += '-';
    std::reverse(digits.begin(), digits.end());
    return digits;
}

std::optional<std::int64_t> WideSum::as_signed() const {
    bool const is_negative = low >> 63;
    if (high != (is_negative ? ~std::uint64_t{0} : 0)) return std::nullopt;
    return std::bit_cast<std::int64_t>(low);
}

std::optional<std::uint64_t> WideSum::as_unsigned() const {
    if (high != 0) return std::nullopt;
    return low;
}

void HistogramFolding::merge(Value& left, Value const& right) const {
    for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
}

std::size_t HistogramFolding::place_of(double number) const {
    std::size_t const bucket_count = edges.size() - 1;
    if (std::isnan(number)) return bucket_count + 2;
    if (number < edges.front()) return bucket_count;
    if (number > edges.back()) return bucket_count + 1;
    if (number == edges.back()) return bucket_count - 1;
    auto const above = std::upper_bound(edges.begin(), edges.end(), number);
    return static_cast<std::size_t>(above - edges.begin()) - 1;
}

Histogram HistogramFolding::histogram(std::optional<Value> counts) const {
    if (!counts) counts = start(0);
    auto const behind = counts->end() - 3;
    return {edges, Value(counts->begin(), behind), behind[0], behind[1], behind[2]};
}

std::vector<double> even_edges(double least, double greatest, std::uint64_t bucket_count) {
    std::vector<double> edges;
    for (std::uint64_t i = 0; i <= bucket_count; ++i)
        edges.push_back(
            std::lerp(least, greatest, static_cast<double>(i) / static_cast<double>(bucket_count)));
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    if (edges.size() == 1) edges.push_back(greatest);
    return edges;
}

void check_edges(std::string const& action, std::vector<double> const& edges) {
    if (edges.size() < 2)
        throw UsageError(fmt::format("{}: {} edges, expected at least 2; one bucket has two edges",
                                     action, edges.size()));
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (std::isnan(edges[i]))
            throw UsageError(fmt::format("{}: edge {} is nan, expected a number", action, i));
        if (i > 0 && !(edges[i - 1] < edges[i]))
            throw UsageError(
                fmt::format("{}: edge {} is {}, expected more than the {} before it; edges ascend",
                            action, i, edges[i], edges[i - 1]));
    }
}

void check_bucket_count(std::string const& action, std::uint64_t bucket_count) {
    constexpr std::uint64_t most = std::uint64_t{1} << 24;
    if (bucket_count < 1 || bucket_count > most)
        throw UsageError(
            fmt::format("{}: {} buckets, expected 1 to {}", action, bucket_count, most));
}

void check_quantiles(std::string const& action, std::vector<double> const& fractions) {
    for (double const fraction : fractions)
        if (!(fraction >= 0 && fraction <= 1))
            throw UsageError(fmt::format("{}: quantile {}, expected 0 to 1; the median is 0.5",
                                         action, fraction));
}

void check_error(std::string const& action, double error, double least, double most) {
    if (!(error >= least && error <= most))
        throw UsageError(
            fmt::format("{}: an error of {}, expected {} to {}", action, error, least, most));
}

void check_finite(std::string const& action, double least, double greatest) {
    if (std::isfinite(least) && std::isfinite(greatest)) return;
    throw InputError(
        fmt::format("{}: the numbers go from {} to {}, expected finite ones; give the edges, or "
                    "filter infinity out",
                    action, least, greatest));
}

void throw_sum_too_large(std::string const& action, std::string const& sum) {
    throw InputError(
        fmt::format("{}: the sum is {}, expected one of 64 bits; map the records to double first",
                    action, sum));
}

}  // namespace statistics
}  // namespace serry
