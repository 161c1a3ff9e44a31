#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serry/context.hpp"
#include "serry/dataset.hpp"
#include "serry/source/memory_source.hpp"

namespace serry {

/// The lines of text files, without their line ends ("\n" or "\r\n"), as views of the bytes that
/// were read: UTF-8 or any other, as they are. A path is a file, a folder (its files, by name) or a
/// glob pattern; files named .gz and .zst are decompressed, and read whole by one task each.
///
/// Partitions: about 32 MiB of input each, fewer bytes for inputs below 2 GiB; or as many as asked
/// for. Throws (from the first action): InputError for what is missing, unreadable, damaged, or
/// changes while it is read.
Dataset<std::string_view> read_text(Context& context,
                                    std::vector<std::string> const& paths,
                                    std::uint64_t partition_count = 0,
                                    CallSite at = CallSite::here());
Dataset<std::string_view> read_text(Context& context,
                                    std::string const& path,
                                    std::uint64_t partition_count = 0,
                                    CallSite at = CallSite::here());

/// Records that every rank has already, the same on each, cut into `partition_count` partitions, by
/// default at most 64. Nothing moves. Views in them must outlive the dataset.
template <Record T>
Dataset<T> parallelize(Context& context,
                       std::vector<T> records,
                       std::uint64_t partition_count = 0,
                       CallSite at = CallSite::here()) {
    return {context.session(),
            std::make_shared<MemorySource<T>>(context.session().lineage(), at, std::move(records),
                                              partition_count)};
}

/// The numbers 0 to record_count - 1.
Dataset<std::int64_t> iota(Context& context,
                           std::uint64_t record_count,
                           std::uint64_t partition_count = 0,
                           CallSite at = CallSite::here());

/// The numbers begin, begin + step, ... that lie below `end`, or above it if step < 0: those of
/// Python's range. None of them overflows, whatever the ends. Throws UsageError for step 0.
Dataset<std::int64_t> range(Context& context,
                            std::int64_t begin,
                            std::int64_t end,
                            std::int64_t step = 1,
                            std::uint64_t partition_count = 0,
                            CallSite at = CallSite::here());

}  // namespace serry
