#pragma once

#include <cstddef>

#include "serry/serde/byte_buffer.hpp"

namespace serry {

/// Emptied, with room for so many bytes, and no more where it had too little: what is counted in a
/// budget must not grow by doubling.
inline void make_room(ByteWriter& bytes, std::size_t byte_count) {
    bytes.clear();
    if (bytes.capacity() >= byte_count) return;
    bytes = ByteWriter();
    bytes.reserve(byte_count);
}

}  // namespace serry
