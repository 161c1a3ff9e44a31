#include "serry/stage/typed_transformation.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "stage/pipelines.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// A step of one's own: every record twice.
class Twice final : public TypedTransformation<int> {
public:
    Twice(Lineage& lineage, TypedPointer<int> const& parent)
        : TypedTransformation(lineage,
                              {.name = "twice",
                               .at = {"/src/job.cpp", 3},
                               .dependency = Dependency::narrow,
                               .parents = {parent}}),
          parent_(*parent) {}

    void attach(Pipeline& pipeline, Consumer<int>& next) override {
        parent_.attach(pipeline, pipeline.add<Doubling>(next));
    }

private:
    struct Doubling final : Operator, Consumer<int> {
        explicit Doubling(Consumer<int>& next_) : next(next_) {}
        void consume(std::span<int const> batch) override {
            for (int record : batch) next.consume(std::vector<int>{record, record});
        }
        void finish() override { next.finish(); }
        Consumer<int>& next;
    };

    TypedTransformation<int>& parent_;
};

}  // namespace

TEST_CASE("a step of a known type is attached below the steps before it") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {{1, 2}, {3}});
    Steps<int> const twice{lineage, std::make_shared<Twice>(lineage, numbers.last)};
    auto runner = twice.map([](int number) { return std::to_string(number); }).runner();
    CHECK(runner.run(0, 2) == std::vector<std::string>{"1", "1", "2", "2"});
    CHECK(runner.run(1, 2) == std::vector<std::string>{"3", "3"});
    CHECK(runner.kept.finish_count == 1);
}

TEST_CASE("a step can be attached to several pipelines, which do not disturb each other") {
    Lineage lineage;
    auto const numbers =
        given<int>(lineage, {{1, 2}}).filter([](int number) { return number > 1; });
    auto first = numbers.runner(), second = numbers.runner();
    CHECK(first.run() == std::vector<int>{2});
    CHECK(second.run() == std::vector<int>{2});
    CHECK(first.kept.records == std::vector<int>{2});
}

TEST_CASE("a step of any type is a step of the lineage") {
    Lineage lineage;
    TypedPointer<int> const typed = given<int>(lineage, {{1}}).last;
    std::shared_ptr<Transformation> const untyped = typed;
    CHECK(untyped->label() == "given (job.cpp:1)");
    CHECK(std::is_base_of_v<Transformation, TypedTransformation<std::string>>);
}
