// Reading HDF5 from any bytes, with libFuzzer: the texts' heap, which is read by serry itself.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "serry/base/error.hpp"
#include "serry/source/hdf5_texts.hpp"

namespace {

struct Memory final : serry::Hdf5Bytes {
    explicit Memory(std::string content) : bytes(std::move(content)) {}
    std::uint64_t byte_count() const override { return bytes.size(); }
    void read(std::uint64_t offset, char* to, std::uint64_t byte_count) override {
        std::memcpy(to, bytes.data() + offset, byte_count);
    }
    void write(std::uint64_t, char const*, std::uint64_t) override {}

    std::string bytes;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 2) return 0;
    serry::Hdf5Texts::Layout layout;
    layout.base = data[0];
    layout.address_bytes = 1 + data[1] % 8;
    layout.length_bytes = 1 + data[1] / 8 % 8;
    Memory memory(std::string(reinterpret_cast<char const*>(data) + 2, size - 2));
    serry::Hdf5Texts texts(memory, layout);
    std::size_t const step = texts.reference_bytes();
    std::size_t seen = 0;
    for (std::size_t at = 0; at + step <= memory.bytes.size(); at += step) try {
            texts.begin_batch();
            std::string const text(texts.text(memory.bytes.data() + at));
            seen += text.size();
        } catch (serry::InputError const&) {
            ++seen;
        }
    return seen == std::size_t(-1);
}
