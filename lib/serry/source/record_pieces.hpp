#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "serry/source/pinned_file.hpp"

namespace serry {

/// Reads the records of a split in pieces of whole records, through one buffer that is kept.
class RecordPieces {
public:
    /// The pieces begin at a multiple of `alignment`, a power of two up to 64.
    RecordPieces(std::size_t record_bytes, std::size_t alignment);

    /// Begin with the bytes [begin, end) of a file.
    void start(std::uint64_t begin, std::uint64_t end);
    std::uint64_t position() const { return next_offset_; }
    /// The next piece, valid until the next call; empty at the end.
    std::span<char const> read(PinnedFile& file);

private:
    static constexpr std::size_t line_bytes = 64;

    struct Free {
        void operator()(char* bytes) const {
            ::operator delete (bytes, std::align_val_t{line_bytes});
        }
    };

    std::size_t alignment_;
    std::size_t piece_bytes_;
    std::unique_ptr<char, Free> bytes_;
    std::uint64_t next_offset_ = 0;
    std::uint64_t end_offset_ = 0;
};

}  // namespace serry
