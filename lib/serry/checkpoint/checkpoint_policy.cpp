#include "serry/checkpoint/checkpoint_policy.hpp"

#include <algorithm>
#include <cmath>

#include "serry/base/options.hpp"

namespace serry {
namespace {

constexpr double largest_share = 0.05;
/// Before anything was measured: a slow disk, and what a commit takes without any bytes.
constexpr double first_bytes_a_second = 100e6;
constexpr double least_cost_seconds = 0.01;

}  // namespace

CheckpointPolicy::CheckpointPolicy(std::string const& every, double mtbf_seconds, double now)
    : mtbf_seconds_(mtbf_seconds), start_(now), last_(now), bytes_a_second_(first_bytes_a_second) {
    if (every == "stage") {
        every_ = Every::stage;
    } else if (every != "auto") {
        every_ = Every::seconds;
        seconds_ = seconds_option("--checkpoint-every", every);
    }
}

double CheckpointPolicy::expected_seconds(std::uint64_t largest_bytes) const {
    return least_cost_seconds + static_cast<double>(largest_bytes) / bytes_a_second_;
}

double CheckpointPolicy::interval_seconds(double cost_seconds) const {
    return std::sqrt(2 * cost_seconds * mtbf_seconds_);
}

bool CheckpointPolicy::is_due(std::uint64_t largest_bytes, double now) const {
    double const since = now - last_;
    switch (every_) {
        case Every::stage:
            return true;
        case Every::seconds:
            return since >= seconds_;
        case Every::optimum:
            break;
    }
    double const cost = expected_seconds(largest_bytes);
    return since >= interval_seconds(cost)
           && spent_seconds_ + cost <= largest_share * (now - start_);
}

void CheckpointPolicy::committed(std::uint64_t largest_bytes, double seconds, double now) {
    last_ = now;
    spent_seconds_ += seconds;
    // Small ones say nothing of how fast the disk is.
    constexpr std::uint64_t telling_bytes = std::uint64_t{1} << 20;
    if (largest_bytes >= telling_bytes)
        bytes_a_second_ = static_cast<double>(largest_bytes) / std::max(seconds, 1e-3);
}

}  // namespace serry
