#include "serry/shuffle/run.hpp"

#include <cstring>
#include <utility>

namespace serry {

void Run::seal() {
    byte_count_ += last_.size();
    // A block is handed over at its exact size; what was sealed before is never touched again.
    Block& block = blocks_.emplace_back();
    constexpr std::size_t largest_spilled_block = std::size_t{1} << 30;
    if (storage_->memory_bytes + last_.size() <= storage_->memory_limit_bytes
        || last_.size() >= largest_spilled_block) {
        storage_->memory_bytes += last_.size();
        block.bytes.put(last_.view());
    } else {
        block.extent = storage_->file.write(last_.view());
    }
    last_.clear();
}

void Run::seal_first(std::size_t end) {
    std::size_t const rest = last_.size() - end;
    last_.set_size(end);
    seal();
    std::memmove(last_.data(), last_.data() + end, rest);
    last_.set_size(rest);
}

std::string_view Run::read_block(std::size_t block, ByteWriter& room) const {
    Block const& wanted = blocks_[block];
    if (!wanted.bytes.empty()) return wanted.bytes.view();
    storage_->file.read(wanted.extent, room);
    return room.view();
}

}  // namespace serry
