#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "serry/serde/byte_buffer.hpp"

namespace serry {

/// One file a rank in node-local scratch for what does not fit into memory. Made when first written
/// to and unlinked at once, so that it goes when the process does, however that ends. Blocks are
/// compressed (lz4) and checksummed (XXH3); a block that does not read back as it was written is a
/// StorageError.
class SpillFile {
public:
    struct Extent {
        std::uint64_t offset = 0;
        std::uint32_t stored_bytes = 0;
        std::uint32_t plain_bytes = 0;
        std::uint64_t checksum = 0;
    };

    /// What keeps files from being made in `folder`; empty if nothing does. Makes none, so that any
    /// number of ranks may ask.
    static std::string what_is_wrong_with(std::string const& folder);

    explicit SpillFile(std::string folder) : folder_(std::move(folder)) {}
    ~SpillFile();
    SpillFile(SpillFile const&) = delete;
    SpillFile& operator=(SpillFile const&) = delete;

    /// Requires block.size() < 1 GiB. Throws StorageError: no such folder, disk full.
    Extent write(std::string_view block);
    /// `block` becomes what write() was given.
    void read(Extent const& extent, ByteWriter& block);

    std::uint64_t written_bytes() const { return end_; }

private:
    void open();

    std::string folder_;
    int descriptor_ = -1;
    std::uint64_t end_ = 0;
    ByteWriter compressed_;
};

}  // namespace serry
