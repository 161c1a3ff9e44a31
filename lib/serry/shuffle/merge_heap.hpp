#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace serry {

/// Sorted sequences by their heads, the first on top: a binary heap. Each call makes at most so
/// many comparisons as the heap has levels, twice, whatever they say.
template <typename Sequence>
class MergeHeap {
public:
    bool empty() const { return sequences_.empty(); }
    std::size_t size() const { return sequences_.size(); }
    Sequence* top() const { return sequences_.front(); }
    void clear() { sequences_.clear(); }

    /// `before(a, b)`: whether a's head comes before b's.
    template <typename Before>
    void push(Sequence* sequence, Before const& before) {
        sequences_.push_back(sequence);
        for (std::size_t at = sequences_.size() - 1; at > 0;) {
            std::size_t const parent = (at - 1) / 2;
            if (!before(sequences_[at], sequences_[parent])) return;
            std::swap(sequences_[at], sequences_[parent]);
            at = parent;
        }
    }

    /// The top's head has changed.
    template <typename Before>
    void sift_top(Before const& before) {
        for (std::size_t at = 0;;) {
            std::size_t child = 2 * at + 1;
            if (child >= sequences_.size()) return;
            if (child + 1 < sequences_.size() && before(sequences_[child + 1], sequences_[child]))
                ++child;
            if (!before(sequences_[child], sequences_[at])) return;
            std::swap(sequences_[child], sequences_[at]);
            at = child;
        }
    }

    template <typename Before>
    void pop_top(Before const& before) {
        sequences_.front() = sequences_.back();
        sequences_.pop_back();
        sift_top(before);
    }

private:
    std::vector<Sequence*> sequences_;
};

}  // namespace serry
