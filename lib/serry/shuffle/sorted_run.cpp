#include "serry/shuffle/sorted_run.hpp"

#include <algorithm>

namespace serry {

void SortedRun::append(WireRecord const& record) {
    std::size_t const sealed = run_.block_count();
    run_.append(record.framed);
    // The first record opens a block; so does one before which another was sealed.
    if (blocks_.empty() || run_.block_count() > sealed)
        blocks_.push_back({run_.record_count() - 1, record.hash});
}

bool SortedCursor::read() {
    if (is_at_end()) return false;
    if (buffer_) {
        auto const entries = buffer_->entries();
        constexpr std::uint64_t ahead = 16;
        if (place_.index + ahead < end_) buffer_->prefetch(entries[place_.index + ahead]);
        head_ = buffer_->record(entries[place_.index]);
        return true;
    }
    if (!is_loaded_) {
        loaded_ = run_->read_block(block_, room_);
        is_loaded_ = true;
    }
    return read_sorted_record(loaded_.substr(offset_), head_);
}

void SortedCursor::advance() {
    ++place_.index;
    if (buffer_) return;
    offset_ += head_.framed.size();
    if (offset_ < loaded_.size()) return;
    ++block_;
    offset_ = 0;
    is_loaded_ = false;
}

void SortedCursor::skip_to(Splitters::Bound const& bound) {
    if (buffer_) {
        search_buffer(bound);
        return;
    }
    skip_blocks(bound.prefix());
    while (read() && bound.is_after(head_, place_)) advance();
}

/// A search that ends whatever the order says.
void SortedCursor::search_buffer(Splitters::Bound const& bound) {
    auto const entries = buffer_->entries();
    std::uint64_t end = end_;
    while (place_.index < end) {
        SortedPlace middle = place_;
        middle.index += (end - place_.index) / 2;
        if (bound.is_after(buffer_->record(entries[middle.index]), middle))
            place_.index = middle.index + 1;
        else
            end = middle.index;
    }
}

/// To the last block that begins with a smaller prefix.
void SortedCursor::skip_blocks(std::uint64_t prefix) {
    auto const& blocks = run_->blocks();
    auto const begin = blocks.begin() + static_cast<std::ptrdiff_t>(block_);
    auto const found = std::partition_point(
        begin, blocks.end(),
        [&](SortedRun::Block const& block) { return block.first_prefix < prefix; });
    if (found - begin < 2) return;
    block_ = static_cast<std::size_t>(found - blocks.begin()) - 1;
    place_.index = blocks[block_].first_index;
    offset_ = 0;
    is_loaded_ = false;
}

SortedCursor SortedCursor::again() const {
    SortedCursor other = run_ ? SortedCursor(*run_, place_.rank, place_.run)
                              : SortedCursor(*buffer_, place_.rank, place_.run);
    other.end_ = end_;
    other.place_ = place_;
    other.block_ = block_;
    other.offset_ = offset_;
    return other;
}

void SortedCursor::release() {
    if (!is_loaded_) return;
    is_loaded_ = false;
    room_ = ByteWriter();
}

}  // namespace serry
