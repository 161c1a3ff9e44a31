#include "serry/serde/byte_buffer.hpp"

#include <algorithm>

#include "serry/base/error.hpp"

namespace serry {

void ByteWriter::grow(std::size_t byte_count) {
    std::size_t const wanted =
        std::max(size_ + byte_count, std::max<std::size_t>(64, 2 * capacity_));
    std::unique_ptr<char[]> bytes(new char[wanted]);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = wanted;
}

void ByteReader::throw_short(std::size_t wanted, std::size_t left) {
    throw StorageError("encoded record is cut short: " + std::to_string(wanted)
                       + " more bytes expected, " + std::to_string(left) + " left");
}

void ByteReader::throw_bad_varint() {
    throw StorageError("encoded record is damaged: a length has more than 64 bits");
}

}  // namespace serry
