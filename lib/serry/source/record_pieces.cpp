#include "serry/source/record_pieces.hpp"

#include <algorithm>

namespace serry {
namespace {

// Small enough to stay in the second-level cache until it is used.
constexpr std::size_t usual_piece_bytes = std::size_t{256} << 10;

}  // namespace

RecordPieces::RecordPieces(std::size_t record_bytes, std::size_t alignment)
    : alignment_(alignment),
      piece_bytes_(std::max<std::size_t>(1, usual_piece_bytes / record_bytes) * record_bytes),
      bytes_(static_cast<char*>(
          ::operator new (piece_bytes_ + line_bytes, std::align_val_t{line_bytes}))) {}

void RecordPieces::start(std::uint64_t begin, std::uint64_t end) {
    next_offset_ = begin;
    end_offset_ = end;
}

std::span<char const> RecordPieces::read(PinnedFile& file) {
    auto const byte_count =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes_, end_offset_ - next_offset_));
    // As in ReadBuffer: the copy out of the page cache is fast between addresses that are the same
    // within a cache line.
    std::size_t const phase = next_offset_ % line_bytes;
    char* const to = bytes_.get() + (phase % alignment_ == 0 ? phase : 0);
    file.read(next_offset_, to, byte_count);
    next_offset_ += byte_count;
    return {to, byte_count};
}

}  // namespace serry
