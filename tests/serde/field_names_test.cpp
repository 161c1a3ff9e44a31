#include "serry/serde/field_names.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

struct User {
    int id = 0;
    std::string country;
};
struct TooFew {
    int id = 0;
    int other = 0;
};
struct Unnamed {
    int id = 0;
};

}  // namespace

template <>
inline constexpr auto serry::field_names<User> = serry::names("id", "country");
template <>
inline constexpr auto serry::field_names<TooFew> = serry::names("id");

TEST_CASE("fields are named in their order") {
    CHECK(serry::field_names<User>.size() == 2);
    CHECK(serry::field_names<User>[1] == "country");
}

TEST_CASE("a struct has named fields only if each has a name") {
    CHECK(serry::NamedFields<User>);
    CHECK_FALSE(serry::NamedFields<TooFew>);
    CHECK_FALSE(serry::NamedFields<Unnamed>);
    CHECK_FALSE(serry::NamedFields<int>);
}
