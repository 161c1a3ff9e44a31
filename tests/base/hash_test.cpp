#include "serry/base/hash.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace serry;

namespace {

/// Bytes of which the last lies at the end of a page, with no memory behind it.
class PageEnd {
public:
    PageEnd() {
        void* const pages = mmap(nullptr, 2 * page_bytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(pages != MAP_FAILED);
        page_ = static_cast<char*>(pages);
        REQUIRE(mprotect(page_ + page_bytes, page_bytes, PROT_NONE) == 0);
        std::mt19937_64 random(5);
        for (std::size_t i = 0; i < page_bytes; ++i) page_[i] = static_cast<char>(random());
    }
    ~PageEnd() { munmap(page_, 2 * page_bytes); }
    PageEnd(PageEnd const&) = delete;
    PageEnd& operator=(PageEnd const&) = delete;

    char const* begin() const { return page_; }
    char const* end() const { return page_ + page_bytes; }

private:
    std::size_t page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    char* page_;
};

/// What a short key is, said in another way: its bytes, zeros, and its size + 1 in the last byte.
ShortKey padded(std::string_view bytes) {
    char words[16] = {};
    std::copy(bytes.begin(), bytes.end(), words);
    words[15] = static_cast<char>(bytes.size() + 1);
    ShortKey key;
    std::memcpy(&key.low, words, 8);
    std::memcpy(&key.high, words + 8, 8);
    return key;
}

template <typename T>
std::string_view bytes_of(T const& value) {
    return {reinterpret_cast<char const*>(&value), sizeof value};
}

/// How uneven counts are: chi-square by its degrees of freedom, which is 0 for equal counts and
/// about 1 for those of chance.
double unevenness(std::vector<std::uint64_t> const& counts) {
    double total = 0;
    for (std::uint64_t count : counts) total += static_cast<double>(count);
    double const expected = total / static_cast<double>(counts.size());
    double chi_square = 0;
    for (std::uint64_t count : counts) {
        double const off = static_cast<double>(count) - expected;
        chi_square += off * off / expected;
    }
    return chi_square / static_cast<double>(counts.size() - 1);
}

/// Kinds of keys that programs have: `key(i)` is the i-th.
struct Family {
    std::string name;
    std::function<std::string(std::uint64_t)> key;
};

template <typename T>
Family numbers(std::string name, std::function<T(std::uint64_t)> number) {
    return {std::move(name),
            [number](std::uint64_t i) { return std::string(bytes_of(number(i))); }};
}

std::vector<Family> families() {
    std::vector<Family> all{
        numbers<std::uint32_t>("sequential 32 bit integers",
                               [](std::uint64_t i) { return static_cast<std::uint32_t>(i); }),
        numbers<std::int64_t>("integers from below zero on",
                              [](std::uint64_t i) { return static_cast<std::int64_t>(i) - 50000; }),
        numbers<double>("whole doubles", [](std::uint64_t i) { return static_cast<double>(i); }),
        numbers<double>("doubles in steps of 0.01",
                        [](std::uint64_t i) { return static_cast<double>(i) * 0.01; }),
        numbers<double>("doubles in steps of 100",
                        [](std::uint64_t i) { return static_cast<double>(i * 100); }),
        numbers<std::uint64_t>("multiples of 30", [](std::uint64_t i) { return i * 30; }),
        numbers<float>("whole floats", [](std::uint64_t i) { return static_cast<float>(i); }),
    };
    for (int shift : {0, 1, 3, 8, 12, 16, 20, 24, 32, 40, 44})
        all.push_back(numbers<std::uint64_t>("multiples of 2^" + std::to_string(shift),
                                             [shift](std::uint64_t i) { return i << shift; }));
    all.push_back({"pairs of a constant and a counter", [](std::uint64_t i) {
                       std::uint32_t const pair[3] = {7, 0, static_cast<std::uint32_t>(i)};
                       return std::string(bytes_of(pair));
                   }});
    for (char const* prefix :
         {"", "w", "user-", "key00000", "/data/logs/", "http://www.example.org/"})
        all.push_back({std::string("words that begin with \"") + prefix + '"',
                       [prefix](std::uint64_t i) { return prefix + std::to_string(i); }});
    all.push_back({"counters with zeros in front", [](std::uint64_t i) {
                       char text[16];
                       std::snprintf(text, sizeof text, "%012llu",
                                     static_cast<unsigned long long>(i));
                       return std::string(text);
                   }});
    return all;
}

constexpr std::uint64_t key_count = 100000;

/// Where a table of `slot_count` begins to look for a key: by the middle bits, since the top ones
/// are those of the partition.
std::uint64_t slot_of(std::uint64_t hash, std::uint64_t slot_count) {
    return partition_of_hash(std::rotl(hash, 24), slot_count);
}

/// Linear probing (Knuth, 6.4) in a table that is two thirds full.
constexpr double probes_by_chance = 2;

/// Slots looked at for a key, on average, when a table is filled to two thirds with the first
/// `count`.
double mean_probes(Family const& family, std::uint64_t count) {
    std::uint64_t const slot_count = count * 3 / 2;
    std::vector<bool> is_used(slot_count);
    std::uint64_t probes = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint64_t at = slot_of(hash_key(family.key(i)), slot_count);
        for (; is_used[at]; at = (at + 1) % slot_count) ++probes;
        is_used[at] = true;
        ++probes;
    }
    return static_cast<double>(probes) / static_cast<double>(count);
}

}  // namespace

TEST_CASE("the hash never changes: the order of outputs and checkpoints depends on it") {
    CHECK(hash_key("") == 0x3784e7eddcb97d80ULL);
    CHECK(hash_key("a") == 0x6c25dc60623960eeULL);
    CHECK(hash_key("ab") == 0x68ba0a12d9cb9369ULL);
    CHECK(hash_key("abc") == 0xce163b35fe25c5deULL);
    CHECK(hash_key("word") == 0x0db6edea444d2aedULL);
    CHECK(hash_key("seventh") == 0xcb7e2bb0d70c738cULL);
    CHECK(hash_key("eight..8") == 0x806394b8b6167516ULL);
    CHECK(hash_key("nine....9") == 0x5f59d8fd78191a16ULL);
    CHECK(hash_key("fifteen.letters") == 0x24988c504b5c8f1fULL);
    CHECK(hash_key("sixteen.letters.") == 0xa4ec2af5454fefc7ULL);
    CHECK(hash_key("seventeen.letters") == 0x0474f33f9e80a854ULL);
    CHECK(hash_key(std::string(100, 'x')) == 0x89bf689b76e835ccULL);
    CHECK(hash_key(std::string(300, 'y')) == 0xa69d855a9c310c8fULL);
    CHECK(hash_key(std::string_view("\0", 1)) == 0x4572c00787a19c74ULL);
    CHECK(hash_key(std::string_view("\0\0", 2)) == 0x5d7cc4cc8da81b38ULL);
    CHECK(hash_key(std::string_view("\xff\0\x80\1", 4)) == 0x9b0d7f2aeb3411caULL);
    CHECK(hash_key(bytes_of(std::int64_t{-1})) == 0x856bf6a29b2e401fULL);
    CHECK(hash_key(std::string(15, '\0')) == 0xc234b7f6bd49ad2dULL);
    CHECK(hash_key(std::string(16, '\0')) == 0xb42240c3684296f4ULL);
}

TEST_CASE("fingerprints never change, either") {
    CHECK(mix_fingerprint(1, 2) == 0xf90a04af51cb7fadULL);
    CHECK(mix_fingerprint(2, 1) == 0x1af9797d4c7637f9ULL);
    CHECK(mix_fingerprint(0, "reduce_by_key") == 0xa419453150907096ULL);
    CHECK(mix_fingerprint(7, std::string(40, 'z')) == 0x22ecdf9916b408bcULL);
}

TEST_CASE("a short key is its bytes and its size, wherever it lies in a page") {
    PageEnd const page;
    std::size_t const near_end = 64;
    for (std::size_t size = 0; size <= short_key_bytes; ++size) {
        auto const check = [size](char const* at) {
            std::string_view const bytes(at, size);
            REQUIRE(load_short(bytes) == padded(bytes));
            REQUIRE(hashing::load_bytewise(bytes) == padded(bytes));
            REQUIRE(load_short(bytes).size() == size);
        };
        for (std::size_t at = 0; at < 64; ++at) check(page.begin() + at);
        for (std::size_t back = size; back <= near_end + size; ++back) check(page.end() - back);
    }
}

TEST_CASE("a key without bytes may lie nowhere, or behind the end of a page") {
    PageEnd const page;
    std::uint64_t const empty = hash_key("");
    CHECK(hash_key(std::string_view()) == empty);
    CHECK(load_short(std::string_view()) == load_short(""));
    CHECK(hash_key(std::string_view(page.end(), 0)) == empty);
}

TEST_CASE("the hash is one of the bytes, not of where they lie") {
    std::mt19937_64 random(7);
    std::string text(200, '\0');
    for (char& c : text) c = static_cast<char>(random());
    PageEnd const page;
    for (std::size_t size = 0; size <= 64; ++size) {
        std::string_view const bytes(page.end() - size, size);
        std::string const copy(bytes);
        std::string shifted = "....." + copy + text;
        CHECK(hash_key(bytes) == hash_key(copy));
        CHECK(hash_key(bytes) == hash_key(std::string_view(shifted).substr(5, size)));
    }
}

TEST_CASE("keys that differ in their number of zero bytes differ in their hash") {
    std::vector<std::uint64_t> hashes;
    for (std::size_t size = 0; size <= 40; ++size)
        hashes.push_back(hash_key(std::string(size, '\0')));
    std::sort(hashes.begin(), hashes.end());
    CHECK(std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end());
}

TEST_CASE("hashes of ordinary keys do not meet") {
    for (Family const& family : families()) {
        std::vector<std::uint64_t> hashes;
        for (std::uint64_t i = 0; i < key_count; ++i) hashes.push_back(hash_key(family.key(i)));
        std::sort(hashes.begin(), hashes.end());
        CHECK_MESSAGE(std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end(),
                      family.name);
    }
}

TEST_CASE("ordinary keys spread over the partitions about as evenly as by chance") {
    for (Family const& family : families()) {
        std::vector<std::uint64_t> in_7(7), in_64(64), in_1000(1000);
        for (std::uint64_t i = 0; i < key_count; ++i) {
            std::uint64_t const hash = hash_key(family.key(i));
            ++in_7[partition_of_hash(hash, 7)];
            ++in_64[partition_of_hash(hash, 64)];
            ++in_1000[partition_of_hash(hash, 1000)];
        }
        CHECK_MESSAGE(unevenness(in_7) < 4, family.name);
        CHECK_MESSAGE(unevenness(in_64) < 2, family.name);
        CHECK_MESSAGE(unevenness(in_1000) < 1.5, family.name);
    }
}

TEST_CASE("ordinary keys, and those of one partition alone, spread over the slots of a table") {
    for (Family const& family : families()) {
        std::vector<std::uint64_t> in_all(4096), in_one(256);
        for (std::uint64_t i = 0; i < key_count; ++i) {
            std::uint64_t const hash = hash_key(family.key(i));
            ++in_all[slot_of(hash, 4096)];
            if (partition_of_hash(hash, 16) == 5) ++in_one[slot_of(hash, 256)];
        }
        CHECK_MESSAGE(unevenness(in_all) < 1.5, family.name);
        CHECK_MESSAGE(unevenness(in_one) < 1.5, family.name);
    }
}

TEST_CASE("in a table that is two thirds full, keys are found as soon as by chance") {
    for (Family const& family : families())
        for (std::uint64_t count : {1000UL, 10000UL, key_count})
            CHECK_MESSAGE(mean_probes(family, count) < 1.5 * probes_by_chance, family.name);
}

TEST_CASE("there is no prefix behind which numbers crowd in a table") {
    std::mt19937_64 random(67);
    for (int i = 0; i < 300; ++i) {
        std::string prefix(random() % 11, '\0');
        for (char& c : prefix) c = "abcdefghijklmnopqrstuvwxyz/-_.:0"[random() % 32];
        Family const family{prefix, [&](std::uint64_t n) { return prefix + std::to_string(n); }};
        CHECK_MESSAGE(mean_probes(family, 1000) < 2 * probes_by_chance, family.name);
        CHECK_MESSAGE(mean_probes(family, 5000) < 1.5 * probes_by_chance, family.name);
    }
}

TEST_CASE("partitions are ascending ranges of hashes, each beginning at its first hash") {
    for (std::uint64_t count : {1UL, 2UL, 3UL, 4UL, 7UL, 10UL, 64UL, 1000UL, 4096UL, 65521UL,
                                1000003UL, (1UL << 32) - 1, 1UL << 32, (1UL << 32) + 1}) {
        CAPTURE(count);
        CHECK(first_hash_of(0, count) == 0);
        CHECK(partition_of_hash(0, count) == 0);
        CHECK(partition_of_hash(std::numeric_limits<std::uint64_t>::max(), count) == count - 1);
        std::uint64_t const step = std::max<std::uint64_t>(1, count / 1000);
        for (std::uint64_t p = 1; p < count; p += step) {
            std::uint64_t const first = first_hash_of(p, count);
            REQUIRE(partition_of_hash(first, count) == p);
            REQUIRE(partition_of_hash(first - 1, count) == p - 1);
        }
    }
}

TEST_CASE("partitions are equally large") {
    for (std::uint64_t count : {3UL, 7UL, 1000UL}) {
        std::uint64_t smallest = std::numeric_limits<std::uint64_t>::max(), largest = 0;
        for (std::uint64_t p = 0; p + 1 < count; ++p) {
            std::uint64_t const width = first_hash_of(p + 1, count) - first_hash_of(p, count);
            smallest = std::min(smallest, width);
            largest = std::max(largest, width);
        }
        CHECK(largest - smallest <= 1);
    }
}

TEST_CASE("a fingerprint tells values, texts and their order apart") {
    std::vector<std::uint64_t> fingerprints;
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        for (std::uint64_t value = 0; value < 30; ++value)
            fingerprints.push_back(mix_fingerprint(seed, value));
        for (char const* text : {"", "a", "b", "ab", "ba", "a longer text than a short key has"})
            fingerprints.push_back(mix_fingerprint(seed, std::string_view(text)));
    }
    std::sort(fingerprints.begin(), fingerprints.end());
    CHECK(std::adjacent_find(fingerprints.begin(), fingerprints.end()) == fingerprints.end());
}
