#include "serry/serde/order_key.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serde/records.hpp"

using namespace serry;
using namespace serry::test;

namespace {

template <typename K>
std::string order_bytes(K const& key, bool is_descending = false) {
    ByteWriter out;
    out.put("before", 6);
    put_order_key(key, is_descending, out);
    return std::string(out.view().substr(6));
}

int sign(int number) { return (number > 0) - (number < 0); }

/// Of keys in ascending order, which may be equal to their neighbours, all pairs.
template <typename K>
void check_ascending(std::vector<K> const& keys, std::size_t equal_neighbours = 0) {
    std::size_t equal_count = 0;
    for (std::size_t i = 0; i < keys.size(); ++i)
        for (std::size_t j = i; j < keys.size(); ++j) {
            std::string const a = order_bytes(keys[i]), b = order_bytes(keys[j]);
            CHECK(a <= b);
            CHECK(sign(order_bytes(keys[i], true).compare(order_bytes(keys[j], true)))
                  == -sign(a.compare(b)));
            CHECK(order_prefix(a) <= order_prefix(b));
            if (i < j && a == b) ++equal_count;
        }
    CHECK(equal_count == equal_neighbours);
}

template <typename K>
void check_sorts_like_operator(std::vector<K> keys) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    check_ascending(keys);
}

template <typename N>
void check_integers() {
    constexpr N least = std::numeric_limits<N>::min(), most = std::numeric_limits<N>::max();
    check_sorts_like_operator<N>({least, static_cast<N>(least + 1), static_cast<N>(most / 2), 0, 1,
                                  static_cast<N>(-1), static_cast<N>(most - 1), most});
    CHECK(order_bytes(most).size() == sizeof(N));
}

struct Reading {
    std::string station;
    std::int32_t year = 0;
    std::optional<double> value;
};

struct Opaque {
    int number = 0;
};

}  // namespace

template <>
struct serry::Codec<Opaque> {
    static void encode(Opaque const&, ByteWriter&) {}
    static Opaque decode(ByteReader&) { return {}; }
};

TEST_CASE("integers of all kinds compare as numbers") {
    check_integers<std::int8_t>();
    check_integers<std::uint8_t>();
    check_integers<std::int16_t>();
    check_integers<std::uint16_t>();
    check_integers<std::int32_t>();
    check_integers<std::uint32_t>();
    check_integers<std::int64_t>();
    check_integers<std::uint64_t>();
    check_integers<char>();
    check_ascending<bool>({false, true});
    check_ascending<Colour>({Colour::red, Colour::green});
    check_ascending<Level>({low, high});
}

TEST_CASE("floating-point numbers compare as numbers; zeros are one, and NaNs, which come last") {
    auto const check = [](auto zero) {
        using N = decltype(zero);
        using Limits = std::numeric_limits<N>;
        check_ascending<N>(
            {-Limits::infinity(), Limits::lowest(), N(-1.5), -Limits::min(), -Limits::denorm_min(),
             N(-0.0), N(0.0), Limits::denorm_min(), Limits::min(), N(1), N(1) + Limits::epsilon(),
             Limits::max(), Limits::infinity(), Limits::quiet_NaN(), -Limits::quiet_NaN()},
            2);
    };
    check(0.0F);
    check(0.0);
    check(0.0L);
    CHECK(order_bytes(nan_of(1)) == order_bytes(-nan_of(77)));
    std::mt19937_64 random(1);
    std::vector<double> numbers;
    for (int i = 0; i < 300; ++i)
        numbers.push_back(std::ldexp(static_cast<double>(random()) - 9e18,
                                     static_cast<int>(random() % 200) - 100));
    check_sorts_like_operator(numbers);
}

TEST_CASE("text compares by its bytes, with zeros in it, also where others follow") {
    using namespace std::string_literals;
    std::vector<std::string> const texts{""s,    "\0"s,   "\0\0"s,     "\0\1"s,       "\0\xff"s,
                                         "\1"s,  "\1\0"s, "a"s,        "a\0"s,        "a\0b"s,
                                         "a\1"s, "ab"s,   "abcdefgh"s, "abcdefgh\0"s, "abcdefghi"s,
                                         "b"s,   "\xff"s, "\xff\xff"s};
    check_ascending(texts);
    std::vector<std::pair<std::string, std::int32_t>> pairs;
    std::vector<std::tuple<std::int16_t, std::string, std::string>> tuples;
    for (std::string const& text : texts)
        for (int const number : {-5, 0, 70000}) pairs.emplace_back(text, number);
    for (std::int16_t const number : {-1, 3})
        for (std::string const& first : texts)
            for (std::string const& second : texts) tuples.emplace_back(number, first, second);
    check_ascending(pairs);
    check_ascending(tuples);
    CHECK(order_bytes(std::string_view("a\0", 2)) == "a\0"s);
    CHECK(order_bytes(std::pair("a\0"s, true)) == "a\0\xff\0\1\1"s);
}

TEST_CASE("vectors, arrays, optionals and structs compare part by part") {
    using Words = std::vector<std::string>;
    check_sorts_like_operator<Words>(
        {{}, {""}, {"", ""}, {"a"}, {"a", ""}, {"a", "b"}, {std::string("a\0", 2)}, {"b"}, {"ab"}});
    check_sorts_like_operator<std::vector<bool>>({{}, {false}, {true}, {true, false}});
    check_sorts_like_operator<std::array<std::int16_t, 2>>({{-1, 5}, {-1, 6}, {3, -9}});
    check_sorts_like_operator<std::optional<std::int32_t>>({std::nullopt, -5, 0, 5});
    using OptionalText = std::pair<std::optional<std::string>, std::uint8_t>;
    check_sorts_like_operator<OptionalText>(
        {{std::nullopt, 9}, {"", 1}, {"", 2}, {"a", 0}, {"ab", 0}});
    using Pair = KeyValue<std::string, std::int32_t>;
    check_sorts_like_operator<Pair>({{"", 1}, {"a", -1}, {"a", 1}, {"b", 0}});
    check_ascending<Reading>({{"", 0, 1.0},
                              {"a", -7, {}},
                              {"a", -7, -2.0},
                              {"a", -7, 0.0},
                              {"a", 1900, {}},
                              {"b", 0, 0.0}});
}

TEST_CASE("what has no order of its parts is no key of a sort") {
    CHECK(OrderKey<Reading>);
    CHECK(OrderKey<std::tuple<std::string_view, long double>>);
    CHECK_FALSE(OrderKey<Opaque>);
    CHECK_FALSE(OrderKey<std::pair<int, Opaque>>);
    CHECK_FALSE(OrderKey<int*>);
}

TEST_CASE("a prefix is the key's first eight bytes, filled up by zeros") {
    CHECK(order_prefix("") == 0);
    CHECK(order_prefix("\1") == 0x0100000000000000);
    CHECK(order_prefix("\1\2\3\4\5\6\7\x08") == 0x0102030405060708);
    CHECK(order_prefix("\xff\2\3\4\5\6\7\x08\x09") == 0xff02030405060708);
}
