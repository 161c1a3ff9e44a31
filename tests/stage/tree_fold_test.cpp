#include "serry/stage/tree_fold.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

using Text = Spines<std::string>;
using Entries = std::vector<Text::Entry>;

/// Says how the values were put together: the opposite of associative.
constexpr auto in_brackets = [](std::string const& a, std::string const& b) {
    return '(' + a + '+' + b + ')';
};

/// A value for each leaf that is there.
using LeafSet = std::vector<std::uint32_t>;

Entries entries_of(LeafSet const& leaves) {
    Entries entries;
    for (std::uint32_t leaf : leaves) entries.push_back({leaf, std::to_string(leaf)});
    return entries;
}

/// The fold along the tree as it is defined: a block of 2^k leaves is its two halves combined, or
/// the one of them that is there.
std::optional<std::string> fold_block(Entries const& entries,
                                      std::uint64_t begin,
                                      std::uint64_t size) {
    if (size == 1) {
        for (Text::Entry const& entry : entries)
            if (entry.leaf == begin) return entry.value;
        return std::nullopt;
    }
    auto const left = fold_block(entries, begin, size / 2);
    auto const right = fold_block(entries, begin + size / 2, size / 2);
    if (left && right) return in_brackets(*left, *right);
    return left ? left : right;
}

std::string expected_fold(LeafSet const& leaves, std::uint64_t leaf_count) {
    std::uint64_t size = 1;
    while (size < leaf_count) size *= 2;
    return fold_block(entries_of(leaves), 0, size).value_or("");
}

/// What a rank makes of its entries, knowing that it has all of `known`: partial results in
/// ascending order of leaf.
Entries fold_known(Entries const& entries, LeafRange const& known) {
    Text spines;
    Text::Spine spine;
    Entries partials;
    if (entries.empty()) return partials;
    for (std::size_t i = 0; i + 1 < entries.size(); ++i)
        spines.push(spine, entries[i], entries[i + 1].leaf, known, in_brackets);
    spines.finish(spine, entries.back(), known, in_brackets, partials);
    return {partials.rbegin(), partials.rend()};
}

/// Partials folded to the end, which leaves one value, or none of no leaves.
std::string fold_whole(Entries const& partials, std::uint64_t leaf_count) {
    Entries const whole = fold_known(partials, {0, leaf_count, leaf_count});
    CHECK(whole.size() == (partials.empty() ? 0 : 1));
    return whole.empty() ? "" : whole[0].value;
}

/// What a rank makes of the leaves in [begin, end), for every such range.
class RankPartials {
public:
    RankPartials(LeafSet const& leaves, std::uint64_t leaf_count) : leaf_count_(leaf_count) {
        for (std::uint64_t begin = 0; begin <= leaf_count; ++begin)
            for (std::uint64_t end = begin; end <= leaf_count; ++end) {
                LeafSet own;
                for (std::uint32_t leaf : leaves)
                    if (leaf >= begin && leaf < end) own.push_back(leaf);
                of_range_[{begin, end}] = fold_known(entries_of(own), {begin, end, leaf_count});
            }
    }

    std::size_t most_of_a_rank() const {
        std::size_t most = 0;
        for (auto const& [range, partials] : of_range_) most = std::max(most, partials.size());
        return most;
    }

    /// Of all ranks in their order, rank r having the leaves in [cuts[r], cuts[r + 1]).
    Entries of_ranks(std::vector<std::uint64_t> const& cuts) const {
        Entries all;
        for (std::size_t r = 0; r + 1 < cuts.size(); ++r) {
            Entries const& partials = of_range_.at({cuts[r], cuts[r + 1]});
            all.insert(all.end(), partials.begin(), partials.end());
        }
        return all;
    }

    /// The result of all.
    std::string folded(std::vector<std::uint64_t> const& cuts) const {
        return fold_whole(of_ranks(cuts), leaf_count_);
    }

private:
    std::uint64_t leaf_count_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, Entries> of_range_;
};

std::size_t most_partials_of(std::uint64_t leaf_count) {
    return 2 * static_cast<std::size_t>(std::bit_width(leaf_count) - 1) + 2;
}

/// Visits all ways to cut [0, leaf_count) into `rank_count` ranges, empty ones included.
template <typename Visit>
void for_each_split(std::uint64_t leaf_count, std::size_t rank_count, Visit visit) {
    std::vector<std::uint64_t> cuts(rank_count + 1, 0);
    cuts.back() = leaf_count;
    for (;;) {
        visit(cuts);
        std::size_t r = rank_count - 1;
        while (r > 0 && cuts[r] == leaf_count) --r;
        if (r == 0) return;
        std::uint64_t const next = cuts[r] + 1;
        for (; r < rank_count; ++r) cuts[r] = next;
    }
}

LeafSet leaves_of(std::uint64_t mask, std::uint64_t leaf_count) {
    LeafSet leaves;
    for (std::uint32_t leaf = 0; leaf < leaf_count; ++leaf)
        if (mask >> leaf & 1) leaves.push_back(leaf);
    return leaves;
}

}  // namespace

TEST_CASE("the tree over seven leaves, by hand") {
    CHECK(expected_fold({0, 1, 2, 3, 4, 5, 6}, 7) == "(((0+1)+(2+3))+((4+5)+6))");
    CHECK(expected_fold({0, 2, 3, 6}, 7) == "((0+(2+3))+6)");
    RankPartials const partials({0, 1, 2, 3, 4, 5, 6}, 7);
    CHECK(partials.of_ranks({0, 3, 5, 7}).size() == 6);  // (0+1), 2 | 3, 4 | 5, 6
    CHECK(partials.folded({0, 3, 5, 7}) == "(((0+1)+(2+3))+((4+5)+6))");
}

TEST_CASE("few leaves with any gaps fold alike however the ranks have them") {
    for (std::uint64_t count = 1; count <= 6; ++count)
        for (std::uint64_t mask = 0; mask < std::uint64_t{1} << count; ++mask) {
            LeafSet const leaves = leaves_of(mask, count);
            std::string const expected = expected_fold(leaves, count);
            RankPartials const partials(leaves, count);
            for_each_split(count, 4, [&](std::vector<std::uint64_t> const& cuts) {
                REQUIRE(partials.folded(cuts) == expected);
            });
        }
}

TEST_CASE("up to 17 leaves fold alike over every contiguous split to five ranks") {
    std::mt19937_64 random(23);
    std::size_t split_count = 0;
    for (std::uint64_t count = 1; count <= 17; ++count) {
        // All leaves, and a few patterns with gaps.
        std::vector<std::uint64_t> const masks{~std::uint64_t{0}, random() | random(), random()};
        for (std::uint64_t mask : masks) {
            LeafSet const leaves = leaves_of(mask, count);
            std::string const expected = expected_fold(leaves, count);
            RankPartials const partials(leaves, count);
            CHECK(partials.most_of_a_rank() <= most_partials_of(count));
            for_each_split(count, 5, [&](std::vector<std::uint64_t> const& cuts) {
                REQUIRE(partials.folded(cuts) == expected);
                ++split_count;
            });
        }
    }
    CHECK(split_count == 3 * 26333);  // sum over n of (n + 4 choose 4)
}

TEST_CASE("partials of neighbouring ranks may be folded on the way, and fold alike") {
    std::mt19937_64 random(29);
    constexpr std::uint64_t count = 16;
    for (int i = 0; i < 300; ++i) {
        LeafSet const leaves = leaves_of(random() | random(), count);
        RankPartials const partials(leaves, count);
        std::vector<std::uint64_t> cuts{0, random() % 17, random() % 17, random() % 17, count};
        std::sort(cuts.begin(), cuts.end());
        Entries halves;
        for (std::size_t h = 0; h < 2; ++h) {
            std::vector<std::uint64_t> const ranks(
                cuts.begin() + static_cast<std::ptrdiff_t>(2 * h),
                cuts.begin() + static_cast<std::ptrdiff_t>(2 * h) + 3);
            Entries const half =
                fold_known(partials.of_ranks(ranks), {ranks.front(), ranks.back(), count});
            halves.insert(halves.end(), half.begin(), half.end());
        }
        REQUIRE(fold_whole(halves, count) == expected_fold(leaves, count));
    }
}

TEST_CASE("a rank keeps no more partials than two for each level of the tree") {
    std::mt19937_64 random(31);
    constexpr std::uint64_t count = 100000;
    for (int i = 0; i < 40; ++i) {
        std::uint64_t begin = random() % count, end = random() % count;
        if (begin > end) std::swap(begin, end);
        Entries own;
        for (std::uint64_t leaf = begin; leaf < end; leaf += 1 + random() % 100)
            own.push_back({static_cast<std::uint32_t>(leaf), "x"});
        CHECK(fold_known(own, {begin, end, count}).size() <= most_partials_of(count));
    }
}

TEST_CASE("an aligned block that a rank has whole becomes one partial") {
    Entries const own = entries_of({8, 9, 10, 13, 14});
    Entries const partials = fold_known(own, {8, 16, 64});
    REQUIRE(partials.size() == 1);
    CHECK(partials[0].value == "(((8+9)+10)+(13+14))");
    CHECK(partials[0].leaf == 14);
}

TEST_CASE("what may have a neighbour elsewhere is not combined past it") {
    // Leaf 7 is another rank's, so 6 must wait for it; 8 and 9 make a block.
    Entries const partials = fold_known(entries_of({8, 9, 10}), {7, 11, 16});
    REQUIRE(partials.size() == 2);
    CHECK(partials[0].value == "(8+9)");
    CHECK(partials[1].value == "10");
}

TEST_CASE("the last leaves of all wait for none behind them") {
    Entries const partials = fold_known(entries_of({4, 5, 6}), {4, 7, 7});
    REQUIRE(partials.size() == 1);
    CHECK(partials[0].value == "((4+5)+6)");
}

TEST_CASE("many keys on one forest of spines do not disturb each other") {
    std::mt19937_64 random(37);
    constexpr std::uint64_t count = 64;
    constexpr std::size_t key_count = 100;
    Text spines;
    struct Key {
        Text::Spine spine;
        std::optional<Text::Entry> last;
        LeafSet leaves;
    };
    std::vector<Key> keys(key_count);
    for (std::uint32_t leaf = 0; leaf < count; ++leaf)
        for (Key& key : keys) {
            if (random() % 3 == 0) continue;
            if (key.last) spines.push(key.spine, *key.last, leaf, {0, count, count}, in_brackets);
            key.last = {leaf, std::to_string(leaf)};
            key.leaves.push_back(leaf);
        }
    for (Key& key : keys) {
        Entries folded;
        spines.finish(key.spine, *key.last, {0, count, count}, in_brackets, folded);
        REQUIRE(folded.size() == 1);
        REQUIRE(folded[0].value == expected_fold(key.leaves, count));
        REQUIRE(key.spine.empty());
    }
}

TEST_CASE("spines that are folded give their room to others") {
    Text spines;
    std::size_t after_first = 0;
    for (int round = 0; round < 100; ++round) {
        Text::Spine spine;
        Entries folded;
        for (std::uint32_t leaf = 0; leaf < 31; ++leaf)
            spines.push(spine, {leaf, "x"}, leaf + 1, {0, 32, 32}, in_brackets);
        spines.finish(spine, {31, "x"}, {0, 32, 32}, in_brackets, folded);
        if (round == 0) after_first = spines.memory_bytes();
        CHECK(spines.memory_bytes() == after_first);
    }
}

TEST_CASE("the spine of a key is no deeper than the tree") {
    Spines<double> spines;
    Spines<double>::Spine spine;
    constexpr std::uint32_t count = 1 << 16;
    for (std::uint32_t leaf = 0; leaf + 1 < count; ++leaf)
        spines.push(spine, {leaf, 1.0}, leaf + 1, {0, count, count}, std::plus<>());
    CHECK(spines.memory_bytes() <= 64 * 3 * sizeof(double));
    std::vector<Spines<double>::Entry> folded;
    spines.finish(spine, {count - 1, 1.0}, {0, count, count}, std::plus<>(), folded);
    REQUIRE(folded.size() == 1);
    CHECK(folded[0].value == count);
}

TEST_CASE("leaves are numbered up to 2^32 - 1") {
    constexpr std::uint32_t last = std::numeric_limits<std::uint32_t>::max();
    constexpr std::uint64_t count = std::uint64_t{1} << 32;
    Entries own;
    for (std::uint32_t leaf : {0U, 1U, 1U << 31, last - 1, last})
        own.push_back({leaf, std::to_string(leaf)});
    Entries const whole = fold_known(own, {0, count, count});
    REQUIRE(whole.size() == 1);
    CHECK(whole[0].value == "((0+1)+(2147483648+(4294967294+4294967295)))");
    Entries const half = fold_known({own.begin() + 2, own.end()}, {count / 2 - 1, count, count});
    REQUIRE(half.size() == 1);
    CHECK(half[0].value == "(2147483648+(4294967294+4294967295))");
}

TEST_CASE("sums that round are the same bits however the ranks have the leaves") {
    std::mt19937_64 random(41);
    std::uniform_real_distribution<double> numbers(-1e10, 1e10);
    using Doubles = Spines<double>;
    constexpr std::uint64_t count = 1000;
    std::vector<Doubles::Entry> leaves;
    for (std::uint32_t leaf = 0; leaf < count; ++leaf) leaves.push_back({leaf, numbers(random)});
    auto const fold = [](std::vector<Doubles::Entry> const& entries, LeafRange const& known) {
        Doubles spines;
        Doubles::Spine spine;
        std::vector<Doubles::Entry> partials;
        for (std::size_t i = 0; i + 1 < entries.size(); ++i)
            spines.push(spine, entries[i], entries[i + 1].leaf, known, std::plus<>());
        spines.finish(spine, entries.back(), known, std::plus<>(), partials);
        return std::vector<Doubles::Entry>(partials.rbegin(), partials.rend());
    };
    double const alone = fold(leaves, {0, count, count})[0].value;
    for (std::uint64_t rank_count : {2, 3, 7, 64, 1000}) {
        std::vector<Doubles::Entry> partials;
        for (std::uint64_t r = 0; r < rank_count; ++r) {
            std::uint64_t const begin = r * count / rank_count, end = (r + 1) * count / rank_count;
            auto const own = fold({leaves.begin() + static_cast<std::ptrdiff_t>(begin),
                                   leaves.begin() + static_cast<std::ptrdiff_t>(end)},
                                  {begin, end, count});
            partials.insert(partials.end(), own.begin(), own.end());
        }
        CHECK(fold(partials, {0, count, count})[0].value == alone);
    }
}
