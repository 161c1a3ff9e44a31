#include "serry/shuffle/chunk_pool.hpp"

#include <cstddef>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// Takes chunks of the given sizes, fills them, and checks that none is in another's way.
void take_and_check(ChunkPool& pool, std::vector<std::size_t> const& sizes) {
    std::vector<std::pair<char*, char>> chunks;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        chunks.emplace_back(pool.take(sizes[i]), static_cast<char>('a' + i % 26));
        std::memset(chunks.back().first, chunks.back().second, sizes[i]);
    }
    for (std::size_t i = 0; i < sizes.size(); ++i)
        CHECK((std::string(chunks[i].first, sizes[i]) == std::string(sizes[i], chunks[i].second)));
}

}  // namespace

TEST_CASE("chunks of any size lie apart, and their memory is used again") {
    std::mt19937_64 random(1);
    std::vector<std::size_t> sizes;
    for (int i = 0; i < 3000; ++i) sizes.push_back(random() % 5000);
    sizes[100] = std::size_t{9} << 20;  // larger than a region
    ChunkPool pool;
    take_and_check(pool, sizes);
    std::size_t const memory_bytes = pool.memory_bytes();
    CHECK(memory_bytes >= (std::size_t{9} << 20));
    for (int round = 0; round < 3; ++round) {
        pool.clear();
        take_and_check(pool, sizes);
        CHECK(pool.memory_bytes() == memory_bytes);
    }
    pool.release();
    CHECK(pool.memory_bytes() == 0);
    take_and_check(pool, {1, 2, 3});
    CHECK(pool.memory_bytes() < (std::size_t{1} << 20));
}

TEST_CASE("a chunk that does not fit into memory is said to") {
    ChunkPool pool;
    CHECK(thrown([&] { pool.take(std::size_t{1} << 60); })
          == "StorageError 71: a table to combine or sort in, of 1.00 EiB, does not fit into memory; set a smaller --memory");
}
