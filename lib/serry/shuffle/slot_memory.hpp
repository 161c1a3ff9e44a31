#pragma once

#include <cstddef>
#include <utility>

namespace serry {

/// Zeroed memory for a table, aligned to 64 bytes. From 2 MiB on straight from the kernel, in huge
/// pages, and given back to it as soon as it is released.
class SlotMemory {
public:
    SlotMemory() = default;
    /// Throws StorageError (does_not_fit).
    explicit SlotMemory(std::size_t byte_count);
    ~SlotMemory();
    SlotMemory(SlotMemory&& other) noexcept
        : bytes_(std::exchange(other.bytes_, nullptr)),
          byte_count_(std::exchange(other.byte_count_, 0)) {}
    SlotMemory& operator=(SlotMemory&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(byte_count_, other.byte_count_);
        return *this;
    }

    void* zeroed_bytes() const { return bytes_; }
    std::size_t byte_count() const { return byte_count_; }

private:
    void* bytes_ = nullptr;
    std::size_t byte_count_ = 0;
};

}  // namespace serry
