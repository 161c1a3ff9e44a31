#include "serry/base/arena.hpp"

#include <cstdint>
#include <limits>
#include <new>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/leak_check.hpp"

using serry::Arena;

namespace {

/// Texts of 0 to `most_bytes` - 1 bytes, each of one letter.
std::vector<std::string> random_texts(std::size_t text_count, std::size_t most_bytes) {
    std::mt19937_64 random(3);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < text_count; ++i)
        texts.emplace_back(random() % most_bytes, static_cast<char>('a' + random() % 26));
    return texts;
}

std::vector<std::string_view> copy_all(std::vector<std::string> const& texts, Arena& arena) {
    std::vector<std::string_view> copies;
    for (std::string const& text : texts) copies.push_back(arena.copy(text));
    return copies;
}

}  // namespace

TEST_CASE("what an arena was given stays as it is while more comes") {
    Arena arena(16);
    auto const texts = random_texts(2000, 300);
    auto const copies = copy_all(texts, arena);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        REQUIRE(copies[i] == texts[i]);
        if (!texts[i].empty()) REQUIRE(copies[i].data() != texts[i].data());
    }
}

TEST_CASE("an arena that is cleared gives the same memory again, and takes no more") {
    Arena arena;
    auto const texts = random_texts(500, 1000);
    copy_all(texts, arena);
    std::size_t const after_first = arena.allocated_bytes();
    for (int round = 0; round < 5; ++round) {
        arena.clear();
        auto const copies = copy_all(texts, arena);
        for (std::size_t i = 0; i < texts.size(); ++i) REQUIRE(copies[i] == texts[i]);
        CHECK(arena.allocated_bytes() == after_first);
    }
    arena.clear();
    char const* const first = arena.copy("first").data();
    arena.clear();
    CHECK(static_cast<void const*>(arena.copy("again").data()) == first);
}

TEST_CASE("an arena that nobody used holds no memory, and can be cleared") {
    Arena arena;
    CHECK(arena.allocated_bytes() == 0);
    arena.clear();
    CHECK(arena.copy("").empty());
    CHECK(arena.allocated_bytes() == 0);
    CHECK(arena.copy("text") == "text");
}

TEST_CASE("a text larger than every block gets one, and leaves the later blocks small") {
    Arena arena;
    std::size_t const large_bytes = std::size_t{16} << 20;
    std::string const large(large_bytes, 'x');
    std::string_view const copy = arena.copy(large);
    std::size_t const after_large = arena.allocated_bytes();
    CHECK(after_large >= large_bytes);
    CHECK(arena.copy("behind it") == "behind it");
    CHECK(arena.allocated_bytes() <= after_large + (std::size_t{1} << 20));
    CHECK(copy == large);
}

#ifndef SERRY_TEST_LEAKS  // the address sanitizer ends the process instead
TEST_CASE("what can never be had is std::bad_alloc, and the arena lives on") {
    Arena arena;
    std::string_view const before = arena.copy("before");
    std::size_t const volatile too_many = std::numeric_limits<std::size_t>::max() - 100;
    CHECK_THROWS_AS(arena.allocate(too_many), std::bad_alloc);
    CHECK(arena.copy("after") == "after");
    CHECK(before == "before");
}
#endif

TEST_CASE("views stay valid when their arena is moved") {
    Arena arena;
    std::string_view const text = arena.copy("a text");
    Arena const moved = std::move(arena);
    CHECK(text == "a text");
    CHECK(moved.allocated_bytes() == 4096);
}
