#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/serde/hdf5_library.hpp"

namespace serry {

/// Reads a file's texts of variable length, which lie in its "global heap", by the references that
/// its rows hold. HDF5 1.10 would read them, but writes anywhere in memory when the heap is broken.
class Hdf5Texts {
public:
    /// Sizes and place as the file's superblock tells them.
    struct Layout {
        std::uint64_t base = 0;
        std::size_t address_bytes = 8;
        std::size_t length_bytes = 8;
    };

    /// `bytes` outlive this.
    Hdf5Texts(Hdf5Bytes& bytes, Layout const& layout) : bytes_(bytes), layout_(layout) {}

    /// Of a reference in a row.
    std::size_t reference_bytes() const { return 8 + layout_.address_bytes; }
    /// A type for rows in memory that HDF5 reads references as, as they are.
    Hdf5Handle reference_type() const;

    /// The text that `reference` stands for, valid until the next begin_batch(). Throws InputError,
    /// without the file's name, for a broken one.
    std::string_view text(char const* reference);
    void begin_batch();

private:
    /// A piece of the heap: objects by number.
    struct Collection {
        std::map<std::uint64_t, std::string_view> objects;
    };

    Collection const& collection_at(std::uint64_t address);
    std::string_view read_collection(std::uint64_t address);
    Collection parsed(std::string_view bytes) const;

    Hdf5Bytes& bytes_;
    Layout layout_;
    Arena held_;
    std::uint64_t held_bytes_ = 0;
    std::map<std::uint64_t, Collection> collections_;
    std::uint64_t last_address_ = 0;
    Collection const* last_ = nullptr;
};

}  // namespace serry
