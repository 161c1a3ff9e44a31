#include "serry/source/hdf5_types.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

struct NoBytes final : Hdf5Bytes {
    std::uint64_t byte_count() const override { return 0; }
    void read(std::uint64_t, char*, std::uint64_t) override {}
    void write(std::uint64_t, char const*, std::uint64_t) override {}
};

struct Point {
    double x = 0;
    int id = 0;
};
struct User {
    std::string name;
    int id = 0;
    bool active = false;
};
struct Missing {
    double x = 0;
    int age = 0;
};
struct Wrong {
    std::string x;
};

std::vector<std::string> complaints_of(Hdf5Record const& record, Hdf5Record const& there) {
    std::vector<std::string> complaints;
    check_hdf5_columns(record, hdf5_file_type(there).id(),
                       [&](std::string const& text) { complaints.push_back(text); });
    return complaints;
}

}  // namespace

template <>
inline constexpr auto serry::field_names<Point> = serry::names("x", "id");
template <>
inline constexpr auto serry::field_names<User> = serry::names("name", "id", "active");
template <>
inline constexpr auto serry::field_names<Missing> = serry::names("x", "age");
template <>
inline constexpr auto serry::field_names<Wrong> = serry::names("x");

TEST_CASE("types are described") {
    CHECK(describe_hdf5_type(hdf5_type(Hdf5Kind::uint16).id()) == "uint16");
    CHECK(describe_hdf5_type(hdf5_type(Hdf5Kind::float32).id()) == "float32");
    CHECK(describe_hdf5_type(hdf5_type(Hdf5Kind::text).id()) == "text");
    CHECK(describe_hdf5_type(hdf5_type(Hdf5Kind::boolean).id()) == "enumerated values");
    CHECK(describe_hdf5_type(hdf5_file_type(hdf5_record<Point>()).id()) == "a table (x, id)");
}

TEST_CASE("numbers hold numbers, text holds text, and bool what has no fraction") {
    Hdf5Handle const number = hdf5_type(Hdf5Kind::float64);
    Hdf5Handle const text = hdf5_type(Hdf5Kind::text);
    Hdf5Handle const boolean = hdf5_type(Hdf5Kind::boolean);
    CHECK(can_hold(Hdf5Kind::int8, number.id(), false));
    CHECK(can_hold(Hdf5Kind::int8, boolean.id(), false));
    CHECK(can_hold(Hdf5Kind::boolean, boolean.id(), false));
    CHECK(can_hold(Hdf5Kind::text, text.id(), false));
    CHECK_FALSE(can_hold(Hdf5Kind::int8, text.id(), false));
    CHECK_FALSE(can_hold(Hdf5Kind::text, number.id(), false));
    CHECK_FALSE(can_hold(Hdf5Kind::boolean, number.id(), false));
}

TEST_CASE("missing columns and columns of another type are complained of") {
    CHECK(complaints_of(hdf5_record<Point>(), hdf5_record<Point>()).empty());
    CHECK(complaints_of(hdf5_record<Missing>(), hdf5_record<Point>())
          == std::vector<std::string>{
              "the table has no column age, expected one for each field; it has x, id: name the "
              "program's fields as they are there (serry::field_names)"});
    CHECK(
        complaints_of(hdf5_record<Wrong>(), hdf5_record<Point>())
        == std::vector<std::string>{"the column x holds float64, expected text; change the type of "
                                    "the field in the program"});
}

TEST_CASE("structs of numbers are read in place, others field after field") {
    NoBytes bytes;
    Hdf5Texts const texts(bytes, {});
    Hdf5Record const points = hdf5_record<Point>();
    Hdf5RowLayout const in_place = lay_out_hdf5_rows(points, hdf5_file_type(points).id(), texts);
    CHECK(in_place.row_bytes == sizeof(Point));
    CHECK(in_place.columns[1].offset == 8);
    Hdf5Record const users = hdf5_record<User>();
    Hdf5RowLayout const packed = lay_out_hdf5_rows(users, hdf5_file_type(users).id(), texts);
    CHECK(packed.row_bytes == 16 + 4 + 1);
    CHECK(packed.columns[0].text == Hdf5Column::Text::reference);
    CHECK(packed.columns[2].offset == 20);
}
