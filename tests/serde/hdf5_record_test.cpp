#include "serry/serde/hdf5_record.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

struct Point {
    char kind = 0;
    double x = 0;
    unsigned short id = 0;
};
struct User {
    char kind = 0;
    std::string_view name;
    double score = 0;
    bool active = false;
};
struct Nameless {
    int number = 0;
};
struct Nested {
    Point point;
};

}  // namespace

template <>
inline constexpr auto serry::field_names<Point> = serry::names("kind", "x", "id");
template <>
inline constexpr auto serry::field_names<User> = serry::names("kind", "name", "score", "active");
template <>
inline constexpr auto serry::field_names<Nested> = serry::names("point");

TEST_CASE("numbers have the kind of their width and sign") {
    CHECK(hdf5_record<signed char>().fields[0].kind == Hdf5Kind::int8);
    CHECK(hdf5_record<unsigned char>().fields[0].kind == Hdf5Kind::uint8);
    CHECK(hdf5_record<short>().fields[0].kind == Hdf5Kind::int16);
    CHECK(hdf5_record<unsigned>().fields[0].kind == Hdf5Kind::uint32);
    CHECK(hdf5_record<long>().fields[0].kind == Hdf5Kind::int64);
    CHECK(hdf5_record<unsigned long long>().fields[0].kind == Hdf5Kind::uint64);
    CHECK(hdf5_record<float>().fields[0].kind == Hdf5Kind::float32);
    CHECK(hdf5_record<double>().fields[0].kind == Hdf5Kind::float64);
    CHECK(hdf5_record<bool>().fields[0].kind == Hdf5Kind::boolean);
    CHECK(hdf5_record<std::string>().fields[0].kind == Hdf5Kind::text);
}

TEST_CASE("structs of numbers are rows as they are, others get rows of their own") {
    Hdf5Record const points = hdf5_record<Point>();
    CHECK(points.row_bytes == sizeof(Point));
    CHECK(points.fields[1].name == "x");
    CHECK(points.fields[1].offset == offsetof(Point, x));
    CHECK(points.fields[2].offset == offsetof(Point, id));
    Hdf5Record const users = hdf5_record<User>();
    CHECK(users.row_bytes == 1 + 8 + 8 + 1);
    CHECK(users.fields[2].offset == 9);
    CHECK(hdf5_record<std::array<float, 3>>().row_bytes == 12);
}

TEST_CASE("records are described") {
    CHECK(to_string(hdf5_record<short>()) == "1 dimension of int16");
    CHECK(to_string(hdf5_record<std::array<float, 3>>()) == "2 dimensions, rows of 3 float32");
    CHECK(to_string(hdf5_record<std::vector<double>>()) == "1 dimension or more of float64");
    CHECK(to_string(hdf5_record<User>())
          == "1 dimension of a table (kind int8, name text, score float64, active boolean)");
}

TEST_CASE("what HDF5 has no place for is not readable") {
    CHECK_FALSE(Hdf5Readable<Nameless>);
    CHECK_FALSE(Hdf5Readable<Nested>);
    CHECK_FALSE(Hdf5Readable<long double>);
    CHECK_FALSE(Hdf5Readable<std::vector<std::string>>);
    CHECK_FALSE(Hdf5Readable<std::vector<bool>>);
    CHECK_FALSE(Hdf5Writable<std::vector<int>>);
    CHECK(Hdf5Writable<User>);
}
