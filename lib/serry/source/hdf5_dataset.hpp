#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serry/serde/hdf5_record.hpp"
#include "serry/source/pinned_file.hpp"

namespace serry {

/// Where a field is in the rows that an Hdf5Dataset reads.
struct Hdf5Column {
    enum class Text : std::uint8_t { none, reference, ends_at_zero, zeros_behind, blanks_behind };

    std::size_t offset = 0;
    Text text = Text::none;
    std::size_t text_bytes = 0;  ///< of a text of fixed length
};

/// A dataset of a file of the job's input, open for reading as rows of `record`, which lie along
/// its first dimension. What is wrong with the file, or does not fit the record, is an InputError.
class Hdf5Dataset {
public:
    /// `file` outlives this; it has to stay as it is there, as for PinnedFile.
    Hdf5Dataset(InputFile const& file, std::string const& name, Hdf5Record const& record);
    ~Hdf5Dataset();

    std::uint64_t row_count() const;
    /// Rows that HDF5 stores together: of a chunk, or 1.
    std::uint64_t chunk_rows() const;
    /// Bytes of a row as the file holds it, before it was compressed.
    std::uint64_t file_row_bytes() const;
    /// Values in a row: of a table 1.
    std::uint64_t values_per_row() const;
    /// Bytes of a row in memory.
    std::size_t row_bytes() const;
    /// Where the record's fields are in a row.
    std::vector<Hdf5Column> const& columns() const;

    /// Read rows [first, first + count).
    void read(std::uint64_t first, std::uint64_t count, char* to);
    /// The text in a row, valid as long as the row and until the next begin_batch().
    std::string_view text(char const* row, Hdf5Column const& column);
    void begin_batch();
    /// Look at the place of every chunk.
    void walk_chunks() const;
    /// Check that the file has stayed as it was.
    void check() const;

private:
    struct Open;
    std::unique_ptr<Open> open_;
};

}  // namespace serry
