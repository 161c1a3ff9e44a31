#include "serry/base/concepts.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include <doctest/doctest.h>

using namespace serry;

namespace {

struct Pinned {
    Pinned() = default;
    Pinned(Pinned const&) = delete;
};

struct Person {
    std::string name;
    int age() const { return 7; }
};

struct OnText {
    std::string_view operator()(std::string_view text, Arena& arena) const {
        return arena.copy(text);
    }
};
struct Either {
    int operator()(int number) const { return number; }
    std::string_view operator()(int, Arena& arena) const { return arena.copy("text"); }
};
struct Changing {
    int operator()(int number) { return number; }
};

constexpr auto length = [](std::string const& text) { return text.size(); };
constexpr auto is_long = [](std::string const& text) { return text.size() > 3; };

}  // namespace

TEST_CASE("records are movable objects, and neither references nor pointers") {
    CHECK(Record<int>);
    CHECK(Record<std::string>);
    CHECK(Record<std::string_view>);
    CHECK(Record<std::unique_ptr<int>>);
    CHECK(Record<KeyValue<int, std::string>>);
    CHECK_FALSE(Record<int&>);
    CHECK_FALSE(Record<int*>);
    CHECK_FALSE(Record<void (*)()>);
    CHECK_FALSE(Record<int const>);
    CHECK_FALSE(Record<void>);
    CHECK_FALSE(Record<int()>);
    CHECK_FALSE(Record<Pinned>);
}

TEST_CASE("keyed are the records that name a key and a value") {
    CHECK(Keyed<KeyValue<int, double>>);
    CHECK_FALSE(Keyed<std::pair<int, double>>);
    CHECK_FALSE(Keyed<int>);
    CHECK_FALSE(Keyed<KeyValue<int, double>&>);
}

TEST_CASE("mappers take a record, or a record and an arena, and are not changed by it") {
    CHECK(PlainMapper<decltype(length), std::string>);
    CHECK(PlainMapper<decltype(&Person::name), Person>);
    CHECK(PlainMapper<decltype(&Person::age), Person>);
    CHECK_FALSE(PlainMapper<OnText, std::string_view>);
    CHECK(ArenaMapper<OnText, std::string_view>);
    CHECK(Mapper<OnText, std::string_view>);
    CHECK(Mapper<decltype(length), std::string>);
    CHECK_FALSE(Mapper<decltype(length), int>);
    CHECK_FALSE(Mapper<Changing, int>);
}

TEST_CASE("what a mapper makes is a record: no reference, and not const") {
    CHECK(std::is_same_v<mapped_t<decltype(length), std::string>, std::size_t>);
    CHECK(std::is_same_v<mapped_t<decltype(&Person::name), Person>, std::string>);
    CHECK(std::is_same_v<mapped_t<OnText, std::string_view>, std::string_view>);
    CHECK(std::is_same_v<mapped_t<Either, int>, int>);
}

TEST_CASE("predicates tell yes or no of a record") {
    CHECK(Predicate<decltype(is_long), std::string>);
    CHECK(Predicate<decltype(length), std::string>);
    CHECK_FALSE(Predicate<decltype(&Person::name), Person>);
    CHECK_FALSE(Predicate<decltype(is_long), int>);
}

TEST_CASE("combiners make one value of two") {
    CHECK(Combiner<std::plus<>, int>);
    CHECK(Combiner<std::plus<>, std::string>);
    CHECK(Combiner<std::less<>, int>);
    CHECK_FALSE(Combiner<std::less<>, std::string>);
    CHECK_FALSE(Combiner<std::negate<>, int>);
    CHECK_FALSE(Combiner<std::plus<>, Person>);
}
