#pragma once

#include <cstdint>
#include <vector>

#include "serry/plan/split.hpp"

namespace serry {

/// Cut `files` into splits, in order. Follows from the files' bytes, their names' endings and
/// `partition_count` alone.
///
/// A compressed file is one split, never cut, and is so even if it is empty; an empty plain file
/// has no split, unless there is nothing else.
/// - partition_count 0: every file is cut into equal pieces of at most the total bytes over
///   default_partition_count(total bytes).
/// - At least as many partitions asked for as there are files to split: exactly as many splits as
///   asked for, the longest as short as can be, empty ones if there are more than bytes. Where
///   every file is compressed: one split a file.
/// - Fewer: one split or more a file, none longer than the total bytes over partition_count. So
/// there
///   are more than asked for, but fewer than the files and partition_count together.
std::vector<Split> cut_files(std::vector<InputFile> const& files, std::uint64_t partition_count);

}  // namespace serry
