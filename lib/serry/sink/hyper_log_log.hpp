#pragma once

#include <cstdint>
#include <vector>

namespace serry {

/// Counts different hashes approximately (Flajolet et al. 2007), in 2^precision bytes: the standard
/// error is 1.04 / sqrt(2^precision) of the count. The estimate is Ertl's (2017), which needs no
/// correction for small counts and none for large ones.
struct HyperLogLog {
    std::vector<std::uint8_t> registers;  ///< 2^precision of them

    /// The least precision whose standard error is at most `relative_error`, between 4 and 18.
    static unsigned precision_for(double relative_error);
    /// The errors of precisions 18 and 4.
    static constexpr double least_error = 0.00204;
    static constexpr double largest_error = 0.26;

    static HyperLogLog of_precision(unsigned precision) {
        return {std::vector<std::uint8_t>(std::size_t{1} << precision)};
    }

    void add(std::uint64_t hash);
    /// Both of one precision. Exact: the order does not matter.
    void merge(HyperLogLog const& other);
    double estimate() const;
};

}  // namespace serry
