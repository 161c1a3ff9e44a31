#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serry/checkpoint/pack.hpp"

namespace serry {

/// A pack that a manifest names.
struct ManifestPack {
    std::uint64_t rank = 0;  ///< that wrote it
    std::uint64_t file_bytes = 0;
    std::uint64_t checksum = 0;

    friend bool operator==(ManifestPack const&, ManifestPack const&) = default;
};

/// Where a partition is.
struct ManifestPartition {
    std::uint64_t pack = 0;      ///< index in the manifest's packs
    std::uint64_t position = 0;  ///< index in the pack's partitions
    std::uint64_t record_count = 0;
    std::uint64_t plain_bytes = 0;

    friend bool operator==(ManifestPartition const&, ManifestPartition const&) = default;
};

/// What a checkpoint holds: what a step holds of one of its inputs, partition by partition. A
/// checkpoint is there if its manifest is, and valid if that and all of its packs are. As text, a
/// word and its values a line, numbers separated by spaces, hashes as 16 hexadecimal digits:
///
///     serry_checkpoint 1          the version of this format
///     number 12                   counted over the job, all attempts together
///     job 65a3f-1f                the job's id
///     attempt 3                   that made it
///     stage 7                     whose result it is
///     step_id 4                   of the step, as the lineage numbers it
///     step reduce_by_key (word_count.cpp:19)
///     fingerprint HASH            of the step and all before it
///     input 0                     of the step
///     in_place 0 1                for each input whether it needs no exchange
///     placement 64                partitions; of unions, of each part
///     pack 0 123456 HASH          rank that wrote it, bytes of the file, hash of its tables;
///                                 a line a pack
///     partition 0 5 1000 23456    pack by the order of lines, place in it, records, plain bytes;
///                                 a line a partition, in order
///     checksum HASH               of all lines before
struct Manifest {
    std::uint64_t number = 0;
    std::string job;
    std::uint64_t attempt = 0;
    std::uint64_t stage = 0;
    std::uint64_t step_id = 0;
    std::string step;
    std::uint64_t fingerprint = 0;
    std::uint64_t input = 0;
    std::vector<std::uint64_t> in_place;
    std::vector<std::uint64_t> placement;
    std::vector<ManifestPack> packs;
    std::vector<ManifestPartition> partitions;

    std::uint64_t file_bytes() const;
    std::uint64_t record_count() const;
    PackId pack_id(std::uint64_t pack) const;

    friend bool operator==(Manifest const&, Manifest const&) = default;
};

std::string to_text(Manifest const& manifest);

/// Nothing unless the text is one that to_text makes, of a manifest whose parts fit together.
std::optional<Manifest> manifest_from_text(std::string_view text);

}  // namespace serry
