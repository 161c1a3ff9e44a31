#include "serry/base/huge_pages.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("mapped memory begins a huge page, is zero, and is writable to its end") {
    for (std::size_t const byte_count :
         {std::size_t{1}, std::size_t{4097}, huge_page_bytes, 3 * huge_page_bytes + 5}) {
        CAPTURE(byte_count);
        auto* const bytes = static_cast<unsigned char*>(map_huge_pages(byte_count));
        REQUIRE(bytes);
        CHECK(reinterpret_cast<std::uintptr_t>(bytes) % huge_page_bytes == 0);
        CHECK(std::all_of(bytes, bytes + byte_count, [](unsigned char b) { return b == 0; }));
        std::fill_n(bytes, byte_count, 0xff);
        unmap_huge_pages(bytes, byte_count);
    }
}

TEST_CASE("what no machine has is not mapped") {
    CHECK(map_huge_pages(std::size_t{1} << 60) == nullptr);
    CHECK(map_huge_pages(std::numeric_limits<std::size_t>::max() - 5000) == nullptr);
}

TEST_CASE("an array grows into huge pages and keeps its content") {
    std::vector<std::uint64_t, HugePages<std::uint64_t>> numbers;
    std::size_t const count = 3 * huge_page_bytes / sizeof(std::uint64_t);
    for (std::uint64_t i = 0; i < count; ++i) numbers.push_back(i);
    std::vector<std::uint64_t> expected(count);
    std::iota(expected.begin(), expected.end(), std::uint64_t{0});
    CHECK(std::equal(numbers.begin(), numbers.end(), expected.begin(), expected.end()));
    CHECK(reinterpret_cast<std::uintptr_t>(numbers.data()) % huge_page_bytes == 0);
    numbers.resize(5);
    numbers.shrink_to_fit();
    CHECK(numbers == decltype(numbers){0, 1, 2, 3, 4});
}

TEST_CASE("arrays that fit nowhere throw what arrays throw") {
    HugePages<std::uint64_t> pages;
    CHECK_THROWS_AS((void)pages.allocate(std::size_t{1} << 57), std::bad_alloc);
    CHECK_THROWS_AS((void)pages.allocate(std::size_t{1} << 61), std::bad_array_new_length);
}
