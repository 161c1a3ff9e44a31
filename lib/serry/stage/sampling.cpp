#include "serry/stage/sampling.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"

namespace serry::sampling {
namespace {

/// The least bits of which this fraction of all is below.
std::uint64_t bits_at(double fraction) {
    if (fraction >= 1) return Cell::everything;
    return static_cast<std::uint64_t>(std::ldexp(std::max(fraction, 0.0), 64));
}

}  // namespace

void check_fraction(std::string const& action, double fraction) {
    if (!(fraction >= 0 && fraction <= 1))
        throw UsageError(
            fmt::format("{}: a fraction of {}, expected 0 to 1; sample_with_replacement takes more",
                        action, fraction));
}

void check_mean(std::string const& action, double mean) {
    if (!(mean >= 0 && mean <= 1000))
        throw UsageError(
            fmt::format("{}: {} copies of a record on average, expected 0 to 1000", action, mean));
}

Cell cell_between(double begin, double end) { return {bits_at(begin), bits_at(end)}; }

std::vector<Cell> cells_of(std::string const& action, std::vector<double> const& weights) {
    double sum = 0;
    for (double const weight : weights) {
        if (!(weight >= 0) || std::isinf(weight))
            throw UsageError(
                fmt::format("{}: a weight of {}, expected 0 or a positive number", action, weight));
        sum += weight;
    }
    if (!(sum > 0) || std::isinf(sum))
        throw UsageError(fmt::format("{}: the sum of {} weights is {}, expected a positive number",
                                     action, weights.size(), sum));
    std::vector<Cell> cells;
    double before = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        bool const is_rest = std::all_of(weights.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                         weights.end(), [](double later) { return later == 0; });
        double const end = is_rest ? 1 : (before + weights[i]) / sum;
        cells.push_back(weights[i] == 0 ? Cell{} : cell_between(before / sum, end));
        before += weights[i];
    }
    return cells;
}

Poisson::Poisson(double mean)
    : part_count_(static_cast<std::uint64_t>(std::ceil(mean / 16))),
      part_mean_(part_count_ == 0 ? 0 : mean / static_cast<double>(part_count_)),
      none_(std::exp(-part_mean_)) {}

std::uint64_t Poisson::draw(RecordRandom random) const {
    std::uint64_t count = 0;
    for (std::uint64_t part = 0; part < part_count_; ++part) count += draw_part(random);
    return count;
}

std::uint64_t Poisson::draw_part(RecordRandom& random) const {
    double left = random.fraction();
    double probability = none_;
    std::uint64_t count = 0;
    // Beyond 200 nothing is left but rounding.
    while (left >= probability && count < 200) {
        left -= probability;
        probability *= part_mean_ / static_cast<double>(++count);
    }
    return count;
}

std::uint64_t fingerprint(std::uint64_t seed, double number, std::uint64_t other) {
    return mix_fingerprint(mix_fingerprint(seed, std::bit_cast<std::uint64_t>(number)), other);
}

Places::Places(std::vector<std::uint64_t> const& record_counts,
               std::uint64_t slot_count,
               std::uint64_t seed) {
    std::uint64_t record_count = 0;
    for (std::uint64_t const count : record_counts) {
        before.push_back(record_count);
        record_count += count;
    }
    if (record_count == 0) return;
    for (std::uint64_t slot = 0; slot < slot_count; ++slot)
        choices.push_back({RecordRandom(seed, 0, slot).below(record_count), slot});
    std::sort(choices.begin(), choices.end(), [](Choice const& a, Choice const& b) {
        return a.place != b.place ? a.place < b.place : a.slot < b.slot;
    });
}

Choice const* Places::first_from(std::uint64_t place) const {
    auto const found =
        std::lower_bound(choices.begin(), choices.end(), place,
                         [](Choice const& choice, std::uint64_t p) { return choice.place < p; });
    return choices.data() + (found - choices.begin());
}

}  // namespace serry::sampling
