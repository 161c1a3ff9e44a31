#pragma once

#include <cstdint>
#include <vector>

namespace serry {

/// Encoded records of consecutive partitions among those that a rank gives to a result.
struct ResultPiece {
    std::uint64_t first_partition = 0;
    std::uint64_t begin = 0;  ///< among the rank's bytes
    std::uint64_t byte_count = 0;
};

/// Notes where a rank's stretches of consecutive partitions begin and end in the bytes that it
/// encodes task by task.
class ResultPieces {
public:
    void begin_task(std::uint64_t partition, std::uint64_t bytes_before) {
        if (pieces_.empty() || partition != next_partition_)
            pieces_.push_back({partition, bytes_before, 0});
        next_partition_ = partition + 1;
    }
    void end_task(std::uint64_t bytes_so_far) {
        pieces_.back().byte_count = bytes_so_far - pieces_.back().begin;
    }

    std::vector<ResultPiece> const& all() const { return pieces_; }

private:
    std::vector<ResultPiece> pieces_;
    std::uint64_t next_partition_ = 0;
};

}  // namespace serry
