#include "serry/serde/codec.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serde/records.hpp"
#include "serry/base/error.hpp"
#include "support/allocations.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Deep {
    std::vector<std::vector<Order>> orders;
    std::tuple<int, std::string, std::optional<std::vector<bool>>> extra;
    KeyValue<std::string, Point> pair;
    friend bool operator==(Deep const&, Deep const&) = default;
};
struct Empty {
    friend bool operator==(Empty const&, Empty const&) = default;
};

/// With a constructor and a secret: only its Codec knows how.
class Celsius {
public:
    explicit Celsius(double degrees) : degrees_(degrees) {}
    double degrees() const { return degrees_; }
    friend bool operator==(Celsius const&, Celsius const&) = default;

private:
    double degrees_;
};
struct Weather {
    std::vector<Celsius> by_hour;
    std::optional<Celsius> record;
    std::string place;
    friend bool operator==(Weather const&, Weather const&) = default;
};

/// With a constructor, but its bytes are all there is to it.
class Rgb {
public:
    Rgb() = default;
    Rgb(std::uint8_t r, std::uint8_t g, std::uint8_t b) : parts_{r, g, b} {}
    friend bool operator==(Rgb const&, Rgb const&) = default;

private:
    std::array<std::uint8_t, 3> parts_{};
};
class NotQuitePlain {
public:
    NotQuitePlain(NotQuitePlain const&) {}
};

struct WithPointer {
    int number = 0;
    char const* text = nullptr;
};
struct WithReference {
    int& number;
};
struct WithFunction {
    int (*function)(int) = nullptr;
};
struct WithOwner {
    std::unique_ptr<int> owned;
};
struct WithConstant {
    int const number = 0;
};
struct OuterPointer {
    std::vector<std::pair<int, WithPointer>> all;
};
class Opaque {
public:
    explicit Opaque(int) {}
};
union Either {
    int number;
    float fraction;
};

}  // namespace

template <>
struct serry::Codec<Celsius> {
    static void encode(Celsius const& value, ByteWriter& writer) {
        double const degrees = value.degrees();
        writer.put(&degrees, sizeof degrees);
    }
    static Celsius decode(ByteReader& reader) {
        double degrees = 0;
        reader.take_into(&degrees, sizeof degrees);
        return Celsius(degrees);
    }
};
template <>
inline constexpr bool serry::is_plain<Rgb> = true;
template <>
inline constexpr bool serry::is_plain<NotQuitePlain> = true;

namespace {

static_assert(Encodable<bool> && Encodable<char> && Encodable<std::int64_t> && Encodable<float>);
static_assert(Encodable<long double> && Encodable<Colour> && Encodable<Level>);
static_assert(
    Encodable<std::string> && Encodable<std::string_view> && Encodable<std::vector<bool>>);
static_assert(Encodable<std::pair<int, std::string>> && Encodable<std::tuple<>>);
static_assert(Encodable<Order> && Encodable<Deep> && Encodable<Empty> && Encodable<TextView>);
static_assert(Encodable<Celsius> && Encodable<Weather> && Encodable<Rgb>);
static_assert(Encodable<KeyValue<std::string, std::vector<std::optional<Point>>>>);

static_assert(!Encodable<int*> && !Encodable<char const*> && !Encodable<std::nullptr_t>);
static_assert(!Encodable<int&> && !Encodable<std::string const&> && !Encodable<void (*)()>);
static_assert(!Encodable<int WithPointer::*> && !Encodable<int (WithPointer::*)()>);
static_assert(!Encodable<std::unique_ptr<int>> && !Encodable<std::shared_ptr<int>>);
static_assert(!Encodable<std::reference_wrapper<int>> && !Encodable<std::span<int>>);
static_assert(!Encodable<std::vector<int*>> && !Encodable<std::array<int*, 2>>);
static_assert(!Encodable<std::optional<int*>> && !Encodable<std::pair<int, int*>>);
static_assert(!Encodable<std::tuple<int, char const*>> && !Encodable<std::tuple<int&>>);
static_assert(!Encodable<KeyValue<int, int*>> && !Encodable<KeyValue<int*, int>>);
static_assert(!Encodable<WithPointer> && !Encodable<WithFunction> && !Encodable<OuterPointer>);
static_assert(!Encodable<WithReference> && !Encodable<WithOwner> && !Encodable<WithConstant>);
static_assert(!Encodable<Opaque> && !Encodable<Either> && !Encodable<std::list<int>>);
static_assert(!Encodable<std::map<int, int>> && !Encodable<void> && !Encodable<NotQuitePlain>);

/// Decoding `bytes` ends in a value or in StorageError, and never takes memory beyond what a record
/// of so few bytes can need.
template <typename T>
bool is_refused(std::string_view bytes) {
    bool refused = false;
    reset_allocations();
    try {
        ByteReader reader(bytes);
        T const value = decode<T>(reader);
        encoded(value);
    } catch (StorageError const&) {
        refused = true;
    }
    CHECK(allocations.largest_bytes < 65536);
    return refused;
}

template <typename T>
void check_type(std::vector<T> const& values) {
    for (T const& value : values) {
        std::string const bytes = encoded(value);
        CHECK(decoded<T>(bytes) == value);
        CHECK(encoded(decoded<T>(bytes)) == bytes);
        std::string const key = key_of_bytes(value);
        CHECK(key_of_bytes(key_from_bytes<T>(key)) == key);
        // Cut short, it is not taken for whole.
        for (std::size_t size = 0; size < bytes.size(); ++size)
            CHECK(is_refused<T>(std::string(bytes, 0, size)));
    }
    std::string const all = encoded(values);
    CHECK(decoded<std::vector<T>>(all) == values);
    for (std::size_t size = 0; size < all.size(); ++size)
        CHECK(is_refused<std::vector<T>>(std::string(all, 0, size)));
    // Damage.
    std::mt19937_64 random(17);
    for (int i = 0; i < 300; ++i) {
        std::string bytes(random() % 48, '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        is_refused<T>(bytes);
        is_refused<std::vector<T>>(bytes);
        std::string damaged = all;
        if (damaged.empty()) continue;
        damaged[random() % damaged.size()] = static_cast<char>(random());
        is_refused<std::vector<T>>(damaged);
    }
}

}  // namespace

TEST_CASE("numbers come back as they went") {
    check_type<int>({0, 1, -1, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()});
    check_type<std::int8_t>({0, -128, 127});
    check_type<std::uint64_t>({0, 1, std::numeric_limits<std::uint64_t>::max()});
    check_type<char>({'\0', 'a', '\xff'});
    check_type<wchar_t>({L'\0', L'a'});
    check_type<double>({0.0, -1.5, 1e300, std::numeric_limits<double>::infinity(),
                        std::numeric_limits<double>::denorm_min()});
    check_type<float>({0.0F, -1.5F, std::numeric_limits<float>::lowest()});
    check_type<long double>({0.0L, -1.5L, 1e4000L});
    check_type<Colour>({Colour::red, Colour::green});
    CHECK(decoded<Level>(encoded(high)) == high);
}

TEST_CASE("outside of keys every bit of a double comes back") {
    CHECK(std::signbit(decoded<double>(encoded(-0.0))));
    for (std::uint64_t payload : {1ULL, 0x8000000000000ULL, 0x8000000000123ULL}) {
        std::uint64_t const bits = 0x7ff0000000000000ULL | payload;
        std::string const bytes = encoded(nan_of(payload));
        CHECK(std::memcmp(bytes.data(), &bits, sizeof bits) == 0);
    }
}

TEST_CASE("any byte but 0 is a true bool") {
    check_type<bool>({false, true});
    CHECK(decoded<bool>("\x02"));
    CHECK(decoded<bool>("\xff"));
    CHECK(encoded(decoded<bool>("\xff")) == "\x01");
    CHECK(decoded<std::vector<bool>>({"\x02\x80\0", 3}) == std::vector<bool>{true, false});
}

TEST_CASE("texts come back, empty ones and ones with zeros too") {
    using std::string_literals::operator""s;
    check_type<std::string>({"", "a", "a\0b"s, "\0"s, std::string(200, 'x'), "\xff\xfe"});
    check_type<std::string_view>({"", "view", std::string_view("\0\0", 2)});
    CHECK(encoded("abc"s) == "\x03"s + "abc");
    CHECK(encoded(""s) == "\0"s);
}

TEST_CASE("views in what was decoded point into the bytes it was decoded from") {
    std::string const bytes = encoded(std::string("text"));
    std::string_view const view = decoded<std::string_view>(bytes);
    CHECK(static_cast<void const*>(view.data()) == bytes.data() + 1);
}

TEST_CASE("vectors, arrays, optionals, pairs and tuples come back") {
    check_type<std::vector<int>>({{}, {1}, {1, 2, 3}});
    check_type<std::vector<std::string>>({{}, {""}, {"a", "", "bc"}});
    check_type<std::vector<bool>>({{}, {true}, {false, true, true}});
    check_type<std::vector<std::vector<double>>>({{}, {{}}, {{1.5}, {}, {2, 3}}});
    check_type<std::vector<Colour>>({{Colour::green, Colour::red}});
    check_type<std::array<std::int16_t, 3>>({{1, 2, 3}, {-1, 0, 1}});
    check_type<std::array<std::string, 2>>({{"a", ""}});
    check_type<std::array<bool, 2>>({{true, false}});
    check_type<std::optional<int>>({std::nullopt, 0, 7});
    check_type<std::optional<std::string>>({std::nullopt, "", "x"});
    check_type<std::optional<std::optional<int>>>({std::nullopt, std::optional<int>(), 3});
    check_type<std::pair<int, std::string>>({{0, ""}, {1, "one"}});
    check_type<std::tuple<int, double, std::string>>({{0, 0, ""}, {1, 2, "three"}});
    check_type<KeyValue<std::string, double>>({{"", 0}, {"key", 1.5}});
    check_type<std::vector<long double>>({{}, {1.5L, -2}});
}

TEST_CASE("structs are walked field by field, however deep") {
    check_type<Point>({{}, {1, 2.5}});
    check_type<Order>({{}, order});
    check_type<Deep>(
        {{}, {{{order, {}}, {}, {order}}, {7, "", std::vector<bool>{true}}, {"k", {1, 2}}}});
    CHECK(encoded(Point{1, 2}).size() == sizeof(std::int32_t) + sizeof(double));
}

TEST_CASE("what holds nothing takes no bytes") {
    CHECK(encoded(Empty{}).empty());
    CHECK(encoded(std::tuple<>()).empty());
    CHECK(encoded(std::array<int, 0>()).empty());
    CHECK(decoded<Empty>("") == Empty{});
    CHECK(decoded<std::optional<Empty>>(encoded(std::optional<Empty>(Empty{}))).has_value());
    CHECK(decoded<std::vector<Empty>>(encoded(std::vector<Empty>(5))).size() == 5);
    ByteWriter scratch;
    CHECK(key_bytes(Empty{}, scratch).empty());
}

TEST_CASE("a type with a Codec is in its hands, alone and inside of others") {
    CHECK(decoded<Celsius>(encoded(Celsius(21.5))) == Celsius(21.5));
    check_type<Weather>({{}, {{Celsius(1), Celsius(-2)}, Celsius(40), "Delft"}});
}

TEST_CASE("a plain type is its bytes") {
    CHECK(encoded(Rgb(1, 2, 3)) == "\x01\x02\x03");
    check_type<Rgb>({Rgb(1, 2, 3), Rgb(255, 0, 9)});
    check_type<std::vector<Rgb>>({{}, {Rgb(1, 2, 3), Rgb(4, 5, 6)}});
    check_type<std::pair<Rgb, std::optional<Rgb>>>({{Rgb(1, 2, 3), Rgb(4, 5, 6)}});
}

TEST_CASE("a length that cannot be is refused, and no memory is asked for") {
    std::vector<std::uint64_t> lengths{100, 1000000, std::uint64_t{1} << 32};
    for (unsigned bits = 57; bits < 64; ++bits)
        for (std::uint64_t more : {0, 1, 2, 7})
            lengths.push_back((std::uint64_t{1} << bits) + more);
    // Times the size of an element these leave no or few bytes, modulo 2^64.
    for (std::uint64_t size : {2, 3, 4, 8, 12, 16})
        for (std::uint64_t more : {0, 1, 2})
            lengths.push_back(std::numeric_limits<std::uint64_t>::max() / size + more);
    lengths.push_back(std::numeric_limits<std::uint64_t>::max());
    for (std::uint64_t length : lengths) {
        CAPTURE(length);
        ByteWriter writer;
        writer.put_varint(length);
        writer.put(std::string(40, '\1'));
        std::string_view const bytes = writer.view();
        CHECK(is_refused<std::string>(bytes));
        CHECK(is_refused<std::string_view>(bytes));
        CHECK(is_refused<std::vector<char>>(bytes));
        CHECK(is_refused<std::vector<std::int16_t>>(bytes));
        CHECK(is_refused<std::vector<float>>(bytes));
        CHECK(is_refused<std::vector<double>>(bytes));
        CHECK(is_refused<std::vector<long double>>(bytes));
        CHECK(is_refused<std::vector<Rgb>>(bytes));
        CHECK(is_refused<std::vector<bool>>(bytes));
        CHECK(is_refused<std::vector<std::string>>(bytes));
        CHECK(is_refused<std::vector<Order>>(bytes));
        CHECK(is_refused<std::vector<Celsius>>(bytes));
        CHECK(is_refused<std::vector<std::vector<int>>>(bytes));
    }
}

TEST_CASE("a vector that claims more than there is says so") {
    ByteWriter writer;
    writer.put_varint(std::uint64_t{1} << 60);
    writer.put(std::string(40, '\1'));
    ByteReader reader(writer.view());
    CHECK_THROWS_WITH_AS(
        decode<std::vector<double>>(reader),
        "encoded record is cut short: 9223372036854775808 more bytes expected, 40 left",
        StorageError);
}

namespace {

struct Numbers {
    double a;
    std::array<std::int32_t, 3> b;
    std::uint16_t c, d;
};
struct Gap {
    char a;
    double b;
};
struct Answer {
    std::int32_t a, b;
    bool c, d, e, f;
};
struct Nested {
    Numbers numbers;
    KeyValue<float, std::uint32_t> pair;
};

static_assert(codec::is_its_bytes<Numbers>() && codec::is_its_bytes<Nested>());
static_assert(codec::is_its_bytes<std::array<Numbers, 4>>());
static_assert(codec::is_its_bytes<KeyValue<std::int64_t, std::array<char, 8>>>());
static_assert(!codec::is_its_bytes<Gap>() && !codec::is_its_bytes<Answer>());
static_assert(!codec::is_its_bytes<long double>() && !codec::is_its_bytes<KeyValue<char, int>>());
static_assert(!codec::is_its_bytes<std::string_view>() && !codec::is_its_bytes<std::vector<int>>());

/// As a value made of parts is encoded: one after the other.
template <typename... T>
std::string encoded_parts(T const&... parts) {
    return (encoded(parts) + ...);
}

}  // namespace

TEST_CASE("a value that is its bytes has the same bytes as its parts in turn") {
    Numbers const numbers{-0.5, {{1, -2, 3}}, 4, 65535};
    std::string const bytes =
        encoded_parts(numbers.a, numbers.b[0], numbers.b[1], numbers.b[2], numbers.c, numbers.d);
    CHECK((encoded(numbers) == bytes));
    CHECK((encoded(std::array{numbers, numbers}) == bytes + bytes));
    CHECK((encoded(std::vector{numbers, numbers}) == "\x02" + bytes + bytes));
    Nested const nested{numbers, {1.5F, 7}};
    CHECK((encoded(nested) == bytes + encoded_parts(1.5F, std::uint32_t{7})));
    CHECK((encoded(decoded<Nested>(encoded(nested))) == encoded(nested)));
    CHECK((encoded(decoded<std::vector<Nested>>(encoded(std::vector{nested, nested})))
           == encoded(std::vector{nested, nested})));
    Gap const gap{'a', 2};
    CHECK((encoded(gap) == encoded_parts('a', 2.0)));
    CHECK((encoded(decoded<Gap>(encoded(gap))) == encoded(gap)));
    // As keys they go part by part still: a zero has one form.
    ByteWriter one, other;
    CHECK((key_bytes(std::array{0.0, 1.0}, one) == key_bytes(std::array{-0.0, 1.0}, other)));
    CHECK((key_bytes(Numbers{0.0, {}, 0, 0}, one) == key_bytes(Numbers{-0.0, {}, 0, 0}, other)));
}
