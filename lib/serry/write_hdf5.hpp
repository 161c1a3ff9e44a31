#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "serry/dataset.hpp"
#include "serry/sink/hdf5_sink.hpp"

namespace serry {

struct WriteHdf5Options {
    /// Level of deflate from 1 (fast) to 9; 0: none. Deflate takes many times longer than writing.
    unsigned deflate_level = 0;
    /// Have readers notice damage to the data, by fletcher32. HDF5 cannot do so for records with
    /// text.
    bool has_checksums = true;
    std::uint64_t chunk_bytes = std::uint64_t{1} << 20;
};

namespace hdf5 {

/// Collective: rank 0 writes the view of all ranks' parts.
void add_view(Session& session,
              std::string const& folder,
              Hdf5Storage const& storage,
              Hdf5Record const& record,
              std::vector<Hdf5PartRows> const& own);

/// Throws UsageError.
Hdf5Storage checked_storage(std::string const& dataset,
                            WriteHdf5Options const& options,
                            CallSite at);

}  // namespace hdf5

/// A folder with one HDF5 file a partition (part-00000.h5 and so on), each with a dataset named
/// `name` ("/group/dataset") that holds its records; a file _all.h5 that shows them as one dataset
/// (a virtual one, for readers with HDF5 1.10 or newer, that needs the parts beside it); and a file
/// _SUCCESS. read_hdf5 of the folder gives the records back. An action; the folder appears at once
/// when all is written, or not at all. The same job writes the same bytes.
///
/// Numbers and bool are elements of a dataset of one dimension, std::array a row of one of two,
/// structs with named fields a row of a compound type. Text is of variable length, in UTF-8 as far
/// as it is.
///
/// Order: the dataset's. Moves: the parts' numbers of rows, to rank 0. Memory: a chunk a rank,
/// twice if compressed. Throws: UsageError if the folder exists, unless --overwrite was given;
/// StorageError; StageError for text with a zero byte, which HDF5 cannot hold.
template <Hdf5Writable T>
void write_hdf5(Dataset<T> const& dataset,
                std::string const& path,
                std::string const& name,
                WriteHdf5Options const& options = {},
                CallSite at = CallSite::here()) {
    Session& session = dataset.session();
    Hdf5Storage const storage = hdf5::checked_storage(name, options, at);
    ActionStep const action(session, dataset.step(), "write_hdf5", at);
    write_output(
        session, *dataset.step(), action, path,
        [&](std::string const& parts_path) {
            return Hdf5Sink<T>(*dataset.step(), action, parts_path, storage);
        },
        [&](Hdf5Sink<T> const& sink, std::string const& parts_path) {
            hdf5::add_view(session, parts_path, storage, hdf5_record<T>(), sink.part_rows());
        });
}

}  // namespace serry
