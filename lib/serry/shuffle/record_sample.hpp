#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "serry/base/hash.hpp"
#include "serry/stage/stage_end.hpp"

namespace serry {

/// A record of a sample: what it is ordered by, and where it was found.
struct SampledRecord {
    std::string key;
    std::string value;            ///< of sorts that order by it
    std::uint64_t partition = 0;  ///< of the source
    std::uint64_t ordinal = 0;    ///< in that partition
    std::uint64_t run = 0;        ///< of the rank that read it
    std::uint64_t index = 0;      ///< in that run
    std::uint64_t priority = 0;
};

/// A sample of all ranks' records that depends on nothing but where they are in the source: each
/// has a priority, a hash of that, and the sample holds those whose priority begins with so many
/// zero bits (its level) as leave no more than a limit (bottom-k sampling; Cohen and Kaplan, 2007).
class RecordSample {
public:
    struct Limits {
        std::uint64_t records = 0;
        std::uint64_t bytes = 0;
    };
    explicit RecordSample(Limits limits) : limits_(limits) {}

    void begin_partition(std::uint64_t partition) {
        partition_ = partition;
        ordinal_ = 0;
        partition_hash_ = mix_fingerprint(seed, partition);
    }
    /// Of the partition's next record: whether it belongs to the sample as far as is known here.
    /// Then it must be added.
    bool wants_next() {
        priority_ = mix_fingerprint(partition_hash_, ordinal_++);
        return level_of(priority_) >= level_;
    }
    void add(std::string_view key, std::string_view value, std::uint64_t run, std::uint64_t index);

    std::vector<SampledRecord>& records() { return records_; }

    /// Collective: everyone's sample, by the lowest level at which all ranks' together are within
    /// the limits; but never fewer than a few for being large. In the order of the source.
    std::vector<SampledRecord> agree(Collectives& ranks);

private:
    static constexpr std::uint64_t seed = 0x736f7274;
    static constexpr unsigned level_count = 64;
    static constexpr std::uint64_t few_records = 16;

    static unsigned level_of(std::uint64_t priority) {
        return static_cast<unsigned>(std::countl_zero(priority | 1));
    }
    static std::uint64_t cost_of(SampledRecord const& record);
    bool are_within(std::uint64_t record_count,
                    std::uint64_t byte_count,
                    std::uint64_t times) const;
    void drop_below_level();
    unsigned agree_on_level(Collectives& ranks) const;
    std::string encoded(unsigned level) const;
    static std::vector<SampledRecord> decoded(std::string_view bytes);

    Limits limits_;
    unsigned level_ = 0;
    std::uint64_t byte_count_ = 0;
    std::vector<SampledRecord> records_;
    std::uint64_t partition_ = 0;
    std::uint64_t ordinal_ = 0;
    std::uint64_t partition_hash_ = 0;
    std::uint64_t priority_ = 0;
};

}  // namespace serry
