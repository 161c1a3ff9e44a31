#pragma once

// Pairs of a key and a value, as binary records in files.
#include <cstdint>

namespace yardstick {

struct Pair {
    std::int64_t key;
    std::int64_t value;
};

inline std::uint64_t mix(std::uint64_t left, std::uint64_t right) {
    auto const product = static_cast<unsigned __int128>(left) * right;
    return std::uint64_t(product) ^ std::uint64_t(product >> 64);
}

/// All bits are good: the high ones say which rank owns a key, the low ones are for tables.
inline std::uint64_t hash_of(std::int64_t key) {
    return mix(std::uint64_t(key) ^ 0xa0761d6478bd642f, 0xe7037ed1a0b428db);
}

inline int owner_of(std::uint64_t hash, int rank_count) {
    return int(((hash >> 32) * unsigned(rank_count)) >> 32);
}

/// A number for a row of a join; summed up, rows in any order give the same.
inline std::uint64_t check_of(std::int64_t key, std::int64_t left, std::int64_t right) {
    std::uint64_t const of_left =
        mix(std::uint64_t(key) ^ 0x9e3779b97f4a7c15, std::uint64_t(left) ^ 0xd6e8feb86659fd93);
    return mix(of_left ^ 0xa0761d6478bd642f, std::uint64_t(right) ^ 0xe7037ed1a0b428db);
}

}  // namespace yardstick
