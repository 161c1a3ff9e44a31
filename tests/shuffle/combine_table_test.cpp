#include "serry/shuffle/combine_table.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serry/shuffle/narrow_values.hpp"
#include "serry/shuffle/slot_table.hpp"
#include "shuffle/fold_oracle.hpp"

using namespace serry;
using namespace serry::test;

namespace {

constexpr LeafRange one_leaf{0, 1, 1};
constexpr std::uint64_t plenty = std::uint64_t{1} << 20;

template <typename V, typename F>
using ExactTable = CombineTable<V, F, false>;
template <typename V, typename F>
using OrderedTable = CombineTable<V, F, true>;

template <typename Table, typename V>
bool add(Table& table, std::string_view key, V const& value, std::uint32_t leaf = 0) {
    return table.add(key, value, leaf);
}

/// What a table holds: the values of each key, with their leaves.
template <typename V, typename Table>
std::map<std::string, std::vector<std::pair<std::uint32_t, V>>> content(Table& table) {
    std::map<std::string, std::vector<std::pair<std::uint32_t, V>>> all;
    std::vector<std::size_t> used;
    table.for_each_used([&](std::uint64_t hash, std::size_t at) {
        CHECK(hash == hash_key(table.key_at(at)));
        used.push_back(at);
    });
    CHECK(used.size() == table.size());
    for (std::size_t const at : used) {
        std::string const key(table.key_at(at));
        CHECK(all.count(key) == 0);
        table.take_values(
            at, [&](V const& value, std::uint32_t leaf) { all[key].emplace_back(leaf, value); });
    }
    return all;
}

template <typename V, typename Table>
std::map<std::string, V> exact_content(Table& table) {
    std::map<std::string, V> result;
    for (auto const& [key, values] : content<V>(table)) {
        CHECK(values.size() == 1);
        result[key] = values[0].second;
    }
    return result;
}

/// Short keys that all have the hash 0: the first eight bytes cancel the hash's first constant.
std::string key_of_hash_0(std::uint64_t number) {
    std::string key(15, '\0');
    std::uint64_t const first = 0xa0761d6478bd642fULL;
    std::memcpy(key.data(), &first, 8);
    std::memcpy(key.data() + 8, &number, 7);
    return key;
}

std::string long_text(std::size_t size, char last) {
    std::string text(size, 'k');
    if (size > 0) text.back() = last;
    return text;
}

}  // namespace

TEST_CASE("a table combines the values of keys of any length") {
    std::plus<> const sum;
    ExactTable<long, std::plus<>> table(sum, plenty, one_leaf);
    std::map<std::string, long> expected;
    for (int round = 0; round < 3; ++round)
        for (std::size_t const size : {0, 1, 7, 8, 14, 15, 16, 17, 40, 1000000})
            for (char const last : {'a', 'b', '\0'}) {
                std::string const key = long_text(size, last);  // gone after the call
                CHECK(add(table, key, static_cast<long>(size) + last + round));
                expected[key] += static_cast<long>(size) + last + round;
            }
    CHECK(exact_content<long>(table) == expected);
    CHECK(table.memory_bytes() > 3000000);
}

TEST_CASE("keys that differ in trailing zeros alone are different keys") {
    std::plus<> const sum;
    ExactTable<long, std::plus<>> table(sum, plenty, one_leaf);
    std::map<std::string, long> expected;
    for (std::size_t size = 0; size <= 40; ++size) {
        add(table, std::string(size, '\0'), static_cast<long>(size));
        expected[std::string(size, '\0')] = static_cast<long>(size);
    }
    CHECK(exact_content<long>(table) == expected);
}

template <typename Number>
void check_numbers(std::vector<Number> const& numbers) {
    std::plus<> const sum;
    CombineTable<long, std::plus<>, false, sizeof(Number)> table(sum, plenty, one_leaf);
    std::map<std::string, long> expected;
    for (int round = 1; round <= 3; ++round)
        for (Number const number : numbers) {
            std::string const key(reinterpret_cast<char const*>(&number), sizeof number);
            CHECK(add(table, key, long{round}));
            expected[key] += round;
        }
    CHECK(exact_content<long>(table) == expected);
}

TEST_CASE("keys that are numbers are told apart, 0 too, and have the hash of their bytes") {
    check_numbers<std::uint8_t>({0, 1, 2, 127, 128, 255});
    check_numbers<std::int16_t>({0, 1, -1, 256, 32767, -32768});
    std::vector<std::uint32_t> some{0, 1, 255, 256, 1U << 24, ~0U};
    std::vector<std::int64_t> many{0, 1, -1, std::int64_t{1} << 56, INT64_MIN, INT64_MAX};
    std::mt19937_64 random(7);
    for (std::uint32_t i = 0; i < 3000; ++i) {
        some.push_back(i);
        many.push_back(static_cast<std::int64_t>(random()));
    }
    check_numbers(some);
    check_numbers(many);
}

TEST_CASE("different keys of one hash are told apart") {
    REQUIRE(hash_key(key_of_hash_0(1)) == hash_key(key_of_hash_0(2)));
    std::plus<> const sum;
    ExactTable<long, std::plus<>> table(sum, plenty, one_leaf);
    std::map<std::string, long> expected;
    for (std::uint64_t i = 0; i < 3000; ++i) {
        CHECK(add(table, key_of_hash_0(i % 1000), static_cast<long>(i)));
        expected[key_of_hash_0(i % 1000)] += static_cast<long>(i);
    }
    CHECK(exact_content<long>(table) == expected);
}

TEST_CASE("different long keys of one hash and one length are told apart") {
    std::plus<> const sum;
    ExactTable<long, std::plus<>> table(sum, plenty, one_leaf);
    // No such keys are known of XXH3: the probes claim it.
    auto const probe_for = [](std::string_view key) {
        KeyProbe probe = KeyProbe::of(key);
        probe.hash = probe.low = 42;
        return probe;
    };
    std::map<std::string, long> expected, found;
    for (int i = 0; i < 300; ++i) {
        std::string const key(17, static_cast<char>(i % 100));
        CHECK(table.add(probe_for(key), i, 0));
        expected[key] += i;
    }
    table.for_each_used([&](std::uint64_t hash, std::size_t at) {
        CHECK(hash == 42);
        table.take_values(
            at, [&](long value, std::uint32_t) { found[std::string(table.key_at(at))] = value; });
    });
    CHECK(found == expected);
}

TEST_CASE("a table grows and keeps what it holds") {
    std::mt19937_64 random(1);
    std::plus<> const sum;
    ExactTable<std::uint64_t, std::plus<>> table(sum, plenty, one_leaf);
    std::map<std::string, std::uint64_t> expected;
    std::size_t const first_slots = table.slot_count();
    for (int i = 0; i < 300000; ++i) {
        std::uint64_t const number = random() % 100000;
        std::string const key = std::to_string(number) + std::string(number % 30, 'x');
        REQUIRE(add(table, key, number));
        expected[key] += number;
    }
    CHECK(table.slot_count() > 8 * first_slots);
    CHECK_FALSE(table.is_frozen());
    CHECK(exact_content<std::uint64_t>(table) == expected);
}

TEST_CASE("a frozen table goes on combining its keys and refuses all others") {
    for (std::size_t most_slots = 2; most_slots <= 64; ++most_slots) {
        CAPTURE(most_slots);
        std::plus<> const sum;
        ExactTable<long, std::plus<>> table(sum, most_slots, one_leaf);
        std::map<std::string, long> inside, refused;
        for (long i = 0; i < 2000; ++i) {
            long const number = i * i % 401;
            std::string const key =
                std::to_string(number) + std::string(static_cast<std::size_t>(number % 20), 'x');
            bool const is_taken = add(table, key, i);
            (is_taken ? inside : refused)[key] += i;
            CHECK(inside.count(key) + refused.count(key) == 1);
        }
        CHECK(table.is_frozen());
        using Cell = NarrowValues<long>::Cell;
        using Tiny = SlotTable<TinyKey, Cell>;
        using Wide = SlotTable<WideKey, Cell>;
        CHECK(table.slot_count()
              <= std::max(most_slots, Tiny::width) + std::max(most_slots, Wide::width));
        CHECK(table.size() == inside.size());
        CHECK(table.size() == Tiny::most_keys(most_slots) + Wide::most_keys(most_slots));
        CHECK(exact_content<long>(table) == inside);
    }
}

TEST_CASE("sums of any size are whole, of positive and negative numbers") {
    std::plus<> const sum;
    ExactTable<std::int64_t, std::plus<>> table(sum, plenty, one_leaf);
    std::map<std::string, std::int64_t> expected;
    std::mt19937_64 random(4);
    for (int i = 0; i < 100000; ++i) {
        std::uint64_t const number = random() % 300;
        std::string const key = std::to_string(number) + std::string(number % 20, 'x');
        auto const value = static_cast<std::int64_t>(random()) >> (number % 52 + 12);
        CHECK(add(table, key, value));
        expected[key] += value;
    }
    CHECK(exact_content<std::int64_t>(table) == expected);
}

TEST_CASE("values that are views are kept, also when the combiner returns part of an argument") {
    auto const longest_tail = [](std::string_view left, std::string_view right) {
        return left.size() >= right.size() ? left : right.substr(0, right.size());
    };
    ExactTable<std::string_view, decltype(longest_tail)> table(longest_tail, plenty, one_leaf);
    std::map<std::string, std::string> expected;
    std::mt19937_64 random(2);
    for (int i = 0; i < 20000; ++i) {
        std::string const key = std::to_string(random() % 5000);
        std::string const value(random() % 40, static_cast<char>('a' + random() % 26));
        std::string& best = expected[key];
        if (best.size() < value.size()) best = value;
        std::string at_another_place = value;
        add(table, key, std::string_view(at_another_place));
        std::fill(at_another_place.begin(), at_another_place.end(), '!');
    }
    auto const found = exact_content<std::string_view>(table);
    CHECK(std::map<std::string, std::string>(found.begin(), found.end()) == expected);
}

TEST_CASE("a combiner may return a view of memory that it uses again") {
    std::string buffer;
    auto const concatenate = [&buffer](std::string_view left, std::string_view right) {
        buffer = std::string(left) + std::string(right);
        return std::string_view(buffer);
    };
    SUBCASE("exact") {
        ExactTable<std::string_view, decltype(concatenate)> table(concatenate, plenty, one_leaf);
        for (char const* text : {"a", "b", "c"})
            for (char const* key : {"k", "l"}) add(table, key, std::string_view(text));
        auto const found = exact_content<std::string_view>(table);
        CHECK(found.at("k") == "abc");
        CHECK(found.at("l") == "abc");
    }
    SUBCASE("ordered") {
        OrderedTable<std::string_view, decltype(concatenate)> table(concatenate, plenty, {0, 8, 8});
        for (std::uint32_t leaf = 0; leaf < 8; ++leaf)
            for (char const* key : {"k", "l"}) {
                std::string const text = key + std::to_string(leaf);
                add(table, key, std::string_view(text), leaf);
            }
        auto const found = exact_content<std::string_view>(table);
        CHECK(found.at("k") == "k0k1k2k3k4k5k6k7");
        CHECK(found.at("l") == "l0l1l2l3l4l5l6l7");
    }
}

namespace {

struct Views {
    std::int64_t number;
    std::string_view text;
    std::vector<std::string_view> more;
};

}  // namespace

TEST_CASE("views inside of structs and vectors are kept") {
    auto const join = [](Views left, Views const& right) {
        left.number += right.number;
        left.text = std::max(left.text, right.text);
        left.more.insert(left.more.end(), right.more.begin(), right.more.end());
        return left;
    };
    ExactTable<Views, decltype(join)> table(join, plenty, one_leaf);
    for (int i = 0; i < 3000; ++i) {
        std::string text = "text " + std::to_string(i);
        add(table, std::to_string(i % 1000), Views{i, text, {text, text}});
        text.assign(text.size(), '!');
    }
    auto const found = content<Views>(table);
    CHECK(found.size() == 1000);
    Views const& seven = found.at("7")[0].second;
    CHECK(seven.number == 7 + 1007 + 2007);
    CHECK(seven.text == "text 7");
    CHECK(seven.more
          == std::vector<std::string_view>{"text 7", "text 7", "text 1007", "text 1007",
                                           "text 2007", "text 2007"});
}

TEST_CASE("values that own memory are combined, moved when the table grows, and given back") {
    auto const append = [](std::vector<int> left, std::vector<int> const& right) {
        left.insert(left.end(), right.begin(), right.end());
        return left;
    };
    std::plus<std::string> const concatenate;
    for (bool const is_released : {false, true}) {
        ExactTable<std::vector<int>, decltype(append)> vectors(append, plenty, one_leaf);
        OrderedTable<std::string, std::plus<std::string>> texts(concatenate, plenty, {0, 3, 3});
        std::map<std::string, std::vector<int>> expected;
        std::map<std::string, std::map<std::uint32_t, std::string>> expected_texts;
        for (int i = 0; i < 30000; ++i) {
            std::string const key = std::to_string(i * 7 % 9973);
            auto const leaf = static_cast<std::uint32_t>(i / 10000);
            std::string const text = "a longer text, number " + std::to_string(i);
            add(vectors, key, std::vector<int>(static_cast<std::size_t>(i % 5), i));
            add(texts, key, text, leaf);
            expected[key].insert(expected[key].end(), static_cast<std::size_t>(i % 5), i);
            expected_texts[key][leaf] += text;
        }
        if (is_released) {
            vectors.release();
            texts.release();
            CHECK(vectors.size() == 0);
            continue;
        }
        CHECK(exact_content<std::vector<int>>(vectors) == expected);
        for (auto const& [key, values] : content<std::string>(texts)) {
            REQUIRE(values.size() == 1);
            CHECK(values[0].second == fold_leaves(expected_texts[key], concatenate));
        }
    }
}

TEST_CASE("ordered values are folded along the tree within the leaves that the rank has whole") {
    // Not associative, so that the order of folding shows.
    auto const nest = [](std::string const& left, std::string const& right) {
        return '(' + left + ' ' + right + ')';
    };
    for (std::uint64_t begin = 0; begin < 12; ++begin)
        for (std::uint64_t end = begin + 1; end <= 12; ++end)
            for (unsigned present = 1; present < (1U << (end - begin)); present += 3) {
                OrderedTable<std::string, decltype(nest)> table(nest, 4, {begin, end, 12});
                std::map<std::uint32_t, std::string> leaves, partials;
                for (auto leaf = static_cast<std::uint32_t>(begin); leaf < end; ++leaf) {
                    if ((present >> (leaf - begin) & 1) == 0) continue;
                    for (char const* value : {"", "'"}) {
                        std::string const text = std::to_string(leaf) + value;
                        add(table, "key", text, leaf);
                        leaves[leaf] = leaves.count(leaf) ? nest(leaves[leaf], text) : text;
                    }
                }
                for (auto const& [key, values] : content<std::string>(table)) {
                    CHECK(values.size() <= 2 * 4);
                    for (auto const& [leaf, value] : values) {
                        CHECK((partials.empty() || partials.rbegin()->first < leaf));
                        partials[leaf] = value;
                    }
                }
                CHECK(fold_leaves(partials, nest) == fold_leaves(leaves, nest));
            }
}

TEST_CASE("a combiner that throws leaves the table as it was") {
    auto const picky = [](std::string const& left, std::string const& right) {
        if (right == "bad") throw std::runtime_error("bad value");
        return left + right;
    };
    ExactTable<std::string, decltype(picky)> table(picky, plenty, one_leaf);
    add(table, "key", std::string("good"));
    CHECK_THROWS_WITH(add(table, "key", std::string("bad")), "bad value");
    add(table, "key", std::string(" again"));
    CHECK(exact_content<std::string>(table).at("key") == "good again");
}
