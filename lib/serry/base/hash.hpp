#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

// The wide loads below are right but not provably so to the sanitizers, which take the byte-wise
// way.
#if defined(__SANITIZE_ADDRESS__)
#define SERRY_WIDE_KEY_LOADS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SERRY_WIDE_KEY_LOADS 0
#endif
#endif
#if !defined(SERRY_WIDE_KEY_LOADS) && defined(__SSE2__)
#define SERRY_WIDE_KEY_LOADS 1
#include <emmintrin.h>
#elif !defined(SERRY_WIDE_KEY_LOADS)
#define SERRY_WIDE_KEY_LOADS 0
#endif

namespace serry {

/// The 64-bit hash of an encoded key. Stable: the same on every machine, in every run and release
/// of format version 1, since the order of outputs and the content of checkpoints follow from it.
///
/// Up to 15 bytes: one multiplication folded to 64 bits, as in wyhash (Wang Yi, 2019), and one
/// more. Longer: XXH3 (Collet, 2019) with a seed of ours.
std::uint64_t hash_long(std::string_view bytes) noexcept;

/// A key of up to 15 bytes as two words: its bytes, zeros, and in the last byte its size + 1. So
/// equal words mean equal keys, and no key is all zeros.
struct ShortKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    std::size_t size() const { return static_cast<std::size_t>(high >> 56) - 1; }
    friend bool operator==(ShortKey const&, ShortKey const&) = default;
};

inline constexpr std::size_t short_key_bytes = 15;

inline std::uint64_t hash_short(ShortKey key) noexcept {
    __extension__ using Wide = unsigned __int128;
    auto const product =
        static_cast<Wide>(key.low ^ 0xa0761d6478bd642fULL) * (key.high ^ 0xe7037ed1a0b428dbULL);
    // Folded alone, numbers behind one prefix in a hundred crowd a few slots (measured: 10 to 400
    // probes a look-up); the last step spreads them.
    return (static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64))
           * 0x9fb21c651e98df25ULL;
}

namespace hashing {

/// Reads no byte outside of `bytes`.
inline ShortKey load_bytewise(std::string_view bytes) noexcept {
    std::size_t const n = bytes.size();
    ShortKey key{0, std::uint64_t{n + 1} << 56};
    char const* p = bytes.data();
    if (n >= 8) {
        std::memcpy(&key.low, p, 8);
        if (n > 8) {
            std::uint64_t last = 0;
            std::memcpy(&last, p + n - 8, 8);
            key.high |= last >> (8 * (16 - n));
        }
    } else if (n >= 4) {
        std::uint32_t first = 0, last = 0;
        std::memcpy(&first, p, 4);
        std::memcpy(&last, p + n - 4, 4);
        key.low = first | static_cast<std::uint64_t>(last) << (8 * (n - 4));
    } else if (n > 0) {
        auto const at = [p](std::size_t i) {
            return std::uint64_t{static_cast<unsigned char>(p[i])};
        };
        key.low = at(0) | at(n / 2) << (8 * (n / 2)) | at(n - 1) << (8 * (n - 1));
    }
    return key;
}

}  // namespace hashing

/// A key of 1 to 8 bytes and zeros behind it. May look at (and drop) 8 bytes from bytes.data() on,
/// but only of the same page of memory.
inline std::uint64_t load_tiny(std::string_view bytes) noexcept {
#if SERRY_WIDE_KEY_LOADS
    if ((reinterpret_cast<std::uintptr_t>(bytes.data()) & 4095) > 4096 - 8)
        return hashing::load_bytewise(bytes).low;
    // The compiler must not see whose bytes these are, or it warns of those behind them.
    char const* from = bytes.data();
    __asm__("" : "+r"(from) : : "memory");
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    return word & ~std::uint64_t{0} >> (64 - 8 * bytes.size());
#else
    return hashing::load_bytewise(bytes).low;
#endif
}

/// Requires bytes.size() <= short_key_bytes. May look at (and drop) 16 bytes from bytes.data() on,
/// but only of the same page of memory: the branches of the byte-wise way cost more than the whole
/// look-up, since the lengths of words cannot be predicted.
inline ShortKey load_short(std::string_view bytes) noexcept {
#if SERRY_WIDE_KEY_LOADS
    // Also where a page begins: an empty key may lie at address 0, or behind the last page of all.
    auto const before = reinterpret_cast<std::uintptr_t>(bytes.data()) - 1;
    if ((before & 4095) >= 4096 - 16) return hashing::load_bytewise(bytes);
    alignas(16) static constexpr std::uint8_t ones_then_zeros[32] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    __m128i const mask =
        _mm_loadu_si128(reinterpret_cast<__m128i const*>(ones_then_zeros + 16 - bytes.size()));
    // The compiler must not see whose bytes these are, or it warns of those behind them.
    char const* from = bytes.data();
    __asm__("" : "+r"(from) : : "memory");
    __m128i const all = _mm_loadu_si128(reinterpret_cast<__m128i const*>(from));
    __m128i const kept = _mm_and_si128(all, mask);
    return {static_cast<std::uint64_t>(_mm_cvtsi128_si64(kept)),
            static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(kept, kept)))
                | std::uint64_t{bytes.size() + 1} << 56};
#else
    return hashing::load_bytewise(bytes);
#endif
}

inline std::uint64_t hash_key(std::string_view bytes) noexcept {
    return bytes.size() <= short_key_bytes ? hash_short(load_short(bytes)) : hash_long(bytes);
}

/// The partition of `partition_count` that a hash belongs to: partitions are equal ranges of
/// hashes, in ascending order.
inline std::uint64_t partition_of_hash(std::uint64_t hash, std::uint64_t partition_count) noexcept {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<Wide>(hash) * partition_count >> 64);
}

/// The smallest hash of partition `partition`; for partition == partition_count no hash is large
/// enough, and callers treat that end apart. Requires partition < partition_count.
inline std::uint64_t first_hash_of(std::uint64_t partition,
                                   std::uint64_t partition_count) noexcept {
    __extension__ using Wide = unsigned __int128;
    Wide const scaled = static_cast<Wide>(partition) << 64;
    return static_cast<std::uint64_t>((scaled + partition_count - 1) / partition_count);
}

/// Where index `index` of `index_count` lies among all hashes: like a hash, it gives each record
/// its partition and its place in streams, but in the order of the indices.
inline std::uint64_t place_of_index(std::uint64_t index, std::uint64_t index_count) noexcept {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(index) << 64) / index_count);
}

/// The first index of partition `partition`; for partition == partition_count the end.
inline std::uint64_t first_index_of(std::uint64_t partition,
                                    std::uint64_t partition_count,
                                    std::uint64_t index_count) noexcept {
    if (partition == partition_count) return index_count;
    __extension__ using Wide = unsigned __int128;
    auto const first = static_cast<Wide>(first_hash_of(partition, partition_count)) * index_count;
    return static_cast<std::uint64_t>((first + ~std::uint64_t{0}) >> 64);
}

/// Mixes `value` into a running fingerprint; order matters.
inline std::uint64_t mix_fingerprint(std::uint64_t fingerprint, std::uint64_t value) noexcept {
    return hash_short({fingerprint, value});
}
inline std::uint64_t mix_fingerprint(std::uint64_t fingerprint, std::string_view text) noexcept {
    return mix_fingerprint(fingerprint, hash_key(text) ^ text.size());
}
/// Of texts in their order.
inline std::uint64_t fingerprint_of(std::span<std::string const> texts) noexcept {
    std::uint64_t fingerprint = texts.size();
    for (std::string const& text : texts) fingerprint = mix_fingerprint(fingerprint, text);
    return fingerprint;
}

}  // namespace serry
