#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace serry {

/// A file of a job's input, as rank 0 saw it when it listed the splits.
struct InputFile {
    std::string path;
    std::uint64_t size_bytes = 0;
    std::int64_t modified_ns = 0;
    std::uint64_t inode = 0;
};

/// A piece of a source. Of a file: the bytes [begin, end). Of a source in memory: the records
/// [begin, end), and `file` is 0.
struct Split {
    std::uint32_t file = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    friend bool operator==(Split const&, Split const&) = default;
};

/// A source cut into partitions, each of which reads some consecutive splits.
struct SplitList {
    std::vector<InputFile> files = {};
    std::vector<Split> splits = {};
    /// Where the splits of each partition end, ascending to splits.size(). Empty: one split each.
    std::vector<std::uint64_t> split_ends = {};

    std::uint64_t partition_count() const {
        return split_ends.empty() ? splits.size() : split_ends.size();
    }
    /// The index of a partition's first split; of partition_count(), the number of splits.
    std::uint64_t first_split(std::uint64_t partition) const {
        if (split_ends.empty() || partition == 0) return partition;
        return split_ends[partition - 1];
    }
    /// Those of a partition, in order.
    std::span<Split const> splits_of(std::uint64_t partition) const {
        std::uint64_t const begin = first_split(partition);
        return {splits.data() + begin, first_split(partition + 1) - begin};
    }
};

struct SplitRequest {
    /// Asked for by the program or by --partitions; 0: from the input's bytes.
    std::uint64_t partition_count = 0;
};

/// Partitions that an input of `total_bytes` is cut into when nobody said. Follows from the bytes
/// alone, never from the ranks.
std::uint64_t default_partition_count(std::uint64_t total_bytes);

/// Partitions [begin, end).
struct PartitionRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    friend bool operator==(PartitionRange const&, PartitionRange const&) = default;
};

/// The rank that runs partition `partition` of `partition_count`, and the first partition of a
/// rank: contiguous blocks, in order. rank == rank_count gives the end of the last block.
std::uint64_t first_partition_of(std::uint64_t rank,
                                 std::uint64_t rank_count,
                                 std::uint64_t partition_count);
std::uint64_t rank_of_partition(std::uint64_t partition,
                                std::uint64_t partition_count,
                                std::uint64_t rank_count);

/// Which partitions of a dataset are whose. They are dealt to the ranks in blocks: of each block
/// every rank has a contiguous, equal share. A union has the blocks of its parts, so that nothing
/// moves; every other dataset is one block.
class Placement {
public:
    Placement() = default;
    explicit Placement(std::uint64_t partition_count) : blocks_{partition_count} {}
    explicit Placement(std::vector<std::uint64_t> blocks) : blocks_(std::move(blocks)) {}

    /// The partitions of each block.
    std::vector<std::uint64_t> const& blocks() const { return blocks_; }

    std::uint64_t partition_count() const;
    /// A rank's partitions, in ascending order.
    std::vector<PartitionRange> ranges_of(std::uint64_t rank, std::uint64_t rank_count) const;
    std::size_t block_count() const { return blocks_.size(); }
    /// The number of the block that holds `partition`.
    std::uint32_t block_of(std::uint64_t partition) const;
    /// Put the partitions of `other` behind these.
    void append(Placement const& other);

    friend bool operator==(Placement const&, Placement const&) = default;

    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& blocks_;
    }

private:
    std::vector<std::uint64_t> blocks_;
};

}  // namespace serry
