#include "serry/source/read_buffer.hpp"

#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using namespace serry;

namespace {

std::string_view text_of(ReadBuffer const& buffer) { return {buffer.begin(), buffer.size()}; }

void append(ReadBuffer& buffer, std::string_view text, std::uint64_t file_offset) {
    std::memcpy(buffer.reserve(text.size(), file_offset), text.data(), text.size());
    buffer.used(text.size());
}

}  // namespace

TEST_CASE("what is appended and not dropped is there, whatever the sizes") {
    std::mt19937 random(4);
    ReadBuffer buffer;
    std::string expected;
    std::uint64_t file_offset = 12345;
    for (int i = 0; i < 3000; ++i) {
        std::string piece(1 + random() % 500, '\0');
        for (char& c : piece) c = static_cast<char>(random());
        append(buffer, piece, file_offset);
        file_offset += piece.size();
        expected += piece;
        CHECK((text_of(buffer) == expected));
        std::size_t const dropped = random() % 8 ? random() % (expected.size() + 1) : 0;
        buffer.drop_until(buffer.begin() + dropped);
        expected.erase(0, dropped);
        CHECK((text_of(buffer) == expected));
    }
}

TEST_CASE("there are readable bytes around the text, no line ends among those behind it") {
    ReadBuffer buffer;
    for (int i = 0; i < 200; ++i) {
        append(buffer, "\r\n\n\r\n\n\n", static_cast<std::uint64_t>(7 * i));
        CHECK(std::memchr(buffer.end(), '\n', ReadBuffer::padding) == nullptr);
        if (i % 3 == 0) buffer.drop_until(buffer.end());
    }
    ReadBuffer fresh;
    append(fresh, "\n", 0);
    CHECK(fresh.begin()[-1] != '\r');
}

TEST_CASE(
    "room is aligned as the file is, and text stays in place while pieces follow each other") {
    ReadBuffer buffer;
    buffer.reserve(1 << 16, 0);
    append(buffer, "begin of a line", 100);
    char const* const begin = buffer.begin();
    std::uint64_t offset = 115;
    for (int i = 0; i < 50; ++i) {
        char* const room = buffer.reserve(64, offset);
        CHECK((reinterpret_cast<std::uintptr_t>(room) - offset) % 64 == 0);
        CHECK(buffer.begin() == begin);
        std::memset(room, 'x', 64);
        buffer.used(64);
        offset += 64;
    }
}

TEST_CASE("memory is kept, and given back when asked for") {
    ReadBuffer buffer;
    append(buffer, std::string(100'000, 'x'), 0);
    std::size_t const capacity = buffer.capacity();
    CHECK(capacity >= 100'000);
    buffer.clear();
    CHECK(buffer.empty());
    append(buffer, "y", 0);
    CHECK(buffer.capacity() == capacity);
    buffer.release();
    CHECK(buffer.capacity() == 0);
    CHECK(buffer.empty());
    append(buffer, "z", 5);
    CHECK(text_of(buffer) == "z");
}
