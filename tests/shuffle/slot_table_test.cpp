#include "serry/shuffle/slot_table.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "serry/base/error.hpp"

using namespace serry;

namespace {

/// The bytes of long keys, as the table wants them kept.
class KeptKeys {
public:
    WideKey keep(KeyProbe const& probe) {
        if (!probe.is_long()) return WideKey::of(probe);
        std::string& kept = kept_.emplace_back(sizeof probe.size + probe.size, '\0');
        std::memcpy(kept.data(), &probe.size, sizeof probe.size);
        std::memcpy(kept.data() + sizeof probe.size, probe.data, probe.size);
        return WideKey::of_long(probe.hash, kept.data());
    }

private:
    std::deque<std::string> kept_;
};

/// Put a key with its cell, unless it is there; false when it is, or the table is full.
template <typename Table, typename Probe, typename Key, typename Cell>
bool put(Table& table, Probe const& probe, Key key, Cell&& cell) {
    auto slot = table.find(probe);
    if (!slot.key().is_free()) return false;
    if (!table.has_room()) {
        if (!table.grow()) return false;
        slot = table.find(probe);
    }
    table.put(slot, key, std::forward<Cell>(cell));
    return true;
}
template <typename Cell, typename Made>
bool put(SlotTable<TinyKey, Cell>& table, TinyKey key, Made&& cell) {
    return put(table, key, key, std::forward<Made>(cell));
}

TinyKey tiny(std::string_view key) {
    TinyKey result{};
    REQUIRE(TinyKey::load(key, result));
    return result;
}

template <typename Cell>
Cell& cell_of(SlotTable<TinyKey, Cell>& table, std::string_view key) {
    TinyKey const wanted = tiny(key);
    auto const slot = table.find(wanted);
    REQUIRE(slot.key().is(wanted));
    return slot.cell();
}

/// Counts how many slots are looked at.
struct CountedTinyKey : TinyKey {
    static inline std::uint64_t looks = 0;
    bool is(TinyKey key) const {
        ++looks;
        return TinyKey::is(key);
    }
};
struct CountedKey : WideKey {
    static inline std::uint64_t looks = 0;
    bool is(KeyProbe const& probe) const {
        ++looks;
        return WideKey::is(probe);
    }
};

[[maybe_unused]] std::size_t used_address_space() {
    std::ifstream file("/proc/self/statm");
    std::size_t pages = 0;
    file >> pages;
    return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::string text_key(std::uint64_t number, std::size_t size) {
    std::string key = std::to_string(number);
    return key + std::string(size > key.size() ? size - key.size() : 0, '-');
}

}  // namespace

TEST_CASE("keys of 1 to 8 bytes that do not end with a zero are one word and come back whole") {
    for (std::string const& key : {std::string("a"), std::string("\0a", 2), std::string("\x01"),
                                   std::string(8, '\xff'), std::string("1234567")}) {
        TinyKey const kept = tiny(key);
        CHECK_FALSE(kept.is_free());
        CHECK(kept.bytes() == key);
        CHECK(kept.size() == key.size());
        CHECK(kept.hash() == hash_key(key));
        CHECK(kept.is(tiny(key)));
        CHECK_FALSE(kept.is(tiny(key.substr(1) + "!")));
    }
    CHECK(TinyKey{}.is_free());
    TinyKey key{};
    for (std::string const& other : {std::string(1, '\0'), std::string("a\0", 2),
                                     std::string(8, '\0'), std::string("1234567\0", 8)})
        CHECK_FALSE(TinyKey::load(other, key));
}

TEST_CASE("longer keys come back whole, wherever they lie") {
    KeptKeys keys;
    for (std::size_t size : {0, 1, 7, 8, 15, 16, 17, 40, 1000000})
        for (char const fill : {'\0', 'x', '\xff'}) {
            std::string const key(size, fill);
            KeyProbe const probe = KeyProbe::of(key);
            CHECK(probe.is_long() == (size > short_key_bytes));
            CHECK(probe.bytes() == key);
            CHECK(probe.hash == hash_key(key));
            WideKey const kept = keys.keep(probe);
            CHECK_FALSE(kept.is_free());
            CHECK(kept.is_long() == probe.is_long());
            CHECK(kept.bytes() == key);
            CHECK(kept.hash() == probe.hash);
            CHECK(kept.is(probe));
            CHECK_FALSE(kept.is(KeyProbe::of(key + fill)));
        }
    CHECK(WideKey().is_free());
}

TEST_CASE("long keys of one hash are compared by their bytes") {
    KeptKeys keys;
    std::string const one(40, '1'), other(40, '2'), longer(41, '1');
    KeyProbe probe_one = KeyProbe::of(one), probe_other = KeyProbe::of(other),
             probe_longer = KeyProbe::of(longer);
    for (KeyProbe* probe : {&probe_one, &probe_other, &probe_longer}) probe->hash = probe->low = 1;
    WideKey const kept = keys.keep(probe_one);
    CHECK(kept.is(probe_one));
    CHECK_FALSE(kept.is(probe_other));
    CHECK_FALSE(kept.is(probe_longer));
}

TEST_CASE("a table finds what was put into it, at any size, and grows to its largest") {
    for (std::uint64_t const most_slots : {2, 3, 4, 5, 7, 16, 64, 300, 1000, 100000}) {
        CAPTURE(most_slots);
        KeptKeys keys;
        SlotTable<WideKey, std::uint64_t> table(most_slots);
        std::map<std::string, std::uint64_t> inside;
        for (std::uint64_t i = 0; i < 3000; ++i) {
            std::string const key = text_key(i, i % 30);
            KeyProbe const probe = KeyProbe::of(key);
            if (put(table, probe, keys.keep(probe), std::uint64_t{i})) inside[key] = i;
        }
        CHECK(table.size() == inside.size());
        CHECK(table.size() == std::min<std::uint64_t>(3000, table.most_keys(most_slots)));
        CHECK(table.slot_count() <= most_slots);
        for (std::uint64_t i = 0; i < 3000; ++i) {
            std::string const key = text_key(i, i % 30);
            auto const slot = table.find(KeyProbe::of(key));
            auto const found = inside.find(key);
            REQUIRE(slot.key().is_free() == (found == inside.end()));
            if (found != inside.end()) CHECK(slot.cell() == found->second);
        }
        std::uint64_t used = 0;
        table.for_each_used([&](WideKey const& key, std::size_t at) {
            CHECK(&key == &table.at(at).key());
            ++used;
        });
        CHECK(used == table.size());
    }
}

TEST_CASE("cells that own memory are moved when the table grows, and given back") {
    for (bool const is_released : {false, true}) {
        SlotTable<TinyKey, std::unique_ptr<std::string>> table(100000);
        for (std::uint64_t i = 0; i < 20000; ++i) {
            std::string const key = std::to_string(i);
            REQUIRE(put(table, tiny(key), std::make_unique<std::string>(key)));
        }
        for (std::uint64_t i = 0; i < 20000; ++i) {
            std::string const key = std::to_string(i);
            REQUIRE(*cell_of(table, key) == key);
        }
        if (!is_released) continue;
        table.release();
        CHECK(table.size() == 0);
        CHECK(table.memory_bytes() == 0);
    }
}

#ifndef __SANITIZE_ADDRESS__  // which needs the address space itself
TEST_CASE("a table that finds no memory to grow keeps what it holds") {
    SlotTable<TinyKey, std::string> table(std::uint64_t{1} << 24);
    std::uint64_t count = 0;
    rlimit usual{};
    getrlimit(RLIMIT_AS, &usual);
    auto const add = [&table](std::uint64_t number) {
        std::string const key = std::to_string(number);
        return put(table, tiny(key), std::string("short"));
    };
    while (table.memory_bytes() < std::size_t{8} << 20) REQUIRE(add(count++));
    rlimit const nothing_more{used_address_space() + (1 << 20), usual.rlim_max};
    setrlimit(RLIMIT_AS, &nothing_more);
    try {
        while (add(count)) ++count;
    } catch (StorageError const&) {
    }
    setrlimit(RLIMIT_AS, &usual);
    CHECK(count == table.size());
    CHECK(count < 1000000);
    for (std::uint64_t i = 0; i < count; ++i) {
        std::string const key = std::to_string(i);
        REQUIRE(cell_of(table, key) == "short");
    }
    CHECK(add(count));
}
#endif

TEST_CASE("cells may ask for more alignment than the standard gives") {
    struct alignas(64) Wide {
        double number;
    };
    SlotTable<TinyKey, Wide> table(4096);
    for (std::uint64_t i = 0; i < 1000; ++i) {
        std::string const key = std::to_string(i);
        REQUIRE(put(table, tiny(key), Wide{double(i)}));
        auto const address = reinterpret_cast<std::uintptr_t>(&cell_of(table, key));
        REQUIRE(address % alignof(Wide) == 0);
    }
}

TEST_CASE("keys that change places within a line are found, and keep their cells") {
    SlotTable<TinyKey, std::uint32_t> table(1000);
    std::uint32_t const count = table.most_keys(1000);
    for (std::uint32_t i = 0; i < count; ++i)
        REQUIRE(put(table, tiny(std::to_string(i)), std::uint32_t{i}));
    std::mt19937 random(3);
    for (int round = 0; round < 20000; ++round) {
        std::uint32_t const i = random() % count;
        REQUIRE(cell_of(table, std::to_string(i)) == i);
    }
    CHECK(table.size() == count);
    TinyKey const other = tiny("other");
    CHECK(table.find(other).key().is_free());
}

TEST_CASE("keys in the order of their hashes are found in a few steps while the table fills") {
    std::vector<std::uint64_t> numbers(200000);
    for (std::uint64_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
    auto const bytes_of = [](std::uint64_t const& number) {
        return std::string_view(reinterpret_cast<char const*>(&number), sizeof number);
    };
    std::sort(numbers.begin(), numbers.end(), [&](std::uint64_t const& a, std::uint64_t const& b) {
        return hash_key(bytes_of(a)) < hash_key(bytes_of(b));
    });
    SlotTable<CountedKey, std::uint64_t> table(std::uint64_t{1} << 24);
    CountedKey::looks = 0;
    std::uint64_t most_looks = 0;
    for (std::uint64_t const& number : numbers) {
        KeyProbe const probe = KeyProbe::of(bytes_of(number));
        std::uint64_t const before = CountedKey::looks;
        REQUIRE(put(table, probe, CountedKey{WideKey::of(probe)}, std::uint64_t{number}));
        most_looks = std::max(most_looks, CountedKey::looks - before);
    }
    // A free slot in a table that is four fifths full is 13 steps away, on average; it is less full
    // most of the time.
    CHECK(CountedKey::looks < 13 * numbers.size());
    CHECK(most_looks < 2000);
    CountedKey::looks = 0;
    for (std::uint64_t const& number : numbers)
        REQUIRE(table.find(KeyProbe::of(bytes_of(number))).cell() == number);
    CHECK(CountedKey::looks < 4 * numbers.size());
}

TEST_CASE("tiny keys of all patterns spread over the table") {
    constexpr std::uint64_t count = 100000;
    auto const bytes_of = [](std::uint64_t number) {
        std::string key(8, '\0');
        std::memcpy(key.data(), &number, 8);
        return key.substr(0, key.find_last_not_of('\0') + 1);
    };
    auto const check = [](char const* pattern, auto const& key_of) {
        CAPTURE(pattern);
        SlotTable<CountedTinyKey, std::uint32_t> table(std::uint64_t{1} << 24);
        for (std::uint64_t i = 1; i <= count; ++i) {
            TinyKey const key = tiny(key_of(i));
            REQUIRE(put(table, key, CountedTinyKey{key}, static_cast<std::uint32_t>(i)));
        }
        CountedTinyKey::looks = 0;
        for (std::uint64_t i = 1; i <= count; ++i) REQUIRE(table.find(tiny(key_of(i))).cell() == i);
        CHECK(CountedTinyKey::looks < 4 * count);
    };
    check("decimal", [](std::uint64_t i) { return std::to_string(i); });
    check("decimal, one width", [](std::uint64_t i) { return std::to_string(10000000 + i); });
    check("decimal, a letter first", [](std::uint64_t i) { return "k" + std::to_string(i); });
    check("decimal, last digit the same",
          [](std::uint64_t i) { return std::to_string(10 * i + 1); });
    check("binary", [&](std::uint64_t i) { return bytes_of(i); });
    check("binary, even", [&](std::uint64_t i) { return bytes_of(2 * i); });
    check("binary, large steps", [&](std::uint64_t i) { return bytes_of(i << 40); });
    check("binary, big-endian", [&](std::uint64_t i) { return bytes_of(__builtin_bswap64(i)); });
    check("binary, two numbers",
          [&](std::uint64_t i) { return bytes_of(i % 317 << 32 | i / 317); });
    check("random", [&](std::uint64_t i) { return bytes_of(hash_short({i, 0}) | 1UL << 63); });
}
