#include "serry/exec/catalogue.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

using Numbers = std::vector<std::uint64_t>;

/// A step that is held as soon as that is said.
struct Step final : Transformation {
    Step(Lineage& lineage, std::vector<std::shared_ptr<Transformation>> parents)
        : Transformation(lineage,
                         {.name = "step",
                          .at = {"job.cpp", 1},
                          .dependency = parents.empty() ? Dependency::none : Dependency::wide,
                          .parents = std::move(parents)}) {}
    bool holds_input(std::size_t) const override { return is_held; }

    bool is_held = false;
};
using Pointer = std::shared_ptr<Step>;
using Parents = std::vector<std::shared_ptr<Transformation>>;

/// A source, and so many steps, each from the one before.
std::vector<Pointer> chain(Lineage& lineage, int count) {
    std::vector<Pointer> steps = {std::make_shared<Step>(lineage, Parents{})};
    for (int i = 0; i < count; ++i)
        steps.push_back(std::make_shared<Step>(lineage, Parents{steps.back()}));
    return steps;
}

Manifest manifest_of(Step const& step, std::uint64_t number) {
    Manifest manifest;
    manifest.number = number;
    manifest.step_id = step.id();
    manifest.fingerprint = step.fingerprint();
    return manifest;
}

Numbers numbers_of(std::vector<Manifest> const& manifests) {
    Numbers numbers;
    for (Manifest const& one : manifests) numbers.push_back(one.number);
    return numbers;
}

Numbers sorted(Numbers numbers) {
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

}  // namespace

TEST_CASE("what is nearest to the target is restored first, by the newest of several") {
    Lineage lineage;
    auto const steps = chain(lineage, 3);
    Catalogue catalogue;
    for (auto const& [step, number] : {std::pair(1, 1), std::pair(2, 2), std::pair(2, 5)})
        catalogue.add_found(manifest_of(*steps[static_cast<std::size_t>(step)],
                                        static_cast<std::uint64_t>(number)));
    CHECK(catalogue.found_count() == 3);
    CHECK(catalogue.next_to_restore(*steps[3])->number == 5);
    catalogue.drop_damaged(5);
    CHECK(catalogue.next_to_restore(*steps[3])->number == 2);
    CHECK(catalogue.next_to_restore(*steps[1])->number == 1);
    catalogue.drop_damaged(2);
    CHECK(catalogue.next_to_restore(*steps[3])->number == 1);
    steps[2]->is_held = true;
    CHECK(catalogue.next_to_restore(*steps[3]) == nullptr);
}

TEST_CASE("a checkpoint of other steps of the same numbers is none of these") {
    Lineage lineage;
    auto const steps = chain(lineage, 1);
    Catalogue catalogue;
    Manifest other = manifest_of(*steps[1], 1);
    ++other.fingerprint;
    catalogue.add_found(other);
    CHECK(catalogue.next_to_restore(*steps[1]) == nullptr);
}

TEST_CASE("what is held rests on its own checkpoint, or on those that it was made of") {
    Lineage lineage;
    auto const steps = chain(lineage, 3);
    Catalogue catalogue;
    steps[1]->is_held = true;
    catalogue.add_committed(manifest_of(*steps[1], 7));
    CHECK(catalogue.bases_of(*steps[1]) == Numbers{7});
    CHECK(catalogue.bases_of(*steps[3]) == Numbers{7});
    catalogue.add_held(place_of(steps[2]->id(), 0), catalogue.bases_of(*steps[1]));
    steps[2]->is_held = true;
    CHECK(catalogue.bases_of(*steps[3]) == Numbers{7});
    catalogue.add_committed(manifest_of(*steps[2], 8));
    CHECK(catalogue.bases_of(*steps[3]) == Numbers{8});
}

TEST_CASE("the newest that nothing needs stays; the others go when their steps have gone") {
    Lineage lineage;
    auto steps = chain(lineage, 4);
    Catalogue catalogue;
    for (std::size_t i = 1; i < 5; ++i) catalogue.add_committed(manifest_of(*steps[i], i));
    CHECK(catalogue.take_obsolete(lineage).empty());
    // Held by nobody any more, but one that is not committed was made of the first.
    Pointer const uncommitted = std::make_shared<Step>(lineage, Parents{});
    catalogue.add_held(place_of(uncommitted->id(), 0), {1});
    steps.clear();
    CHECK(sorted(numbers_of(catalogue.take_obsolete(lineage))) == Numbers{2, 3});
    CHECK(catalogue.take_obsolete(lineage).empty());
}

TEST_CASE("while a loop goes on, the oldest go one by one") {
    Lineage lineage;
    Catalogue catalogue;
    Pointer newest;
    for (std::uint64_t number = 1; number < 6; ++number) {
        newest = std::make_shared<Step>(lineage, Parents{});
        catalogue.add_committed(manifest_of(*newest, number));
        Numbers const expected = number > 2 ? Numbers{number - 2} : Numbers();
        CHECK(numbers_of(catalogue.take_obsolete(lineage)) == expected);
    }
}

TEST_CASE("of an earlier attempt's, those stay whose steps are there, or yet to be recorded") {
    Lineage lineage;
    auto const steps = chain(lineage, 1);
    Catalogue catalogue;
    Manifest gone = manifest_of(*steps[1], 1), to_come = gone;
    {
        Step const passing(lineage, {});
        gone.step_id = passing.id();
    }
    to_come.number = 4;
    to_come.step_id = lineage.next_id + 5;
    catalogue.add_found(gone);
    catalogue.add_found(manifest_of(*steps[1], 2));
    gone.number = 3;
    catalogue.add_found(gone);
    catalogue.add_found(to_come);
    CHECK(numbers_of(catalogue.take_obsolete(lineage)) == Numbers{1});
    CHECK(catalogue.found_count() == 3);
}
