#include "serry/serde/byte_buffer.hpp"

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/error.hpp"

using namespace serry;

namespace {

template <typename Call>
std::string storage_error(Call call) {
    try {
        call();
    } catch (StorageError const& error) {
        return error.what();
    }
    return "nothing thrown";
}

std::string varint(std::uint64_t value) {
    ByteWriter writer;
    writer.put_varint(value);
    return std::string(writer.view());
}

std::uint64_t read_varint(std::string_view bytes) {
    ByteReader reader(bytes);
    return reader.take_varint();
}

}  // namespace

TEST_CASE("bytes are read as they were written, in any pieces") {
    std::mt19937_64 random(13);
    std::vector<std::string> pieces;
    std::string expected;
    ByteWriter writer;
    for (int i = 0; i < 1000; ++i) {
        pieces.emplace_back(random() % 200, static_cast<char>(random()));
        expected += pieces.back();
        writer.put(pieces.back());
        REQUIRE(writer.size() == expected.size());
        REQUIRE(writer.capacity() >= writer.size());
    }
    CHECK(writer.view() == expected);
    ByteReader reader(writer.view());
    for (std::string const& piece : pieces) REQUIRE(reader.take(piece.size()) == piece);
    CHECK(reader.remaining() == 0);
    CHECK(reader.position() == writer.view().data() + writer.size());
}

TEST_CASE("a writer is empty at first, and after clear(), which keeps the memory") {
    ByteWriter writer;
    CHECK(writer.empty());
    CHECK(writer.view().empty());
    CHECK(writer.capacity() == 0);
    writer.put(nullptr, 0);
    CHECK(writer.empty());
    writer.put(std::string(1000, 'x'));
    std::size_t const capacity = writer.capacity();
    char const* const memory = writer.data();
    writer.clear();
    CHECK(writer.empty());
    writer.put(std::string(1000, 'y'));
    CHECK(writer.capacity() == capacity);
    CHECK(static_cast<void const*>(writer.data()) == memory);
    CHECK(writer.view() == std::string(1000, 'y'));
}

TEST_CASE("room that was reserved becomes content by extend() or set_size()") {
    ByteWriter writer;
    writer.put(std::string_view("ab"));
    std::memcpy(writer.reserve(3), "cde", 3);
    CHECK(writer.view() == "ab");
    writer.set_size(4);
    CHECK(writer.view() == "abcd");
    std::memcpy(writer.extend(2), "xy", 2);
    CHECK(writer.view() == "abcdxy");
    writer.reserve(0);
    CHECK(writer.size() == 6);
}

TEST_CASE("numbers take a byte for every seven bits, low ones first") {
    CHECK(varint(0) == std::string(1, '\0'));
    CHECK(varint(127) == "\x7f");
    CHECK(varint(128) == "\x80\x01");
    CHECK(varint(300) == "\xac\x02");
    CHECK(varint(std::numeric_limits<std::uint64_t>::max()) == std::string(9, '\xff') + "\x01");
    for (unsigned bits = 0; bits < 64; ++bits)
        CHECK(varint(std::uint64_t{1} << bits).size() == bits / 7 + 1);
}

TEST_CASE("numbers of every length are read back") {
    for (unsigned bits = 0; bits < 64; ++bits) {
        std::uint64_t const power = std::uint64_t{1} << bits;
        for (std::uint64_t value : {power - 1, power, power + 1, ~power})
            CHECK(read_varint(varint(value)) == value);
    }
}

TEST_CASE("numbers and bytes follow each other") {
    ByteWriter writer;
    writer.put_varint(3);
    writer.put(std::string_view("abc"));
    writer.put_varint(1000000);
    ByteReader reader(writer.view());
    std::uint64_t const size = reader.take_varint();
    CHECK(reader.take(size) == "abc");
    CHECK(reader.take_varint() == 1000000);
    CHECK(reader.remaining() == 0);
}

TEST_CASE("a value is read into its place") {
    double const written = 2.5;
    ByteWriter writer;
    writer.put(&written, sizeof written);
    ByteReader reader(writer.view());
    double value = 0;
    reader.take_into(&value, sizeof value);
    CHECK(value == written);
    reader.take_into(nullptr, 0);
}

TEST_CASE("no read goes past the end, and one that fails takes nothing") {
    ByteReader reader("abc");
    CHECK(storage_error([&] { reader.take(4); })
          == "encoded record is cut short: 4 more bytes expected, 3 left");
    CHECK(storage_error([&] { reader.take(std::numeric_limits<std::size_t>::max()); })
          == "encoded record is cut short: 18446744073709551615 more bytes expected, 3 left");
    CHECK(reader.take(3) == "abc");
    CHECK(reader.take(0).empty());
    CHECK(storage_error([&] { reader.take_varint(); })
          == "encoded record is cut short: 1 more bytes expected, 0 left");
    CHECK(storage_error([] { read_varint(""); })
          == "encoded record is cut short: 1 more bytes expected, 0 left");
    CHECK(storage_error([] { read_varint("\x80\x80"); })
          == "encoded record is cut short: 1 more bytes expected, 0 left");
}

TEST_CASE("a number of more than 64 bits is damage, however many bytes it has") {
    char const* const message = "encoded record is damaged: a length has more than 64 bits";
    std::string const nine(9, '\xff');
    CHECK(read_varint(nine + "\x01") == std::numeric_limits<std::uint64_t>::max());
    CHECK(storage_error([&] { read_varint(nine + "\x02"); }) == message);
    CHECK(storage_error([&] { read_varint(nine + "\x7f"); }) == message);
    CHECK(storage_error([&] { read_varint(nine + "\x80\x01"); }) == message);
    CHECK(storage_error([&] { read_varint(std::string(20, '\x80')); }) == message);
}

TEST_CASE("pieces of every size are copied whole, and nothing beside them") {
    std::string from(100, ' ');
    for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<char>('!' + i);
    for (std::size_t size = 0; size <= 70; ++size) {
        std::string to(size + 2, '.');
        copy_bytes(to.data() + 1, from.data() + 3, size);
        CHECK(to == "." + from.substr(3, size) + ".");
    }
}

TEST_CASE("bytes of every size are the same or not") {
    for (std::size_t size = 0; size <= 20; ++size) {
        std::string const one(size, 'x');
        CHECK(are_same(one, std::string(size, 'x')));
        CHECK_FALSE(are_same(one, std::string(size + 1, 'x')));
        for (std::size_t i = 0; i < size; ++i) {
            std::string other = one;
            other[i] = 'y';
            CHECK_FALSE(are_same(one, other));
        }
    }
}
