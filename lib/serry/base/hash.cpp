#include "serry/base/hash.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace serry {

std::uint64_t hash_long(std::string_view bytes) noexcept {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), 0x7365727279ULL);
}

}  // namespace serry
