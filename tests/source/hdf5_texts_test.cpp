#include "serry/source/hdf5_texts.hpp"

#include <cstring>
#include <string>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Memory final : Hdf5Bytes {
    std::uint64_t byte_count() const override { return bytes.size(); }
    void read(std::uint64_t offset, char* to, std::uint64_t byte_count) override {
        REQUIRE(offset + byte_count <= bytes.size());
        std::memcpy(to, bytes.data() + offset, byte_count);
        ++read_count;
    }
    void write(std::uint64_t, char const*, std::uint64_t) override {}

    std::string bytes;
    int read_count = 0;
};

std::string number(std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i);
    return text;
}

std::string object(std::uint64_t index, std::string const& text) {
    return number(index, 2) + number(1, 2) + number(0, 4) + number(text.size(), 8) + text
           + std::string((8 - text.size() % 8) % 8, '\0');
}

/// Some bytes, then a collection of two texts.
Memory heap() {
    std::string const objects = object(1, "one") + object(2, std::string("number two\0x", 12));
    Memory memory;
    memory.bytes = std::string(32, 'x') + std::string("GCOL\1\0\0\0", 8)
                   + number(16 + objects.size() + 16, 8) + objects + object(0, "");
    return memory;
}

std::string reference(std::uint64_t size, std::uint64_t address, std::uint64_t index) {
    return number(size, 4) + number(address, 8) + number(index, 4);
}

}  // namespace

TEST_CASE("texts are found by their references, and end at a zero") {
    Memory memory = heap();
    Hdf5Texts texts(memory, {});
    CHECK(texts.reference_bytes() == 16);
    CHECK(texts.reference_type().is_open());
    CHECK(texts.text(reference(3, 32, 1).data()) == "one");
    CHECK(texts.text(reference(2, 32, 1).data()) == "on");
    CHECK(texts.text(reference(12, 32, 2).data()) == "number two");
    CHECK(texts.text(reference(0, 99, 99).data()).empty());
    CHECK(memory.read_count == 2);
    texts.begin_batch();
    CHECK(texts.text(reference(3, 32, 1).data()) == "one");
    CHECK(memory.read_count == 2);
}

TEST_CASE("a heap behind a user's block, and small sizes") {
    Memory memory = heap();
    Hdf5Texts texts(memory, {.base = 30, .address_bytes = 4, .length_bytes = 8});
    CHECK(texts.reference_bytes() == 12);
    CHECK(texts.text((number(3, 4) + number(2, 4) + number(1, 4)).data()) == "one");
}

TEST_CASE("broken references and heaps are InputErrors") {
    Memory memory = heap();
    Hdf5Texts texts(memory, {});
    std::string const begin = "InputError 65: the text that should be at byte ";
    std::string const end = "; get the file again, or make it again";
    auto const failure = [&](std::uint64_t size, std::uint64_t address, std::uint64_t index) {
        return thrown([&] { texts.text(reference(size, address, index).data()); });
    };
    CHECK(failure(4, 32, 1)
          == begin + "32 is broken: 4 bytes are expected as number 1 there" + end);
    CHECK(failure(1, 32, 3)
          == begin + "32 is broken: 1 bytes are expected as number 3 there" + end);
    CHECK(failure(1, 33, 1) == begin + "33 is broken: no texts are there" + end);
    std::string const size = std::to_string(memory.bytes.size());
    CHECK(failure(1, 120, 1) == begin + "120 is broken: the file has " + size + " bytes" + end);
    CHECK(failure(1, ~std::uint64_t{0}, 1)
          == begin + std::to_string(~std::uint64_t{0}) + " is broken: the file has " + size
                 + " bytes" + end);
    memory.bytes[45] = 1;
    CHECK(Hdf5Texts(memory, {}).reference_bytes() == 16);
    CHECK(thrown([&] {
              Hdf5Texts(memory, {}).text(reference(1, 32, 1).data());
          }).find("bytes of texts are said to be there, the file has " + size)
          != std::string::npos);
}
