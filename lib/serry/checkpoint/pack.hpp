#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serry/serde/byte_buffer.hpp"

namespace serry {

/// How the blocks of a pack are stored. What does not shrink is stored as it is.
enum class PackCompression : std::uint8_t { none = 0, lz4 = 1, zstd = 2 };

/// "none", "lz4", "zstd".
char const* compression_name(PackCompression compression);

/// Whose a pack is.
struct PackId {
    std::string job;
    std::uint64_t checkpoint = 0;
    std::uint64_t attempt = 0;
    std::uint64_t rank = 0;

    friend bool operator==(PackId const&, PackId const&) = default;
};

/// A block in a pack.
struct PackedBlock {
    std::uint64_t begin = 0;
    std::uint64_t stored_bytes = 0;
    std::uint64_t plain_bytes = 0;
    std::uint64_t compression = 0;
    std::uint64_t hash = 0;
};

/// A partition in a pack: consecutive blocks.
struct PackedPartition {
    std::uint64_t partition = 0;
    std::uint64_t first_block = 0;
    std::uint64_t block_count = 0;
    std::uint64_t record_count = 0;
    std::uint64_t plain_bytes = 0;

    friend bool operator==(PackedPartition const&, PackedPartition const&) = default;
};

/// What a rank says of the pack that it wrote, for the manifest.
struct PackSummary {
    std::uint64_t file_bytes = 0;
    std::uint64_t checksum = 0;  ///< of its tables, which hold the checksums of its blocks
    std::vector<PackedPartition> partitions;
};

/// A rank's part of a checkpoint, an HDF5 file (format V110) that is written once, from its first
/// partition to its last:
///
///     /           attributes serry_pack = 1 (version), job, checkpoint, attempt, rank
///     /blob       uint8[n]: the stored blocks, one behind the other
///     /blocks     uint64[m][5], a row a block: where it begins in /blob, bytes stored, plain
///                 bytes, 0 stored plain, 1 lz4, 2 zstd, and the hash of the stored bytes
///     /partitions uint64[p][5], a row a partition: its number, first block, blocks, records,
///                 plain bytes
///
/// Blocks are whole records, encoded and framed as in a Run. What throws is StorageError.
class PackWriter {
public:
    /// Makes the file at `path`. `plain_bytes`: about how many will come, which decides how the
    /// file is laid out.
    PackWriter(std::string const& path,
               PackId const& id,
               PackCompression compression,
               std::uint64_t plain_bytes);
    ~PackWriter();

    void begin_partition(std::uint64_t partition);
    void add_block(std::string_view block);
    void end_partition(std::uint64_t record_count);
    /// The pack is on the disk, but for its name.
    PackSummary close();

private:
    struct File;

    void write_buffer(bool is_last);

    PackCompression compression_;
    std::unique_ptr<File> file_;
    ByteWriter buffer_;  ///< stored bytes that are not yet in /blob
    ByteWriter compressed_;
    std::vector<PackedBlock> blocks_;
    std::uint64_t stored_bytes_ = 0;
    PackSummary summary_;
};

/// Reads a pack. Everything that differs from what a PackWriter wrote is a StorageError that says
/// what was seen and what was expected.
class PackReader {
public:
    /// `checksum`: of its tables, as the manifest has it.
    PackReader(std::string const& path, PackId const& expected, std::uint64_t checksum);
    ~PackReader();

    std::vector<PackedPartition> const& partitions() const { return partitions_; }
    /// Pass the blocks of partitions()[index] to take(block), in order; each is valid for the call.
    void read(std::size_t index, std::function<void(std::string_view)> const& take);

private:
    struct File;

    std::string_view read_block(std::uint64_t number);

    std::unique_ptr<File> file_;
    std::vector<PackedPartition> partitions_;
    std::vector<PackedBlock> blocks_;
    ByteWriter stored_, plain_;
};

}  // namespace serry
