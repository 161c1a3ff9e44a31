#pragma once

#include <array>
#include <cstdint>

namespace serry {

/// Philox4x32-10 (Salmon et al. 2011): 128 random bits for each counter, under a key. A function,
/// not a sequence: who draws when, and where, makes no difference.
inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                           std::uint64_t key) noexcept {
    auto low = static_cast<std::uint32_t>(key);
    auto high = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
        std::uint64_t const a = std::uint64_t{0xD2511F53} * counter[0];
        std::uint64_t const b = std::uint64_t{0xCD9E8D57} * counter[2];
        counter = {
            static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ low, static_cast<std::uint32_t>(b),
            static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ high, static_cast<std::uint32_t>(a)};
        low += 0x9E3779B9;
        high += 0xBB67AE85;
    }
    return counter;
}

/// The random numbers of one record: they follow from the seed, its partition, its ordinal there,
/// and how many were drawn for it before. Partitions are fewer than 2^32.
class RecordRandom {
public:
    RecordRandom(std::uint64_t seed, std::uint64_t partition, std::uint64_t ordinal) noexcept
        : seed_(seed), partition_(static_cast<std::uint32_t>(partition)), ordinal_(ordinal) {}

    /// 64 random bits.
    std::uint64_t bits() noexcept {
        auto const drawn =
            philox({static_cast<std::uint32_t>(ordinal_),
                    static_cast<std::uint32_t>(ordinal_ >> 32), partition_, draws_++},
                   seed_);
        return std::uint64_t{drawn[0]} << 32 | drawn[1];
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    double fraction() noexcept { return static_cast<double>(bits() >> 11) * 0x1p-53; }

    /// Uniform in [0, count), but for a bias of at most count / 2^64. Requires count > 0.
    std::uint64_t below(std::uint64_t count) noexcept {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>(static_cast<Wide>(bits()) * count >> 64);
    }

private:
    std::uint64_t seed_;
    std::uint32_t partition_;
    std::uint32_t draws_ = 0;
    std::uint64_t ordinal_;
};

}  // namespace serry
