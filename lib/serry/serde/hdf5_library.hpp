#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "serry/serde/hdf5_record.hpp"

namespace serry {

// HDF5 is not re-entrant as Debian builds it: only the thread that runs tasks calls what is here.

/// HDF5's hid_t: headers of ours must not need those of HDF5.
using Hdf5Id = std::int64_t;

/// Owns an id of HDF5's. None may be open when the program ends.
class Hdf5Handle {
public:
    using Close = int (*)(Hdf5Id);

    Hdf5Handle() = default;
    Hdf5Handle(Hdf5Id id, Close close) : id_(id), close_(close) {}
    ~Hdf5Handle() { reset(); }
    Hdf5Handle(Hdf5Handle&& other) noexcept
        : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
    Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
        reset();
        id_ = std::exchange(other.id_, -1);
        close_ = other.close_;
        return *this;
    }

    Hdf5Id id() const { return id_; }
    bool is_open() const { return id_ >= 0; }
    /// Return whether it could be closed.
    bool reset() { return id_ < 0 || close_(std::exchange(id_, -1)) >= 0; }

private:
    Hdf5Id id_ = -1;
    Close close_ = nullptr;
};

/// The bytes of a file that HDF5 works on. HDF5 itself opens no file: one that it fails to write
/// brings the process down when it ends.
class Hdf5Bytes {
public:
    virtual ~Hdf5Bytes() = default;

    virtual std::uint64_t byte_count() const = 0;
    /// Requires that the bytes lie within byte_count().
    virtual void read(std::uint64_t offset, char* to, std::uint64_t byte_count) = 0;
    virtual void write(std::uint64_t offset, char const* from, std::uint64_t byte_count) = 0;

    /// What read() or write() threw first. HDF5 is told of a failed read, but not of a failed
    /// write: nothing is written any more then, and who writes looks here.
    std::exception_ptr failure;
};

/// Open, or make, the file that `bytes` are; they outlive the handle. Not open: hdf5_reason() says
/// why. The file can refer to no other one.
Hdf5Handle open_hdf5(Hdf5Bytes& bytes);
Hdf5Handle make_hdf5(Hdf5Bytes& bytes);

/// Why the last call of HDF5's failed, in its own words, on one line.
std::string hdf5_reason();

/// The type of a value in memory, and in files that we write. Text is of variable length.
Hdf5Handle hdf5_type(Hdf5Kind kind);
/// The type of a row in memory. In a file it is packed.
Hdf5Handle hdf5_row_type(Hdf5Record const& record);
Hdf5Handle hdf5_file_type(Hdf5Record const& record);

}  // namespace serry
