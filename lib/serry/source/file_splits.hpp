#pragma once

#include <cstdint>
#include <vector>

#include "serry/plan/split.hpp"

namespace serry {

/// Cut `files` into partitions, in order: files are laid end to end and cut at equal distances.
/// Long files make many partitions, and many small ones one. Follows from the files' bytes, their
/// names' endings and `partition_count` alone.
///
/// A compressed file is one split, never cut, and is so even if it is empty; an empty plain file
/// has no split. Nor is a file cut close to its ends, unless it is alone: partitions may differ by
/// an eighth.
/// - partition_count 0: as default_partition_count() of the bytes says, where each file after the
///   first counts as 64 KiB more, since opening it takes as long as reading those.
/// - Otherwise exactly as many as asked for, empty ones if there are more than bytes.
///
/// Compressed files may leave fewer partitions than that: none is empty for their sake.
SplitList cut_files(std::vector<InputFile> files, std::uint64_t partition_count);

}  // namespace serry
