#include "serry/shuffle/wire_record.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"

using namespace serry;

namespace {

std::string framed(std::string_view key,
                   bool has_leaf,
                   std::uint32_t leaf,
                   std::string_view value) {
    ByteWriter body, out;
    put_key(key, has_leaf, leaf, body);
    body.put(value);
    put_framed(body.view(), out);
    return std::string(out.view());
}

WireRecord record(std::uint64_t hash, std::string_view key, std::uint32_t leaf) {
    WireRecord made;
    made.hash = hash;
    made.key = key;
    made.leaf = leaf;
    return made;
}

}  // namespace

TEST_CASE("a record is its length, the key with its length, the leaf, and the value") {
    CHECK(framed("key", false, 9, "val") == "\x07\x03keyval");
    CHECK(framed("key", true, 9, "val") == "\x08\x03key\x09val");
    CHECK(framed("key", true, 200, "") == "\x06\x03key\xc8\x01");
    CHECK(framed("", false, 0, "") == std::string("\x01\0", 2));
}

TEST_CASE("a record is read as it was written, whatever follows it") {
    for (bool const has_leaf : {false, true})
        for (std::size_t const key_size : {0, 1, 15, 16, 127, 128, 20000})
            for (std::size_t const value_size : {0, 1, 127, 20000}) {
                std::string const key(key_size, 'k'), value(value_size, 'v');
                std::string const bytes = framed(key, has_leaf, 300, value);
                std::string const with_more = bytes + "more";
                WireRecord read;
                REQUIRE(read_wire_record(with_more, has_leaf, read));
                CHECK(read.key == key);
                CHECK(read.value == value);
                CHECK(read.leaf == (has_leaf ? 300 : 0));
                CHECK(read.hash == hash_key(key));
                CHECK(read.framed == bytes);
                CHECK(read.framed.data() == with_more.data());
            }
}

TEST_CASE("a record that is cut anywhere is not there yet") {
    std::string const bytes = framed(std::string(150, 'k'), true, 70000, std::string(200, 'v'));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        WireRecord read;
        CHECK_FALSE(read_wire_record(std::string_view(bytes).substr(0, size), true, read));
    }
}

TEST_CASE("a damaged record is an error, never a read past its end") {
    WireRecord read;
    CHECK_THROWS_WITH_AS(read_wire_record(std::string_view("\x02\x05k", 3), false, read),
                         "encoded record is cut short: 5 more bytes expected, 1 left",
                         StorageError);
    CHECK_THROWS_WITH_AS(read_wire_record(std::string(11, '\xff'), false, read),
                         "encoded record is damaged: a length has more than 64 bits", StorageError);
    std::mt19937_64 random(1);
    for (int i = 0; i < 100000; ++i) {
        std::string bytes(random() % 24, '\0');
        bool const is_small = i % 2 == 0;
        for (char& byte : bytes) byte = static_cast<char>(is_small ? random() % 24 : random());
        std::vector<char> const exact(bytes.begin(), bytes.end());  // a sanitizer sees its end
        try {
            if (!read_wire_record({exact.data(), exact.size()}, i % 4 < 2, read)) continue;
            CHECK(read.framed.size() <= exact.size());
            CHECK(read.key.size() + read.value.size() < read.framed.size());
        } catch (StorageError const&) {
        }
    }
}

TEST_CASE("records are in order by hash, then by the bytes of their keys, then by leaf") {
    std::vector<WireRecord> const ascending{
        record(1, "z", 9),     record(2, "", 0),  record(2, "a", 0),    record(2, "a", 1),
        record(2, "a\x01", 0), record(2, "b", 0), record(2, "\xff", 0), record(3, "", 0)};
    constexpr WireOrder order;
    for (std::size_t i = 0; i < ascending.size(); ++i)
        for (std::size_t j = 0; j < ascending.size(); ++j)
            CHECK(order(ascending[i], ascending[j]) == (i < j));
}

TEST_CASE("a frame is the same whether its body is there or is written into it") {
    for (std::size_t const size : {0, 1, 127, 128, 129, 16383, 16384, 16385, 3000000}) {
        CAPTURE(size);
        std::string const body(size, 'b');
        ByteWriter given, written;
        given.put("before");
        written.put("before");
        put_framed(body, given);
        frame(written, [&](ByteWriter& out) { out.put(body); });
        CHECK(written.view() == given.view());
    }
}

TEST_CASE("a body that cannot be written leaves nothing behind") {
    ByteWriter out;
    out.put("before");
    auto const fail = [](ByteWriter& to) {
        to.put("half of it");
        throw StorageError("no more");
    };
    CHECK_THROWS_AS(frame(out, fail), StorageError);
    CHECK(out.view() == "before");
}
