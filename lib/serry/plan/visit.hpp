#pragma once

#include <cstddef>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "serry/plan/lineage.hpp"

namespace serry {

/// Visits the steps that an action on `target` runs, parents first, each once; not what lies before
/// an input that is held.
template <typename Visit>
void visit_needed(Transformation& target, Visit const& visit) {
    std::unordered_set<std::uint32_t> seen{target.id()};
    // By hand rather than by recursion: a loop may have recorded a chain of a million steps.
    std::vector<std::pair<Transformation*, std::size_t>> path{{&target, 0}};
    while (!path.empty()) {
        auto& [step, next_input] = path.back();
        if (next_input < step->parents().size()) {
            std::size_t const input = next_input++;
            if (step->holds_input(input)) continue;
            Transformation* const parent = step->parents()[input].get();
            if (seen.insert(parent->id()).second) path.emplace_back(parent, 0);
        } else {
            Transformation* const done = step;
            path.pop_back();
            visit(*done);
        }
    }
}

/// The steps before `target` that an action on it runs: as long as these are held, they stay, even
/// if those behind them forget them meanwhile.
inline std::vector<std::shared_ptr<Transformation>> needed_before(Transformation& target) {
    std::vector<std::shared_ptr<Transformation>> steps;
    visit_needed(target, [&steps](Transformation& step) {
        for (std::size_t input = 0; input < step.parents().size(); ++input)
            if (!step.holds_input(input)) steps.push_back(step.parents()[input]);
    });
    return steps;
}

}  // namespace serry
