// Keys, padding and views: what codecs promise beyond bringing values back.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serde/records.hpp"
#include "serry/serde/codec.hpp"

using namespace serry;
using namespace serry::test;

namespace {

static_assert(has_views<std::string_view> && has_views<TextView>);
static_assert(
    has_views<std::vector<std::string_view>> && has_views<std::array<std::string_view, 2>>);
static_assert(has_views<std::optional<std::pair<int, std::string_view>>>);
static_assert(has_views<std::tuple<int, std::vector<TextView>>>);
static_assert(has_views<KeyValue<std::string_view, int>> && has_views<KeyValue<int, TextView>>);
static_assert(!has_views<int> && !has_views<std::string> && !has_views<Order>);
static_assert(!has_views<std::vector<std::string>> && !has_views<std::tuple<>>);

struct Padded {
    char initial = 0;
    std::int64_t number = 0;
    std::int16_t part = 0;
    double fraction = 0;
};

/// `count` objects in memory that was filled with `filling`, to be assigned field by field: what
/// lies between the fields stays as it is.
template <typename T>
struct Filled {
    Filled(unsigned char filling, std::size_t count_)
        : memory(std::aligned_alloc(alignof(T), count_ * sizeof(T))), count(count_) {
        std::memset(memory, filling, count * sizeof(T));
        __asm__ volatile("" : : "r"(memory) : "memory");  // somebody might look at all of it
    }
    ~Filled() { std::free(memory); }
    Filled(Filled const&) = delete;
    Filled& operator=(Filled const&) = delete;

    T& operator[](std::size_t i) { return static_cast<T*>(memory)[i]; }
    bool operator==(Filled const& other) const {
        return std::memcmp(memory, other.memory, count * sizeof(T)) == 0;
    }

    void* memory;
    std::size_t count;
};

}  // namespace

TEST_CASE("a text key is its own bytes") {
    ByteWriter scratch;
    std::string const key = "a key";
    CHECK(static_cast<void const*>(key_bytes(key, scratch).data()) == key.data());
    CHECK(key_bytes(std::string_view(key), scratch) == "a key");
    CHECK(key_from_bytes<std::string>("a key") == key);
    CHECK(key_from_bytes<std::string>("").empty());
}

TEST_CASE("as a key -0.0 is 0.0 and every NaN the same, wherever it lies in the key") {
    auto const check = [](auto const& wrap) {
        CHECK(key_of_bytes(wrap(-0.0)) == key_of_bytes(wrap(0.0)));
        CHECK(key_of_bytes(wrap(1.0)) != key_of_bytes(wrap(-1.0)));
        std::string const nan = key_of_bytes(wrap(std::numeric_limits<double>::quiet_NaN()));
        for (std::uint64_t payload : {1ULL, 0x8000000000000ULL, 0xfffffffffffffULL}) {
            CHECK(key_of_bytes(wrap(nan_of(payload))) == nan);
            CHECK(key_of_bytes(wrap(-nan_of(payload))) == nan);
        }
    };
    check([](double d) { return d; });
    check([](double d) { return Point{1, d}; });
    check([](double d) { return std::vector<double>{1, d}; });
    check([](double d) { return std::vector<std::vector<double>>{{}, {d}}; });
    check([](double d) { return std::array<double, 2>{d, 2}; });
    check([](double d) { return std::optional<double>(d); });
    check([](double d) { return std::pair<int, double>(1, d); });
    check([](double d) { return std::tuple<std::string, double>("a", d); });
    check([](double d) { return KeyValue<int, double>(1, d); });
    check([](double d) { return Order{"a", {{1, d}}, {}, {}, {}}; });
    CHECK(key_of_bytes(-0.0F) == key_of_bytes(0.0F));
    CHECK(key_of_bytes(-0.0L) == key_of_bytes(0.0L));
    CHECK(key_of_bytes(std::nanf("1")) == key_of_bytes(-std::nanf("2")));
    CHECK(key_of_bytes(std::vector<float>{-0.0F}) == key_of_bytes(std::vector<float>{0.0F}));
    CHECK(key_of_bytes(std::nanl("1")) == key_of_bytes(-std::nanl("2")));
}

TEST_CASE("keys are equal when their bytes are, and only then") {
    using Key = std::tuple<std::string, std::vector<std::string>, std::optional<int>>;
    std::vector<Key> keys;
    for (char const* first : {"", "a", "ab", "b"})
        for (std::vector<std::string> const& texts : std::vector<std::vector<std::string>>{
                 {}, {""}, {"a"}, {"b"}, {"a", "b"}, {"ab"}, {"", "ab"}, {"ab", ""}})
            for (std::optional<int> number :
                 {std::optional<int>(), std::optional<int>(0), std::optional<int>(1)})
                keys.emplace_back(first, texts, number);
    for (Key const& a : keys)
        for (Key const& b : keys) REQUIRE((key_of_bytes(a) == key_of_bytes(b)) == (a == b));
}

TEST_CASE("padding gets into no encoding") {
    Filled<Padded> zeros(0x00, 3), ones(0xff, 3);
    for (auto* const objects : {&zeros, &ones})
        for (std::size_t i = 0; i < 3; ++i) {
            Padded& object = (*objects)[i];
            object.initial = 'p';
            object.number = 12345;
            object.part = -6;
            object.fraction = 7.5;
        }
    REQUIRE_FALSE(zeros == ones);
    CHECK(encoded(zeros[0]) == encoded(ones[0]));
    CHECK(key_of_bytes(zeros[0]) == key_of_bytes(ones[0]));
    CHECK(encoded(ones[0]).size() == 1 + 8 + 2 + 8);
    std::vector<Padded> const many_zeros(&zeros[0], &zeros[0] + 3),
        many_ones(&ones[0], &ones[0] + 3);
    CHECK(encoded(many_zeros) == encoded(many_ones));
    CHECK(key_of_bytes(many_zeros) == key_of_bytes(many_ones));
    using Pair = std::pair<int, std::optional<Padded>>;
    CHECK(key_of_bytes(Pair(1, zeros[0])) == key_of_bytes(Pair(1, ones[0])));
}

TEST_CASE("padding within a long double gets into no encoding, either") {
    Filled<long double> zeros(0x00, 2), ones(0xff, 2);
    for (auto* const objects : {&zeros, &ones}) {
        // Through a register: the value's ten bytes are written, and no more.
        long double const volatile first = 1.5L, second = 2;
        (*objects)[0] = first;
        (*objects)[1] = second;
    }
    REQUIRE_FALSE(zeros == ones);
    CHECK(encoded(zeros[0]) == encoded(ones[0]));
    CHECK(key_of_bytes(zeros[0]) == key_of_bytes(ones[0]));
    std::vector<long double> const many_zeros(&zeros[0], &zeros[0] + 2),
        many_ones(&ones[0], &ones[0] + 2);
    CHECK(encoded(many_zeros) == encoded(many_ones));
    CHECK(key_of_bytes(many_zeros) == key_of_bytes(many_ones));
    CHECK(decoded<std::vector<long double>>(encoded(many_ones)) == many_zeros);
}

TEST_CASE("adopted views point into the arena, at every depth") {
    using Nested = std::tuple<std::string_view, std::vector<std::optional<TextView>>,
                              std::array<std::pair<int, std::string_view>, 2>>;
    std::string bytes = encoded(Nested{
        "first",
        {TextView{1, "second", {{"third", "fourth"}, {"fifth", std::nullopt}}}, std::nullopt},
        {{{2, "sixth"}, {3, ""}}}});
    std::string const kept = bytes;
    Nested value = decoded<Nested>(bytes);
    Arena arena;
    adopt_views(value, arena);
    std::fill(bytes.begin(), bytes.end(), '#');
    CHECK(value == decoded<Nested>(kept));
    CHECK(encoded(value) == kept);
}

TEST_CASE("adopted views of every kind of record are copies") {
    auto const check = [](auto const& original) {
        using T = std::remove_cvref_t<decltype(original)>;
        std::string bytes = encoded(original);
        T value = decoded<T>(bytes);
        Arena arena;
        adopt_views(value, arena);
        std::fill(bytes.begin(), bytes.end(), '#');
        CHECK(value == original);
    };
    check(std::string_view("text"));
    check(std::optional<std::string_view>("text"));
    check(std::vector<std::string_view>{"a", "text"});
    check(std::vector<std::vector<std::string_view>>{{"a"}, {}, {"b", "text"}});
    check(std::array<std::string_view, 2>{"a", "text"});
    check(std::pair<int, std::string_view>(1, "text"));
    check(std::tuple<std::string_view, int>("text", 1));
    check(KeyValue<std::string_view, std::string_view>("a", "text"));
    check(TextView{1, "text", {{"a", "b"}}});
    check(std::optional<std::tuple<std::vector<TextView>>>({{{1, "text", {}}}}));
}

TEST_CASE("records without views are left alone") {
    Arena arena;
    Order value = order;
    adopt_views(value, arena);
    CHECK(value == order);
    CHECK(arena.allocated_bytes() == 0);
}

namespace {

template <typename K>
void check_hash(std::vector<K> const& keys) {
    for (K const& key : keys) {
        ByteWriter scratch;
        std::string_view const bytes = key_bytes(key, scratch);
        CHECK(hash_of(key, bytes) == hash_key(bytes));
    }
}

}  // namespace

TEST_CASE("a key hashed from where it is has the hash of its bytes") {
    check_hash<bool>({false, true});
    check_hash<char>({'a', '\0', '\xff'});
    check_hash<std::int16_t>({0, -1, 300});
    check_hash<std::uint32_t>({0, 1, ~0U});
    check_hash<std::int64_t>({0, -1, 1, INT64_MIN});
    check_hash<Colour>({Colour{}, static_cast<Colour>(1)});
    check_hash<float>({0.0F, -0.0F, 1.5F, std::nanf("1"), -std::nanf("2")});
    check_hash<double>({0.0, -0.0, 1e300, std::nan("1"), -std::nan("2")});
    check_hash<long double>({0.0L, -1.5L});
    check_hash<std::string>({"", "word", std::string(40, 'x')});
    check_hash<std::pair<int, double>>({{1, -0.0}, {0, 2}});
}
