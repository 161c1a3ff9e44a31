#include "serry/plan/explain.hpp"

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "serry/plan/visit.hpp"

namespace serry {
namespace {

class Explainer {
public:
    explicit Explainer(std::uint64_t default_partitions)
        : default_partitions_(default_partitions) {}

    std::string run(Transformation& target) {
        visit_needed(target, [this](Transformation& step) { explain_step(step); });
        begin_stage();
        list(target);
        return std::move(text_);
    }

private:
    /// A number of partitions, or, negative, that of the source with id -(count + 1), which only
    /// the input's bytes tell. Two equal counts are the same number.
    using Count = std::int64_t;
    static Count same_as(Transformation const& step) { return -Count{step.id()} - 1; }

    void explain_step(Transformation& step) {
        counts_[step.id()] = count_of(step);
        if (step.dependency() != Dependency::wide) return;
        std::vector<bool>& in_place = in_place_[step.id()];
        for (std::size_t input = 0; input < step.parents().size(); ++input)
            in_place.push_back(!step.holds_input(input) && stays(step, input));
        for (std::size_t input = 0; input < step.parents().size(); ++input) {
            if (step.holds_input(input) || in_place[input]) continue;
            begin_stage();
            list(*step.parents()[input]);
            text_ += line_of(step, step.parents().size() > 1 ? fmt::format(", input {}", input + 1)
                                                             : std::string());
        }
    }

    bool stays(Transformation const& step, std::size_t input) const {
        if (step.partition_count() > 0) return step.is_in_place(input);
        Transformation const& parent = *step.parents()[input];
        return step.can_use_in_place() && parent.is_hash_partitioned()
               && counts_.at(parent.id()) == counts_.at(step.id());
    }

    Count count_of(Transformation const& step) const {
        if (step.partition_count() > 0) return static_cast<Count>(step.partition_count());
        if (step.dependency() == Dependency::narrow) return sum_of_inputs(step);
        if (step.asked_partition_count() > 0)
            return static_cast<Count>(step.asked_partition_count());
        if (default_partitions_ > 0) return static_cast<Count>(default_partitions_);
        if (step.dependency() == Dependency::none) return same_as(step);
        Count const in_place = largest_input(step, step.can_use_in_place());
        return in_place ? in_place : largest_input(step, false);
    }

    Count sum_of_inputs(Transformation const& step) const {
        if (step.parents().size() == 1) return counts_.at(step.parents()[0]->id());
        Count sum = 0;
        for (auto const& parent : step.parents()) {
            Count const count = counts_.at(parent->id());
            if (count < 0) return same_as(step);
            sum += count;
        }
        return sum;
    }

    /// 0 if there is none.
    Count largest_input(Transformation const& step, bool only_hash_partitioned) const {
        Count most = 0;
        for (auto const& parent : step.parents()) {
            if (only_hash_partitioned && !parent->is_hash_partitioned()) continue;
            Count const count = counts_.at(parent->id());
            if (most == 0 || most == count)
                most = count;
            else if (most < 0 || count < 0)
                most = same_as(step);
            else
                most = std::max(most, count);
        }
        return most;
    }

    void begin_stage() { text_ += fmt::format("stage {}\n", ++stage_count_); }

    /// The steps that run in the stage of `last`, up to it, parents first.
    void list(Transformation const& last) {
        std::vector<std::pair<Transformation const*, std::size_t>> path{{&last, 0}};
        std::unordered_set<std::uint32_t> seen{last.id()};
        while (!path.empty()) {
            auto& [step, next] = path.back();
            if (next < step->parents().size()) {
                std::size_t const input = next++;
                if (!runs_in_stage(*step, input)) continue;
                Transformation const* const parent = step->parents()[input].get();
                if (seen.insert(parent->id()).second) path.emplace_back(parent, 0);
            } else {
                list_step(*step);
                path.pop_back();
            }
        }
    }

    bool runs_in_stage(Transformation const& step, std::size_t input) const {
        if (step.holds_input(input)) return false;
        return step.dependency() == Dependency::narrow
               || (step.dependency() == Dependency::wide && in_place_.at(step.id())[input]);
    }

    void list_step(Transformation const& step) {
        if (step.is_available()) {
            text_ += line_of(step, ", held in memory: not run again");
        } else if (step.dependency() != Dependency::wide) {
            text_ += line_of(step, "");
        } else if (std::string const note = saved_exchanges(step); !note.empty()) {
            text_ += line_of(step, note);
        }
    }

    std::string saved_exchanges(Transformation const& step) const {
        std::vector<bool> const& in_place = in_place_.at(step.id());
        std::string inputs;
        for (std::size_t input = 0; input < in_place.size(); ++input)
            if (in_place[input])
                inputs += fmt::format("{}{}", inputs.empty() ? "" : ", ", input + 1);
        if (inputs.empty()) return {};
        return in_place.size() == 1
                   ? ", no exchange: its input is partitioned so already"
                   : fmt::format(", no exchange of input {}: partitioned so already", inputs);
    }

    std::string line_of(Transformation const& step, std::string const& note) const {
        if (step.dependency() == Dependency::narrow)
            return fmt::format("  {}{}\n", step.label(), note);
        Count const count = counts_.at(step.id());
        return fmt::format("  {}{}{}\n", step.label(),
                           count > 0 ? fmt::format(", {} partitions", count)
                                     : ", partitions from the input's bytes",
                           note);
    }

    std::uint64_t default_partitions_;
    std::uint32_t stage_count_ = 0;
    std::unordered_map<std::uint32_t, Count> counts_;
    std::unordered_map<std::uint32_t, std::vector<bool>> in_place_;
    std::string text_;
};

}  // namespace

std::string explain(Transformation& target, std::uint64_t default_partitions) {
    return Explainer(default_partitions).run(target);
}

}  // namespace serry
