#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "serry/base/natural_order.hpp"

namespace serry {

/// Types of numbers: integers, bool, floating point.
template <typename T>
concept Number = std::is_arithmetic_v<T>;

/// Count, mean, spread and extremes of numbers, as stats() gives them. Of no numbers, all but the
/// count are NaN. With a NaN among the numbers mean and spread are NaN; least and greatest follow
/// min() and max().
struct Summary {
    std::uint64_t count = 0;
    double mean = 0;
    double squares = 0;  ///< sum of the squares of the distances to the mean
    double least = 0;
    double greatest = 0;

    static Summary of_nothing();

    /// As for a whole population: over count.
    double variance() const;
    double standard_deviation() const;
    /// As for a sample of one: over count - 1; NaN for fewer than two.
    double sample_variance() const;
    double sample_standard_deviation() const;

    void add(double number) {
        ++count;
        double const distance = number - mean;
        mean += distance / static_cast<double>(count);
        squares += distance * (number - mean);
        least = count == 1 ? number : LeastOf{}(least, number);
        greatest = count == 1 ? number : GreatestOf{}(greatest, number);
    }
    /// After Chan, Golub and LeVeque (1983).
    void merge(Summary const& other);

    friend bool operator==(Summary const&, Summary const&) = default;
};

/// How many numbers lie between neighbouring edges, as histogram() counts them. Bucket i goes from
/// edge i, included, to edge i + 1, left out but for the last bucket's.
struct Histogram {
    std::vector<double> edges{};          ///< ascending; one more than there are buckets
    std::vector<std::uint64_t> counts{};  ///< by bucket
    std::uint64_t below = 0;              ///< less than the first edge
    std::uint64_t above = 0;              ///< greater than the last
    std::uint64_t nan_count = 0;

    friend bool operator==(Histogram const&, Histogram const&) = default;
};

/// Numbers of which certain fractions of all are at most as large.
template <typename T>
struct Quantiles {
    std::vector<T> values;  ///< as asked for; empty for a dataset without records
    /// The rank of a value is this fraction of the count, or less, from the one asked for, with a
    /// probability of 99 % for each value; 0 if the values are exact.
    double rank_error = 0;
};

namespace statistics {

/// The sum of so many integers as 128 bits, which no dataset can exceed: the low half first.
struct WideSum {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    template <typename T>
    void add(T number) {
        bool const is_negative = number < T{};
        merge({static_cast<std::uint64_t>(number), is_negative ? ~std::uint64_t{0} : 0});
    }
    void merge(WideSum const& other) {
        low += other.low;
        high += other.high + (low < other.low);
    }
    std::string decimal() const;
    /// Nothing if it does not fit.
    std::optional<std::int64_t> as_signed() const;
    std::optional<std::uint64_t> as_unsigned() const;
};

template <Number T>
struct SumFolding {
    using Value = std::conditional_t<std::is_integral_v<T>, WideSum, double>;
    static constexpr bool is_exact = std::is_integral_v<T>;

    /// Nothing changes -0.0 + x, not even the sign of a zero.
    Value start(std::uint64_t) const {
        if constexpr (is_exact)
            return {};
        else
            return -0.0;
    }
    void add(Value& sum, T number) const {
        if constexpr (is_exact)
            sum.add(number);
        else
            sum += static_cast<double>(number);
    }
    void merge(Value& left, Value const& right) const {
        if constexpr (is_exact)
            left.merge(right);
        else
            left += right;
    }
};

struct SummaryFolding {
    using Value = Summary;
    static constexpr bool is_exact = false;

    Summary start(std::uint64_t) const { return {}; }
    template <Number T>
    void add(Summary& summary, T number) const {
        summary.add(static_cast<double>(number));
    }
    void merge(Summary& left, Summary const& right) const { left.merge(right); }
};

/// Counts by bucket; behind them those below, above, and of NaN.
struct HistogramFolding {
    using Value = std::vector<std::uint64_t>;
    static constexpr bool is_exact = true;

    std::vector<double> edges;

    Value start(std::uint64_t) const { return Value(edges.size() + 2); }
    template <Number T>
    void add(Value& counts, T number) const {
        ++counts[place_of(static_cast<double>(number))];
    }
    void merge(Value& left, Value const& right) const;
    std::size_t place_of(double number) const;
    Histogram histogram(std::optional<Value> counts) const;
};

/// The least and the greatest number that is not NaN: an exact pair, empty if there is none.
template <Number T>
struct RangeFolding {
    using Value = std::vector<T>;
    static constexpr bool is_exact = true;

    Value start(std::uint64_t) const { return {}; }
    void add(Value& range, T number) const {
        if (number != number) return;
        if (range.empty()) range = {number, number};
        if (number < range[0]) range[0] = number;
        if (range[1] < number) range[1] = number;
    }
    void merge(Value& left, Value const& right) const {
        for (T const number : right) add(left, number);
    }
};

/// `bucket_count` buckets of one width from `least` to `greatest`; fewer where no more doubles lie
/// between, one if these are equal.
std::vector<double> even_edges(double least, double greatest, std::uint64_t bucket_count);

// What actions throw for what they cannot be asked; `action` names it: "sample (job.cpp:12)".

/// Throws UsageError unless `edges` are two or more, ascending, and no NaN.
void check_edges(std::string const& action, std::vector<double> const& edges);
/// Throws UsageError unless there are 1 to 2^24 buckets.
void check_bucket_count(std::string const& action, std::uint64_t bucket_count);
/// Throws UsageError unless each is in [0, 1].
void check_quantiles(std::string const& action, std::vector<double> const& fractions);
/// Throws UsageError unless `least` <= error <= `most`.
void check_error(std::string const& action, double error, double least, double most);
/// Throws InputError: even buckets cannot reach to infinity.
void check_finite(std::string const& action, double least, double greatest);
/// Throws InputError.
[[noreturn]] void throw_sum_too_large(std::string const& action, std::string const& sum);

}  // namespace statistics
}  // namespace serry
