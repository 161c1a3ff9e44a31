#include "serry/shuffle/run.hpp"

#include <string>
#include <utility>

namespace serry {

Run::~Run() {
    for (Block const& block : blocks_) storage_->memory_bytes -= block.bytes.size();
}

void Run::seal() {
    byte_count_ += last_.size();
    Block& block = blocks_.emplace_back();
    constexpr std::size_t largest_spilled_block = std::size_t{1} << 30;
    if (storage_->memory_bytes + last_.size() <= storage_->memory_limit_bytes
        || last_.size() >= largest_spilled_block) {
        storage_->memory_bytes += last_.size();
        // What was sealed before is never touched again; it is handed over as it is when little of
        // its memory would lie idle.
        if (last_.capacity() - last_.size() <= last_.size() / 16)
            block.bytes = std::exchange(last_, ByteWriter());
        else
            block.bytes.put(last_.view());
    } else {
        block.extent = storage_->file.write(last_.view());
    }
    last_.clear();
}

void Run::open_block() {
    // Whoever fills one block most often fills the next one, too.
    if (!blocks_.empty()) last_.reserve(block_bytes_);
}

void Run::seal_first(std::size_t end) {
    std::string const rest(last_.view().substr(end));
    last_.set_size(end);
    seal();
    open_block();
    last_.put(rest);
}

std::string_view Run::read_block(std::size_t block, ByteWriter& room) const {
    Block const& wanted = blocks_[block];
    if (!wanted.bytes.empty()) return wanted.bytes.view();
    storage_->file.read(wanted.extent, room);
    return room.view();
}

}  // namespace serry
