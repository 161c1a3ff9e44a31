#include "serry/sink/hdf5_output.hpp"

#include <exception>
#include <utility>

#include <fmt/format.h>

#include "serry/base/error.hpp"

namespace serry {

Hdf5Output::Hdf5Output(std::string path, char const* option) : file(std::move(path), option) {}

void Hdf5Output::read(std::uint64_t offset, char* to, std::uint64_t byte_count) {
    file.read_at(offset, to, byte_count);
}

void Hdf5Output::write(std::uint64_t offset, char const* from, std::uint64_t byte_count) {
    file.write_at(offset, {from, byte_count});
}

void Hdf5Output::check(bool is_done, char const* doing) const {
    if (failure) std::rethrow_exception(failure);
    if (!is_done)
        throw StorageError(
            fmt::format("{}: {} failed: {}; report this, it is no fault of the disk's", file.path(),
                        doing, hdf5_reason()));
}

}  // namespace serry
