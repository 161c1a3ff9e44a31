#include "serry/source/record_pieces.hpp"

#include <bit>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "source/input_file.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

std::string random_bytes(std::size_t byte_count) {
    std::mt19937 random(5);
    std::string bytes(byte_count, ' ');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

}  // namespace

TEST_CASE("pieces hold whole records, aligned, and all bytes of the split") {
    TempDir const dir;
    std::string const bytes = random_bytes(2'000'003);
    write_file(dir / "file", bytes);
    InputFile const expected = input_file(dir / "file");
    PinnedFile file(expected);
    for (std::size_t const record_bytes : {1, 8, 100, 4096, 700'000})
        for (std::size_t const alignment : {1, 8, 64})
            for (std::uint64_t const begin : {0, 3, 64, 1001}) {
                RecordPieces pieces(record_bytes, alignment);
                std::uint64_t const end =
                    begin + (bytes.size() - begin) / record_bytes * record_bytes;
                pieces.start(begin, end);
                std::string all;
                while (pieces.position() < end) {
                    auto const piece = pieces.read(file);
                    REQUIRE(piece.size() % record_bytes == 0);
                    REQUIRE(std::bit_cast<std::uintptr_t>(piece.data()) % alignment == 0);
                    all.append(piece.data(), piece.size());
                }
                CHECK((all == bytes.substr(begin, end - begin)));
                CHECK(pieces.read(file).empty());
            }
}
