#include "serry/sink/hyper_log_log.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace serry {
namespace {

/// x + sum over k >= 1 of x^(2^k) 2^(k-1): what registers that are still 0 stand for.
double sigma(double x) {
    if (x == 1) return std::numeric_limits<double>::infinity();
    double weight = 1;
    double sum = x;
    for (double before = -1; sum != before;) {
        before = sum;
        x *= x;
        sum += x * weight;
        weight += weight;
    }
    return sum;
}

/// (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3: for registers that are full.
double tau(double x) {
    if (x == 0 || x == 1) return 0;
    double weight = 1;
    double sum = 1 - x;
    for (double before = -1; sum != before;) {
        before = sum;
        x = std::sqrt(x);
        weight /= 2;
        sum -= (1 - x) * (1 - x) * weight;
    }
    return sum / 3;
}

/// The short keys' hash ends in a multiplication, which leaves its low bits poor.
std::uint64_t mixed(std::uint64_t hash) {
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93ULL;
    return hash ^ hash >> 32;
}

}  // namespace

unsigned HyperLogLog::precision_for(double relative_error) {
    double const exponent = 2 * std::log2(1.04 / relative_error);
    return static_cast<unsigned>(std::clamp(std::ceil(exponent - 1e-3), 4.0, 18.0));
}

void HyperLogLog::add(std::uint64_t hash) {
    auto const precision = static_cast<unsigned>(std::countr_zero(registers.size()));
    std::uint64_t const bits = mixed(hash);
    std::uint64_t const rest = bits << precision | std::uint64_t{1} << (precision - 1);
    auto const rank = static_cast<std::uint8_t>(std::countl_zero(rest) + 1);
    std::uint8_t& kept = registers[bits >> (64 - precision)];
    kept = std::max(kept, rank);
}

void HyperLogLog::merge(HyperLogLog const& other) {
    for (std::size_t i = 0; i < registers.size(); ++i)
        registers[i] = std::max(registers[i], other.registers[i]);
}

double HyperLogLog::estimate() const {
    auto const precision = static_cast<unsigned>(std::countr_zero(registers.size()));
    unsigned const most = 64 - precision + 1;
    std::vector<double> registers_of(most + 1);
    for (std::uint8_t const rank : registers) ++registers_of[rank];
    auto const count = static_cast<double>(registers.size());
    double sum = count * tau(1 - registers_of[most] / count);
    for (unsigned rank = most - 1; rank >= 1; --rank) sum = (sum + registers_of[rank]) / 2;
    sum += count * sigma(registers_of[0] / count);
    return count * count / (2 * std::numbers::ln2 * sum);
}

}  // namespace serry
