#include "serry/shuffle/slot_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

std::span<unsigned char> bytes_of(SlotMemory const& memory) {
    return {static_cast<unsigned char*>(memory.zeroed_bytes()), memory.byte_count()};
}

}  // namespace

TEST_CASE("memory of any size is zero, aligned, and writable to its end") {
    for (std::size_t const byte_count : {1, 100, 4096, 1000000, (2 << 20) - 1, 2 << 20, 5000001}) {
        CAPTURE(byte_count);
        SlotMemory const memory(byte_count);
        CHECK(memory.byte_count() == byte_count);
        CHECK(reinterpret_cast<std::uintptr_t>(memory.zeroed_bytes()) % 64 == 0);
        CHECK(std::all_of(bytes_of(memory).begin(), bytes_of(memory).end(),
                          [](unsigned char byte) { return byte == 0; }));
        std::fill(bytes_of(memory).begin(), bytes_of(memory).end(), 0xff);
    }
}

TEST_CASE("memory that is used again after it was given back is zero again") {
    for (int i = 0; i < 3; ++i) {
        SlotMemory const memory(100000);
        CHECK(bytes_of(memory)[99999] == 0);
        bytes_of(memory)[99999] = 1;
    }
}

TEST_CASE("memory changes hands and is given back once") {
    for (std::size_t const byte_count : {1000, 4 << 20}) {
        SlotMemory first(byte_count);
        void* const at = first.zeroed_bytes();
        SlotMemory second(std::move(first));
        CHECK(second.zeroed_bytes() == at);
        SlotMemory third;
        CHECK(third.zeroed_bytes() == nullptr);
        third = std::move(second);
        CHECK(third.zeroed_bytes() == at);
        third = SlotMemory();
        CHECK(third.byte_count() == 0);
    }
}

TEST_CASE("more memory than there is does not fit") {
    CHECK(thrown([] { SlotMemory const memory(std::size_t{1} << 60); })
          == "StorageError 71: a table to combine or sort in, of 1.00 EiB, does not fit into memory; set a smaller --memory");
}
