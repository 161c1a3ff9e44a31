#pragma once

#include <cstdint>
#include <string>

namespace serry {

/// When stages are checkpointed.
///
/// `auto` takes Young's interval, the square root of 2 C M for checkpoints that cost C seconds and
/// failures every M seconds (Young, 1974; Daly, 2006, adds terms that do not matter while C is much
/// smaller than M), and not more than a twentieth of the job's time. C is expected from the bytes
/// and what earlier checkpoints of the job took.
class CheckpointPolicy {
public:
    /// `every`: "auto", "stage" or a number of seconds. `now`: when the job starts.
    CheckpointPolicy(std::string const& every, double mtbf_seconds, double now);

    /// Whether a result of `largest_bytes` on the rank that has most of it should be committed.
    bool is_due(std::uint64_t largest_bytes, double now) const;
    /// It was, and took so long.
    void committed(std::uint64_t largest_bytes, double seconds, double now);

    double expected_seconds(std::uint64_t largest_bytes) const;
    double interval_seconds(double cost_seconds) const;

private:
    enum class Every { stage, seconds, optimum };

    Every every_ = Every::optimum;
    double seconds_ = 0;
    double mtbf_seconds_;
    double start_;
    double last_;
    double spent_seconds_ = 0;
    double bytes_a_second_;
};

}  // namespace serry
