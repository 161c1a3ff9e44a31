#include "serry/source/hdf5_texts.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <hdf5.h>

#include "serry/base/error.hpp"

namespace serry {
namespace {

/// What may stay from batch to batch.
constexpr std::uint64_t most_held_bytes = std::uint64_t{4} << 20;

[[noreturn]] void throw_broken(std::uint64_t address, std::string const& what) {
    throw InputError(
        fmt::format("the text that should be at byte {} is broken: {}; get the file again, or make "
                    "it again",
                    address, what));
}

/// The low byte comes first.
std::uint64_t number_in(std::string_view bytes) {
    std::uint64_t number = 0;
    for (std::size_t i = bytes.size(); i-- > 0;)
        number = number << 8 | static_cast<unsigned char>(bytes[i]);
    return number;
}

/// HDF5's own conversion of texts follows the references; this one leaves them alone.
herr_t keep_references(hid_t from,
                       hid_t to,
                       H5T_cdata_t* conversion,
                       size_t,
                       size_t,
                       size_t,
                       void*,
                       void*,
                       hid_t) {
    if (conversion->command != H5T_CONV_INIT) return 0;
    conversion->need_bkg = H5T_BKG_NO;
    bool const is_ours = H5Tis_variable_str(from) > 0 && H5Tget_size(from) == H5Tget_size(to);
    return is_ours ? 0 : -1;
}

bool register_once() {
    Hdf5Handle const text = hdf5_type(Hdf5Kind::text);
    Hdf5Handle const reference(H5Tcreate(H5T_OPAQUE, 16), H5Tclose);
    return H5Tregister(H5T_PERS_SOFT, "serry text", text.id(), reference.id(), keep_references)
           >= 0;
}

}  // namespace

Hdf5Handle Hdf5Texts::reference_type() const {
    static bool const is_registered = register_once();
    if (!is_registered) return {};
    return {H5Tcreate(H5T_OPAQUE, reference_bytes()), H5Tclose};
}

void Hdf5Texts::begin_batch() {
    if (held_bytes_ <= most_held_bytes) return;
    collections_.clear();
    last_ = nullptr;
    held_.clear();
    held_bytes_ = 0;
}

std::string_view Hdf5Texts::text(char const* reference) {
    std::string_view const bytes(reference, reference_bytes());
    std::uint64_t const byte_count = number_in(bytes.substr(0, 4));
    if (byte_count == 0) return {};
    std::uint64_t const address = number_in(bytes.substr(4, layout_.address_bytes));
    std::uint64_t const number = number_in(bytes.substr(4 + layout_.address_bytes));
    Collection const& collection = collection_at(address);
    auto const found = collection.objects.find(number);
    if (found == collection.objects.end() || found->second.size() < byte_count)
        throw_broken(address,
                     fmt::format("{} bytes are expected as number {} there", byte_count, number));
    std::string_view const text = found->second.substr(0, byte_count);
    return text.substr(0, text.find('\0'));
}

Hdf5Texts::Collection const& Hdf5Texts::collection_at(std::uint64_t address) {
    if (last_ && last_address_ == address) return *last_;
    auto found = collections_.find(address);
    if (found == collections_.end())
        found = collections_.emplace(address, parsed(read_collection(address))).first;
    last_address_ = address;
    last_ = &found->second;
    return *last_;
}

/// "GCOL", a version, three bytes, the size of all of it; then the objects.
std::string_view Hdf5Texts::read_collection(std::uint64_t address) {
    std::uint64_t const file_bytes = bytes_.byte_count();
    std::size_t const head_bytes = 8 + layout_.length_bytes;
    if (address > file_bytes || layout_.base > file_bytes
        || file_bytes - address < layout_.base + head_bytes)
        throw_broken(address, fmt::format("the file has {} bytes", file_bytes));
    std::uint64_t const begin = layout_.base + address;
    char head[16];
    bytes_.read(begin, head, head_bytes);
    if (std::string_view(head, 5) != std::string_view("GCOL\1", 5))
        throw_broken(address, "no texts are there");
    std::uint64_t const byte_count = number_in({head + 8, layout_.length_bytes});
    if (byte_count < head_bytes || byte_count > file_bytes - begin)
        throw_broken(address, fmt::format("{} bytes of texts are said to be there, the file has {}",
                                          byte_count, file_bytes));
    char* const all = held_.allocate(byte_count);
    bytes_.read(begin, all, byte_count);
    held_bytes_ += byte_count;
    return std::string_view(all, byte_count).substr(head_bytes);
}

/// Each object: its number (2 bytes), a count of uses (2), 4 bytes, its size, its bytes up to a
/// multiple of 8. Number 0 is the free rest.
Hdf5Texts::Collection Hdf5Texts::parsed(std::string_view bytes) const {
    Collection collection;
    std::size_t const head_bytes = 8 + layout_.length_bytes;
    while (bytes.size() >= head_bytes) {
        std::uint64_t const number = number_in(bytes.substr(0, 2));
        if (number == 0) break;
        std::uint64_t const byte_count = number_in(bytes.substr(8, layout_.length_bytes));
        bytes.remove_prefix(head_bytes);
        if (byte_count > bytes.size()) break;
        collection.objects[number] = bytes.substr(0, byte_count);
        bytes.remove_prefix(std::min<std::uint64_t>(bytes.size(), (byte_count + 7) / 8 * 8));
    }
    return collection;
}

}  // namespace serry
