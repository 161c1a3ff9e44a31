#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serry/plan/lineage.hpp"

namespace serry::test {

using Step = std::shared_ptr<Transformation>;

/// A source of as many splits as asked for, else of `own_count`. Remembers what it was asked.
class SourceStep : public Transformation {
public:
    SourceStep(Lineage& lineage, std::string name, std::uint64_t own_count, std::uint64_t asked = 0)
        : Transformation(lineage,
                         {.name = std::move(name),
                          .at = {"/src/job.cpp", 1},
                          .dependency = Dependency::none,
                          .parents = {},
                          .partition_count = asked}),
          own_count_(own_count) {}

    SplitList list_splits(SplitRequest const& request) const override {
        requests.push_back(request.partition_count);
        SplitList list;
        list.files.push_back({"input.txt", 1000, 17, 4});
        std::uint64_t const count = request.partition_count ? request.partition_count : own_count_;
        for (std::uint64_t p = 0; p < count; ++p) list.splits.push_back({0, 10 * p, 10 * p + 10});
        return list;
    }

    mutable std::vector<std::uint64_t> requests;

private:
    std::uint64_t own_count_;
};

/// A wide step whose output is held when the test says so.
class WideTestStep : public Transformation {
public:
    WideTestStep(Lineage& lineage,
                 std::string name,
                 std::uint32_t line,
                 std::vector<Step> parents,
                 std::uint64_t asked = 0)
        : Transformation(lineage,
                         {.name = std::move(name),
                          .at = {"/src/job.cpp", line},
                          .dependency = Dependency::wide,
                          .parents = std::move(parents),
                          .partition_count = asked}) {}

    bool holds_input(std::size_t) const override { return is_held; }
    bool is_hash_partitioned() const override { return is_by_hash; }
    bool can_use_in_place() const override { return is_by_hash; }
    using Transformation::forget_parent;

    bool is_held = false;
    bool is_by_hash = false;
};

inline Step narrow_step(Lineage& lineage, std::string name, std::uint32_t line, Step parent) {
    return std::make_shared<Transformation>(
        lineage, Transformation::Recorded{.name = std::move(name),
                                          .at = {"/src/job.cpp", line},
                                          .dependency = Dependency::narrow,
                                          .parents = {std::move(parent)}});
}

/// `count` narrow steps, one after the other.
inline Step narrow_chain(Lineage& lineage, Step step, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        step = narrow_step(lineage, "map", static_cast<std::uint32_t>(i + 2), std::move(step));
    return step;
}

using Source = std::shared_ptr<SourceStep>;
using Wide = std::shared_ptr<WideTestStep>;

inline Source source_step(Lineage& lineage,
                          std::string name,
                          std::uint64_t own_count,
                          std::uint64_t asked = 0) {
    return std::make_shared<SourceStep>(lineage, std::move(name), own_count, asked);
}
inline Wide wide_step(Lineage& lineage,
                      std::string name,
                      std::uint32_t line,
                      std::vector<Step> parents,
                      std::uint64_t asked = 0) {
    return std::make_shared<WideTestStep>(lineage, std::move(name), line, std::move(parents),
                                          asked);
}

}  // namespace serry::test
