#include <algorithm>
#include <functional>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "serry/base/error.hpp"
#include "serry/base/options.hpp"
#include "serry/base/units.hpp"
#include "serry/plan/plan.hpp"

namespace serry {
namespace {

/// Visits the steps that an action on `target` runs, parents first, each once; steps whose output
/// is held are visited but nothing before them.
void visit_needed(Transformation& target, std::function<void(Transformation&)> const& visit) {
    std::unordered_set<std::uint32_t> seen;
    // By hand rather than by recursion: a loop may have recorded a chain of a million steps.
    std::vector<std::pair<Transformation*, std::size_t>> path{{&target, 0}};
    seen.insert(target.id());
    while (!path.empty()) {
        auto& [step, next_parent] = path.back();
        if (!step->is_available() && next_parent < step->parents().size()) {
            Transformation* const parent = step->parents()[next_parent++].get();
            if (seen.insert(parent->id()).second) path.emplace_back(parent, 0);
        } else {
            Transformation* const done = step;
            path.pop_back();
            visit(*done);
        }
    }
}

class Planner {
public:
    explicit Planner(std::uint64_t default_partitions) : default_partitions_(default_partitions) {}

    Plan run(Transformation& target, std::string const& action, std::uint32_t first_number) {
        next_number_ = first_number;
        visit_needed(target, [this](Transformation& step) { decide(step); });
        add_action_stage(target, action);
        return std::move(plan_);
    }

private:
    std::uint64_t partitions(Transformation const& step) const {
        auto const decided = decided_.find(step.id());
        return decided != decided_.end() ? decided->second : step.partition_count();
    }

    static std::uint64_t asked_partitions(Transformation const& step) {
        std::uint64_t const asked = step.asked_partition_count();
        if (asked <= most_partitions) return asked;
        throw UsageError(
            fmt::format("{}: {} partitions were asked for, expected at most {}; ask for fewer, or "
                        "leave their number to serry",
                        step.label(), asked, format_count(most_partitions)));
    }

    void decide(Transformation& step) {
        switch (step.dependency()) {
            case Dependency::none:
                decide_source(step);
                break;
            case Dependency::narrow:
                decided_[step.id()] = partitions(*step.parents()[0]);
                break;
            case Dependency::wide:
                decide_wide(step);
                break;
        }
    }

    void decide_source(Transformation& step) {
        if (step.partition_count() > 0) return;
        Decision decision{.transformation = step.id(), .partition_count = 0, .splits = {}};
        std::uint64_t const asked = asked_partitions(step);
        decision.splits =
            step.list_splits({.partition_count = asked ? asked : default_partitions_});
        decision.partition_count = decision.splits.partition_count();
        decided_[step.id()] = decision.partition_count;
        plan_.decisions.push_back(std::move(decision));
    }

    void decide_wide(Transformation& step) {
        if (step.is_available()) return;
        std::uint64_t count = step.partition_count();
        if (count == 0) {
            std::uint64_t const asked = asked_partitions(step);
            count = asked                 ? asked
                    : default_partitions_ ? default_partitions_
                                          : partitions(*step.parents()[0]);
            plan_.decisions.push_back(
                {.transformation = step.id(), .partition_count = count, .splits = {}});
        }
        decided_[step.id()] = count;
        plan_.stages.push_back({.number = next_number_++,
                                .transformation = step.id(),
                                .ends_in_exchange = true,
                                .task_count = partitions(*step.parents()[0]),
                                .name = chain_name(*step.parents()[0], step.name())});
    }

    void add_action_stage(Transformation& target, std::string const& action) {
        plan_.stages.push_back({.number = next_number_++,
                                .transformation = target.id(),
                                .ends_in_exchange = false,
                                .task_count = partitions(target),
                                .name = chain_name(target, action)});
    }

    /// "read_text > map > ending", from the last exchange or source before it.
    static std::string chain_name(Transformation const& last, std::string const& ending) {
        std::vector<std::string const*> names;
        Transformation const* step = &last;
        for (; step->dependency() == Dependency::narrow; step = step->parents()[0].get())
            names.push_back(&step->name());
        names.push_back(&step->name());
        constexpr std::size_t most = 8;
        std::string text;
        for (std::size_t i = names.size(); i-- > 0;) {
            if (names.size() > most && i == names.size() - most / 2 - 1) {
                text += fmt::format("... {} more > ", names.size() - most);
                i = most / 2;
                continue;
            }
            text += *names[i] + " > ";
        }
        return text + ending;
    }

    std::uint64_t default_partitions_;
    std::uint32_t next_number_ = 1;
    std::unordered_map<std::uint32_t, std::uint64_t> decided_;
    Plan plan_;
};

}  // namespace

Plan make_plan(Transformation& target,
               std::string const& action,
               std::uint64_t default_partitions,
               std::uint32_t first_number) {
    return Planner(default_partitions).run(target, action, first_number);
}

void apply_decisions(Plan const& plan, Transformation& target) {
    std::unordered_map<std::uint32_t, Decision const*> decisions;
    for (Decision const& decision : plan.decisions) decisions[decision.transformation] = &decision;
    visit_needed(target, [&](Transformation& step) {
        if (step.dependency() == Dependency::narrow) {
            step.set_partition_count(step.parents()[0]->partition_count());
            return;
        }
        auto const found = decisions.find(step.id());
        if (found == decisions.end()) return;
        if (step.dependency() == Dependency::none)
            step.set_splits(found->second->splits);
        else
            step.set_partition_count(found->second->partition_count);
    });
}

Transformation& find_transformation(Transformation& target, std::uint32_t id) {
    Transformation* found = nullptr;
    visit_needed(target, [&](Transformation& step) {
        if (step.id() == id) found = &step;
    });
    if (!found)
        throw std::logic_error(fmt::format("the plan names step {}, which is not here", id));
    return *found;
}

std::string explain(Transformation& target, std::uint64_t default_partitions) {
    std::string text;
    std::uint32_t stage = 1;
    std::unordered_map<std::uint32_t, std::uint64_t> counts;  // 0: not known yet
    auto const count_of = [&](Transformation const& step) {
        if (step.partition_count() > 0) return step.partition_count();
        if (step.dependency() != Dependency::narrow) {
            if (step.asked_partition_count() > 0) return step.asked_partition_count();
            if (default_partitions > 0) return default_partitions;
        }
        return step.parents().empty() ? 0 : counts[step.parents()[0]->id()];
    };
    auto const partitions = [](std::uint64_t count) {
        return count ? fmt::format(", {} partitions", count)
                     : ", partitions from the input's bytes";
    };
    text += fmt::format("stage {}\n", stage);
    visit_needed(target, [&](Transformation& step) {
        bool const wide = step.dependency() == Dependency::wide;
        bool const counted = step.dependency() != Dependency::narrow;
        std::uint64_t const count = counts[step.id()] = count_of(step);
        text += fmt::format("  {}{}{}\n", step.label(), counted ? partitions(count) : "",
                            wide && step.is_available() ? ", held in memory: not run again" : "");
        if (wide && !step.is_available()) text += fmt::format("stage {}\n", ++stage);
    });
    return text;
}

}  // namespace serry
