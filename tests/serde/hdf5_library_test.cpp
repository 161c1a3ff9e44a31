#include "serry/serde/hdf5_library.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

using namespace serry;

namespace {

/// A file in memory, of which no more than so many bytes can be written.
struct Memory final : Hdf5Bytes {
    std::uint64_t byte_count() const override { return bytes.size(); }
    void read(std::uint64_t offset, char* to, std::uint64_t byte_count) override {
        if (is_unreadable) throw std::runtime_error("unreadable");
        std::memcpy(to, bytes.data() + offset, byte_count);
    }
    void write(std::uint64_t offset, char const* from, std::uint64_t byte_count) override {
        if (offset + byte_count > room) throw std::runtime_error("full");
        bytes.resize(std::max<std::size_t>(bytes.size(), offset + byte_count));
        std::memcpy(bytes.data() + offset, from, byte_count);
    }

    std::string bytes;
    std::uint64_t room = 1 << 20;
    bool is_unreadable = false;
};

}  // namespace

TEST_CASE("a file that was made can be opened again, and is as long as it says") {
    Memory memory;
    CHECK(make_hdf5(memory).is_open());
    CHECK_FALSE(memory.failure);
    CHECK(memory.bytes.substr(1, 3) == "HDF");
    CHECK(open_hdf5(memory).is_open());
}

TEST_CASE("a failed write is kept for who writes, and closing goes well") {
    Memory memory;
    memory.room = 10;
    Hdf5Handle file = make_hdf5(memory);
    CHECK(file.is_open());
    CHECK(file.reset());
    CHECK(memory.failure);
    CHECK(memory.bytes.empty());
}

TEST_CASE("a failed read is HDF5's failure, with what was thrown beside it") {
    Memory memory;
    make_hdf5(memory);
    memory.is_unreadable = true;
    CHECK_FALSE(open_hdf5(memory).is_open());
    CHECK(memory.failure);
}

TEST_CASE("HDF5's reason is one line, and told once") {
    Memory memory;
    memory.bytes = "no HDF5";
    CHECK_FALSE(open_hdf5(memory).is_open());
    CHECK(hdf5_reason() == "unable to open file: file signature not found");
    CHECK(hdf5_reason() == "HDF5 gives no reason");
}

TEST_CASE("handles can be moved, and close once") {
    static int close_count = 0;
    auto const close = [](Hdf5Id) { return ++close_count * 0; };
    {
        Hdf5Handle one(7, close);
        Hdf5Handle two(std::move(one));
        CHECK(two.id() == 7);
        one = std::move(two);
        CHECK(one.reset());
        CHECK(one.reset());
    }
    CHECK(close_count == 1);
}

TEST_CASE("types are made") {
    for (int kind = 0; kind <= static_cast<int>(Hdf5Kind::text); ++kind)
        CHECK(hdf5_type(static_cast<Hdf5Kind>(kind)).is_open());
    CHECK(hdf5_row_type(hdf5_record<int>()).is_open());
    CHECK(hdf5_file_type(hdf5_record<std::string>()).is_open());
}
