#pragma once

#include <cstdint>
#include <string>

#include "serry/base/clock.hpp"
#include "serry/plan/plan.hpp"

namespace serry {

/// Tells a person that a long stage moves: rank 0's own tasks, as a line that is drawn over on a
/// terminal, else as a line every ten seconds. Nothing is printed for stages that are over within a
/// second.
class Progress {
public:
    /// `mode`: "auto", "bar", "lines" or "off".
    Progress(std::string const& mode, bool is_rank_0);

    void start(StagePlan const& stage, std::uint64_t own_tasks);
    void task_done() { ++done_; }
    /// Cheap unless something is due to be printed.
    void tick() {
        if (is_on_ && now_seconds() >= next_) print();
    }
    void end();

private:
    void print();

    bool is_on_;
    bool is_bar_ = false;
    bool has_printed_ = false;
    StagePlan const* stage_ = nullptr;
    std::uint64_t own_tasks_ = 0;
    std::uint64_t done_ = 0;
    double start_ = 0, next_ = 0;
};

}  // namespace serry
