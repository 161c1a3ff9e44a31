#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/serde/byte_buffer.hpp"
#include "serry/serde/hdf5_record.hpp"
#include "serry/sink/output_file.hpp"

namespace serry {

/// How write_hdf5 stores a dataset.
struct Hdf5Storage {
    std::string dataset;
    /// Level of deflate from 1 (fast) to 9, shuffled before; 0: none.
    unsigned deflate_level = 0;
    /// Have readers notice damage to the data (fletcher32), unless there is text in it.
    bool has_checksums = true;
    std::uint64_t chunk_bytes = std::uint64_t{1} << 20;
};

/// "part-00042.h5".
std::string hdf5_part_name(std::uint64_t partition);

/// Writes the HDF5 parts of this rank into an output folder, one after the other, as PartWriter
/// does text: append to rows(), at most up to is_full(), then call write_full().
class Hdf5PartWriter {
public:
    Hdf5PartWriter(std::string folder, Hdf5Storage storage, Hdf5Record record);
    ~Hdf5PartWriter();
    Hdf5PartWriter(Hdf5PartWriter&&) noexcept;

    void open(std::uint64_t partition);
    /// Rows in memory as the record says, that are not yet written.
    ByteWriter& rows() { return rows_; }
    /// The bytes of a text for a row to point at, with a zero behind it. Throws InputError for text
    /// with a zero in it, which HDF5 cannot hold.
    char const* text(std::string_view text);
    /// Room for so many rows more.
    std::size_t rows_left() const { return chunk_rows_ - rows_.size() / record_.row_bytes; }
    void write_full();
    void close();
    /// Wait until all parts closed so far are on the disk.
    void sync();

    /// Of the part that was closed last.
    std::uint64_t byte_count() const { return byte_count_; }

private:
    struct Part;

    void write_rows();

    std::string folder_;
    Hdf5Storage storage_;
    Hdf5Record record_;
    std::size_t chunk_rows_;
    ByteWriter rows_;
    Arena texts_;
    std::unique_ptr<Part> part_;
    std::vector<OutputFile> unsynced_;
    std::uint64_t byte_count_ = 0;
};

/// The rows that a part holds, for write_hdf5_view.
struct Hdf5PartRows {
    std::uint64_t partition = 0;
    std::uint64_t row_count = 0;
};

/// Write a file into the folder of the parts that shows them as one dataset, in their order: a
/// virtual dataset, for readers with HDF5 1.10 or newer. Throws StorageError.
void write_hdf5_view(std::string const& folder,
                     Hdf5Storage const& storage,
                     Hdf5Record const& record,
                     std::vector<Hdf5PartRows> const& parts);

}  // namespace serry
