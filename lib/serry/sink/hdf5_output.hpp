#pragma once

#include <cstdint>
#include <string>

#include "serry/serde/hdf5_library.hpp"
#include "serry/sink/output_file.hpp"

namespace serry {

/// A new HDF5 file, as HDF5 sees it.
class Hdf5Output final : public Hdf5Bytes {
public:
    /// As OutputFile's.
    explicit Hdf5Output(std::string path, char const* option = "--output");

    std::uint64_t byte_count() const override { return file.byte_count(); }
    void read(std::uint64_t offset, char* to, std::uint64_t byte_count) override;
    void write(std::uint64_t offset, char const* from, std::uint64_t byte_count) override;

    /// After a call of HDF5's: throw what writing threw; StorageError if HDF5 itself failed.
    void check(bool is_done, char const* doing) const;

    OutputFile file;
};

}  // namespace serry
