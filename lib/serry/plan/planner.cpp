#include <algorithm>
#include <stdexcept>
#include <unordered_map>

#include <fmt/format.h>

#include "serry/base/error.hpp"
#include "serry/base/options.hpp"
#include "serry/base/units.hpp"
#include "serry/plan/plan.hpp"
#include "serry/plan/visit.hpp"

namespace serry {
namespace {

/// A narrow step's partitions are its parents', one behind the other.
template <typename PlacementOf>
Placement joined_placement(Transformation const& step, PlacementOf const& placement_of) {
    if (step.is_available()) return step.placement();
    Placement placement;
    for (auto const& parent : step.parents()) placement.append(placement_of(*parent));
    return placement;
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
    /// Steps of a stage, one behind the other.
    struct Chain {
        std::uint64_t step_count = 0;
        Transformation const* first = nullptr;
    };

    Placement const& placement(Transformation const& step) const {
        auto const decided = decided_.find(step.id());
        return decided != decided_.end() ? decided->second : step.placement();
    }
    std::uint64_t partitions(Transformation const& step) const {
        return placement(step).partition_count();
    }
    bool is_in_place(Transformation const& step, std::size_t input) const {
        auto const decided = in_place_.find(step.id());
        return decided != in_place_.end() ? decided->second[input] : step.is_in_place(input);
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
                decided_[step.id()] = joined_placement(
                    step, [this](auto const& parent) { return placement(parent); });
                break;
            case Dependency::wide:
                decide_wide(step);
                break;
        }
        measure_chain(step);
    }

    void decide_source(Transformation& step) {
        if (step.partition_count() > 0) return;
        Decision decision{.transformation = step.id()};
        std::uint64_t const asked = asked_partitions(step);
        decision.splits =
            step.list_splits({.partition_count = asked ? asked : default_partitions_});
        decision.partition_count = decision.splits.partition_count();
        decided_[step.id()] = Placement(decision.partition_count);
        plan_.decisions.push_back(std::move(decision));
    }

    void decide_wide(Transformation& step) {
        if (step.partition_count() == 0) decide_partitions(step);
        for (std::size_t input = 0; input < step.parents().size(); ++input)
            if (!step.holds_input(input) && !is_in_place(step, input)) add_exchange(step, input);
    }

    void decide_partitions(Transformation& step) {
        Decision decision{.transformation = step.id()};
        std::uint64_t const asked = asked_partitions(step);
        decision.partition_count = asked                 ? asked
                                   : default_partitions_ ? default_partitions_
                                                         : partitions_of_inputs(step);
        for (auto const& parent : step.parents())
            decision.in_place.push_back(step.can_use_in_place() && parent->is_hash_partitioned()
                                        && partitions(*parent) == decision.partition_count);
        decided_[step.id()] = Placement(decision.partition_count);
        in_place_[step.id()] = decision.in_place;
        plan_.decisions.push_back(std::move(decision));
    }

    /// As many as the largest input has; of those that could stay where they are, if there are any.
    std::uint64_t partitions_of_inputs(Transformation const& step) const {
        std::uint64_t most = 0, most_in_place = 0;
        for (auto const& parent : step.parents()) {
            most = std::max(most, partitions(*parent));
            if (step.can_use_in_place() && parent->is_hash_partitioned())
                most_in_place = std::max(most_in_place, partitions(*parent));
        }
        return most_in_place ? most_in_place : most;
    }

    void add_exchange(Transformation const& step, std::size_t input) {
        Transformation const& parent = *step.parents()[input];
        check_chain(parent);
        plan_.stages.push_back({.number = next_number_++,
                                .transformation = step.id(),
                                .input = static_cast<std::uint32_t>(input),
                                .ends_in_exchange = true,
                                .tasks = placement(parent),
                                .name = chain_name(parent, step.name())});
    }

    void add_action_stage(Transformation& target, std::string const& action) {
        check_chain(target);
        plan_.stages.push_back({.number = next_number_++,
                                .transformation = target.id(),
                                .ends_in_exchange = false,
                                .tasks = placement(target),
                                .name = chain_name(target, action)});
    }

    /// Notes how many steps lie before this one in its stage.
    void measure_chain(Transformation const& step) {
        Chain longest{0, &step};
        for (std::size_t input = 0; input < step.parents().size(); ++input) {
            if (step.holds_input(input)) continue;
            if (step.dependency() == Dependency::wide && !is_in_place(step, input)) continue;
            Chain const& before = chains_[step.parents()[input]->id()];
            if (before.step_count >= longest.step_count)
                longest = {before.step_count + 1, before.step_count ? before.first : &step};
        }
        chains_[step.id()] = longest;
    }

    void check_chain(Transformation const& last) {
        Chain const& chain = chains_[last.id()];
        if (chain.step_count <= most_narrow_steps) return;
        throw UsageError(fmt::format(
            "{} narrow steps in a row, from {} to {}, are too many for a stage; expected at most "
            "{}: do the work of several in one function, or cut the chain by a reduce_by_key, or "
            "by "
            "collect() and parallelize()",
            format_count(chain.step_count), chain.first->label(), last.label(),
            format_count(most_narrow_steps)));
    }

    /// "read_text > map > ending", from the last exchange or source before it.
    std::string chain_name(Transformation const& last, std::string const& ending) const {
        std::vector<std::string> names;
        for (Transformation const* step = &last; step; step = only_parent(*step))
            names.push_back(step->name() + in_place_note(*step));
        constexpr std::size_t most = 8;
        std::string text;
        for (std::size_t i = names.size(); i-- > 0;) {
            if (names.size() > most && i == names.size() - most / 2 - 1) {
                text += fmt::format("... {} more > ", names.size() - most);
                i = most / 2;
                continue;
            }
            text += names[i] + " > ";
        }
        return text + ending;
    }

    /// The step whose records this one takes within the same stage, if it is one step.
    Transformation const* only_parent(Transformation const& step) const {
        if (step.parents().size() != 1 || step.holds_input(0)) return nullptr;
        if (step.dependency() == Dependency::wide && !is_in_place(step, 0)) return nullptr;
        return step.parents()[0].get();
    }

    /// What an exchange that is not needed is shown by.
    std::string in_place_note(Transformation const& step) const {
        if (step.dependency() != Dependency::wide) return {};
        std::string inputs;
        for (std::size_t input = 0; input < step.parents().size(); ++input)
            if (is_in_place(step, input) && step.parents().size() > 1)
                inputs += fmt::format("{}{}", inputs.empty() ? " of input " : ", ", input + 1);
            else if (is_in_place(step, input))
                return " (no exchange)";
        return inputs.empty() ? inputs : " (no exchange" + inputs + ")";
    }

    std::uint64_t default_partitions_;
    std::uint32_t next_number_ = 1;
    std::unordered_map<std::uint32_t, Placement> decided_;
    std::unordered_map<std::uint32_t, std::vector<bool>> in_place_;
    std::unordered_map<std::uint32_t, Chain> chains_;
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
            step.set_placement(
                joined_placement(step, [](auto const& parent) { return parent.placement(); }));
            return;
        }
        auto const found = decisions.find(step.id());
        if (found == decisions.end()) return;
        if (step.dependency() == Dependency::none) {
            step.set_splits(found->second->splits);
        } else {
            step.set_partition_count(found->second->partition_count);
            step.set_in_place(found->second->in_place);
        }
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

}  // namespace serry
