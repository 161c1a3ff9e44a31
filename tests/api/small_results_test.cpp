#include "serry/small_results.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("results are small, however few, or too large") {
    auto const some = results_of(std::vector{1, 2, 3});
    SmallResults<int> const small(nullptr, some.encoded(), some.size());
    CHECK(small.is_small());
    CHECK(small.results().to_vector() == std::vector{1, 2, 3});
    CHECK(SmallResults<int>(nullptr, {}, 0).is_small());
    CHECK_FALSE(SmallResults<int>::too_large().is_small());
}

TEST_CASE("what is too large is so again when it was recorded") {
    auto const none = SmallResults<int>::too_large();
    CHECK_FALSE(SmallResults<int>(nullptr, none.encoded(), none.size()).is_small());
}
