#include "serry/base/key_value.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>

using serry::KeyValue;

TEST_CASE("a keyed record is empty at first, or made of its two parts") {
    KeyValue<int, std::string> const empty;
    CHECK(empty.key == 0);
    CHECK(empty.value.empty());
    KeyValue const pair(std::string("key"), 2);
    CHECK(std::is_same_v<decltype(pair), KeyValue<std::string, int> const>);
    CHECK(pair.key == "key");
    CHECK(pair.value == 2);
}

TEST_CASE("parts that cannot be copied are moved in") {
    KeyValue<int, std::unique_ptr<int>> pair(1, std::make_unique<int>(2));
    auto const moved = std::move(pair);
    CHECK(*moved.value == 2);
}

TEST_CASE("keyed records are ordered by key, those of a key by value") {
    using Pair = KeyValue<std::string, int>;
    CHECK(Pair("a", 9) < Pair("b", 1));
    CHECK(Pair("a", 1) < Pair("a", 2));
    CHECK(Pair("a", 1) == Pair("a", 1));
    CHECK(Pair("a", 1) != Pair("a", 2));
    CHECK(Pair("b", 1) != Pair("a", 1));
}

TEST_CASE("the parts' types have names; of other records they are no types") {
    using Pair = KeyValue<std::string, double>;
    CHECK(std::is_same_v<serry::key_of<Pair>, std::string>);
    CHECK(std::is_same_v<serry::value_of<Pair>, double>);
    CHECK(serry::keyed::Parts<Pair>::exist);
    CHECK_FALSE(serry::keyed::Parts<std::pair<int, int>>::exist);
}
