#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace serry::test {

/// What was seen of a stage: in all its interleavings, or in one.
struct Exploration {
    std::uint64_t states = 0;
    std::uint64_t ends = 0;
    std::string mistake;  ///< the first one; empty when there was none
    bool can_deadlock = false;
};

inline void add_mistake(Exploration& seen, char const* mistake) {
    if (seen.mistake.empty()) seen.mistake = mistake;
}

/// Every state that `first` can reach, depth first.
template <typename Stage>
Exploration explore(Stage const& first) {
    Exploration seen;
    std::unordered_set<std::uint64_t> visited;
    std::vector<Stage> path;
    auto const visit = [&](Stage const& stage) {
        if (!visited.insert(stage.hash()).second) return;
        ++seen.states;
        path.push_back(stage);
    };
    visit(first);
    while (!path.empty()) {
        Stage const stage = std::move(path.back());
        path.pop_back();
        if (stage.is_over()) {
            ++seen.ends;
            add_mistake(seen, stage.end_promises());
            continue;
        }
        bool can_move = false;
        for (std::size_t which = 0; which < Stage::step_count; ++which) {
            Stage next = stage;
            if (!next.step(which)) continue;
            can_move = true;
            add_mistake(seen, next.broken_promise());
            visit(next);
        }
        if (!can_move) add_mistake(seen, "deadlock");
        seen.can_deadlock = seen.can_deadlock || !can_move;
    }
    return seen;
}

/// One run, its steps drawn at random.
template <typename Stage>
Exploration walk(Stage stage, std::mt19937_64& random) {
    Exploration seen;
    while (!stage.is_over() && seen.mistake.empty()) {
        std::size_t const begin = random() % Stage::step_count;
        std::size_t tried = 0;
        while (tried < Stage::step_count && !stage.step((begin + tried) % Stage::step_count))
            ++tried;
        ++seen.states;
        seen.mistake = tried == Stage::step_count ? "deadlock" : stage.broken_promise();
    }
    if (seen.mistake.empty()) seen.mistake = stage.end_promises();
    ++seen.ends;
    return seen;
}

}  // namespace serry::test
