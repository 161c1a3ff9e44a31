#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#include "serry/results.hpp"

namespace serry {

/// What an action brought to every rank if it was small, as Results; else nothing.
template <typename T>
class SmallResults {
public:
    SmallResults(std::shared_ptr<void const> owner,
                 std::string_view bytes,
                 std::uint64_t record_count)
        : results_(std::move(owner), bytes, record_count) {}
    explicit SmallResults(Results<T> results) : results_(std::move(results)) {}
    static SmallResults too_large() { return {nullptr, {}, too_many}; }

    bool is_small() const { return size() != too_many; }
    /// Requires is_small().
    Results<T> const& results() const { return results_; }

    // As they are recorded by actions.
    std::string_view encoded() const { return results_.encoded(); }
    std::uint64_t size() const { return results_.size(); }

private:
    static constexpr std::uint64_t too_many = std::numeric_limits<std::uint64_t>::max();

    Results<T> results_;
};

}  // namespace serry
