#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serry/serde/codec.hpp"

namespace serry::test {

enum class Colour : std::uint8_t { red, green = 200 };
enum Level { low, high = 7 };

struct Point {
    std::int32_t x = 0;
    double y = 0;
    friend bool operator==(Point const&, Point const&) = default;
};
struct Order {
    std::string customer;
    std::vector<Point> points;
    std::optional<std::string> note;
    std::array<std::uint16_t, 3> codes{};
    std::pair<bool, Colour> flags{};
    friend bool operator==(Order const&, Order const&) = default;
};
inline Order const order{std::string("Ada \0 King", 10),
                         {{1, 2.5}, {-3, -0.0}},
                         "with care",
                         {1, 2, 65535},
                         {true, Colour::green}};

struct TextView {
    int number = 0;
    std::string_view text;
    std::vector<KeyValue<std::string_view, std::optional<std::string_view>>> more;
    friend bool operator==(TextView const&, TextView const&) = default;
};

template <typename T>
std::string encoded(T const& value) {
    ByteWriter writer;
    encode(value, writer);
    return std::string(writer.view());
}

template <typename T>
T decoded(std::string_view bytes) {
    ByteReader reader(bytes);
    T value = decode<T>(reader);
    CHECK(reader.remaining() == 0);
    return value;
}

template <typename K>
std::string key_of_bytes(K const& key) {
    ByteWriter scratch;
    return std::string(key_bytes(key, scratch));
}

inline double nan_of(std::uint64_t payload) {
    std::uint64_t const bits = 0x7ff0000000000000ULL | payload;
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

}  // namespace serry::test
