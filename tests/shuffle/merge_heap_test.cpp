#include "serry/shuffle/merge_heap.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

struct Sequence {
    std::vector<int> numbers;
    std::size_t next = 0;
    int head() const { return numbers[next]; }
};

/// Merges all, by `before`.
template <typename Before>
std::vector<int> merge(std::vector<Sequence>& sequences, Before const& before) {
    MergeHeap<Sequence> heap;
    for (Sequence& sequence : sequences)
        if (!sequence.numbers.empty()) heap.push(&sequence, before);
    std::vector<int> merged;
    while (!heap.empty()) {
        Sequence& first = *heap.top();
        merged.push_back(first.head());
        if (++first.next < first.numbers.size())
            heap.sift_top(before);
        else
            heap.pop_top(before);
    }
    CHECK(heap.size() == 0);
    return merged;
}

std::vector<Sequence> make_sequences(std::mt19937& random, std::size_t count) {
    std::vector<Sequence> sequences(count);
    for (Sequence& sequence : sequences) {
        for (auto left = random() % 20; left > 0; --left)
            sequence.numbers.push_back(static_cast<int>(random() % 50));
        std::sort(sequence.numbers.begin(), sequence.numbers.end());
    }
    return sequences;
}

std::vector<int> all_numbers(std::vector<Sequence> const& sequences) {
    std::vector<int> all;
    for (Sequence const& sequence : sequences)
        all.insert(all.end(), sequence.numbers.begin(), sequence.numbers.end());
    std::sort(all.begin(), all.end());
    return all;
}

}  // namespace

TEST_CASE("sorted sequences are merged, however many there are") {
    std::mt19937 random(1);
    for (std::size_t count = 0; count < 40; ++count) {
        auto sequences = make_sequences(random, count);
        auto const merged = merge(
            sequences, [](Sequence const* a, Sequence const* b) { return a->head() < b->head(); });
        CHECK(merged == all_numbers(sequences));
    }
}

TEST_CASE("an order that is none gives all the numbers all the same") {
    std::mt19937 random(2);
    for (std::size_t count = 0; count < 40; ++count) {
        auto sequences = make_sequences(random, count);
        auto merged =
            merge(sequences, [&](Sequence const*, Sequence const*) { return random() % 2 == 0; });
        std::sort(merged.begin(), merged.end());
        CHECK(merged == all_numbers(sequences));
    }
}

TEST_CASE("a cleared heap is empty") {
    Sequence one{{1}};
    MergeHeap<Sequence> heap;
    heap.push(&one, [](Sequence const*, Sequence const*) { return false; });
    CHECK(heap.top() == &one);
    heap.clear();
    CHECK(heap.empty());
}
