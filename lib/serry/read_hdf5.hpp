#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serry/context.hpp"
#include "serry/dataset.hpp"
#include "serry/source/hdf5_source.hpp"

namespace serry {

struct ReadHdf5Options {
    std::uint64_t partition_count = 0;
};

/// The rows of an HDF5 dataset, cut along its first dimension. T says what a row is:
/// - a number, bool, std::string or std::string_view: of a dataset of one dimension;
/// - std::array<number, N>: of two dimensions, the second of N;
/// - std::vector<number>: all values with the same first index, in C's order, of any dimensions;
/// - a struct whose fields, of the first kind, have names (serry::field_names): of a compound
///   type, by name; what else it has is left out.
/// Numbers are converted from any width and byte order; one that an integer cannot hold is an
/// InputError. Chunked, compressed (deflate, szip, shuffle) and checksummed datasets are read too.
/// Paths are as read_text takes them; each file holds the dataset.
///
/// HDF5 notices damage to the data if that has checksums (fletcher32, which write_hdf5 sets for
/// numbers), and to its own structures in files of its newer format (h5py's libver="latest",
/// write_hdf5): without them a flipped bit goes unseen, as in a file of text. Since HDF5 1.10
/// crashes on some damaged files, rank 0 first opens each in a process of its own (a fork).
///
/// Order: of the files, and within them. Moves: nothing. Memory: a buffer of 1 MiB a rank (a row,
/// if that is longer), its texts, which views point at as long as their batch lives, and the chunks
/// of one first index. Partitions: about 32 MiB each, whole chunks. Throws (from the first action):
/// InputError for what is missing, unreadable, damaged, of another shape or type, or changes while
/// it is read.
template <Hdf5Readable T>
Dataset<T> read_hdf5(Context& context,
                     std::vector<std::string> paths,
                     std::string dataset,
                     ReadHdf5Options const& options = {},
                     CallSite at = CallSite::here()) {
    Session& session = context.session();
    auto source = std::make_shared<Hdf5Source<T>>(
        session.lineage(), Hdf5Input{std::move(paths), std::move(dataset), hdf5_record<T>()}, at,
        options.partition_count);
    source->set_row_limit_bytes(session.options().memory_bytes / 4);
    return {session, std::move(source)};
}
template <Hdf5Readable T>
Dataset<T> read_hdf5(Context& context,
                     std::string const& path,
                     std::string dataset,
                     ReadHdf5Options const& options = {},
                     CallSite at = CallSite::here()) {
    return read_hdf5<T>(context, std::vector<std::string>{path}, std::move(dataset), options, at);
}

}  // namespace serry
