#pragma once

#include <string>
#include <string_view>

#include "serry/checkpoint/checkpoint_folder.hpp"
#include "serry/shuffle/partition_store.hpp"

namespace serry {

/// Writes a rank's partitions as the pack `id` of `folder`; it is on the disk and has its name when
/// this returns. Throws StorageError; nothing is left then. Local.
PackSummary write_pack(CheckpointFolder const& folder,
                       PackId const& id,
                       PackCompression compression,
                       PartitionStore& store);

/// Fills `store`, which is empty, with its partitions, whoever wrote them. Throws StorageError for
/// whatever is not as `manifest` says. Local.
void read_packs(CheckpointFolder const& folder, Manifest const& manifest, PartitionStore& store);

/// A summary as bytes, for rank 0, and back.
std::string to_bytes(PackSummary const& summary);
PackSummary pack_summary_from(std::string_view bytes);

}  // namespace serry
