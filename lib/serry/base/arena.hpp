#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace serry {

/// Bytes that live together and die together: what functions of the user's make for a batch, and
/// what stored views point into. Not for objects with a destructor.
class Arena {
public:
    explicit Arena(std::size_t first_block_bytes = 4096) : next_block_bytes_(first_block_bytes) {}

    /// Uninitialised bytes, valid until clear() or the end of the arena. No alignment beyond 1.
    char* allocate(std::size_t byte_count) {
        if (byte_count > static_cast<std::size_t>(end_ - at_)) grow(byte_count);
        char* result = at_;
        at_ += byte_count;
        return result;
    }

    std::string_view copy(std::string_view bytes) {
        char* to = allocate(bytes.size());
        if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
        return {to, bytes.size()};
    }

    /// Forget everything handed out; keep the memory (as one block) for what comes.
    void clear() {
        if (blocks_.size() > 1) merge_blocks();
        at_ = blocks_.empty() ? nullptr : blocks_.back().bytes.get();
    }

    std::size_t allocated_bytes() const { return allocated_bytes_; }

private:
    struct Block {
        std::unique_ptr<char[]> bytes;
        std::size_t size;
    };

    void grow(std::size_t byte_count) {
        add_block(std::max(byte_count, next_block_bytes_));
        if (next_block_bytes_ < largest_step) next_block_bytes_ *= 2;
    }

    void add_block(std::size_t size) {
        blocks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
        allocated_bytes_ += size;
        at_ = blocks_.back().bytes.get();
        end_ = at_ + size;
    }

    void merge_blocks() {
        std::size_t const all = allocated_bytes_;
        blocks_.clear();
        allocated_bytes_ = 0;
        add_block(all);
    }

    static constexpr std::size_t largest_step = std::size_t{1} << 20;

    std::vector<Block> blocks_;
    char* at_ = nullptr;
    char* end_ = nullptr;
    std::size_t next_block_bytes_;
    std::size_t allocated_bytes_ = 0;
};

}  // namespace serry
