#pragma once

#include <string>

#include "serry/stage/stage_end.hpp"

namespace serry::test {

/// One rank alone, which counts its calls.
struct AloneRank final : Collectives {
    void all_reduce_sum(std::span<std::uint64_t>) override { ++reductions; }
    std::string all_gather(std::string_view bytes) override {
        ++gathers;
        return std::string(bytes);
    }
    int reductions = 0, gathers = 0;
};

}  // namespace serry::test
