// Any bytes are records of any type, or a StorageError; what was decoded is encoded and decoded
// again to the same bytes. The same of keys, wire records and groups.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "serry/base/error.hpp"
#include "serry/serde/codec.hpp"
#include "serry/shuffle/group_store.hpp"
#include "serry/shuffle/wire_record.hpp"

namespace {

enum class Colour : std::uint8_t { red, green };

struct Inner {
    std::int16_t number = 0;
    std::string text;
    std::optional<double> score;
};
struct Row {
    std::uint64_t id = 0;
    std::string_view name;
    std::vector<Inner> inner;
    std::array<float, 3> position{};
    Colour colour = Colour::red;
    std::optional<std::vector<std::string_view>> words;
};

void require(bool condition) {
    if (!condition) std::abort();
}

template <typename T>
std::string encoded(T const& value) {
    serry::ByteWriter out;
    serry::encode(value, out);
    return std::string(out.view());
}

template <typename T>
void decode_all(std::string_view bytes) {
    try {
        serry::ByteReader reader(bytes);
        while (reader.remaining() > 0) {
            std::size_t const before = reader.remaining();
            std::string const first = encoded(serry::decode<T>(reader));
            require(reader.remaining() < before);
            serry::ByteReader again(first);
            require(encoded(serry::decode<T>(again)) == first);
            require(again.remaining() == 0);
        }
    } catch (serry::StorageError const&) {
    }
}

void read_wire_records(std::string_view bytes, bool has_leaf) {
    try {
        serry::WireRecord record;
        while (serry::read_wire_record(bytes, has_leaf, record)) {
            require(!record.framed.empty() && record.framed.size() <= bytes.size());
            bytes.remove_prefix(record.framed.size());
        }
    } catch (serry::StorageError const&) {
    }
}

void read_groups(std::string_view bytes) {
    try {
        while (!bytes.empty()) {
            std::size_t const before = bytes.size();
            serry::take_group_chunk(bytes);
            require(bytes.size() < before);
        }
    } catch (serry::StorageError const&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    std::string const bytes(reinterpret_cast<char const*>(data) + 1, size - 1);
    switch (data[0] % 6) {
        case 0:
            decode_all<Row>(bytes);
            break;
        case 1:
            decode_all<std::tuple<std::string, std::int32_t, double>>(bytes);
            break;
        case 2:
            decode_all<serry::KeyValue<std::string_view, std::vector<std::uint8_t>>>(bytes);
            break;
        case 3:
            decode_all<std::vector<std::vector<std::string>>>(bytes);
            break;
        case 4:
            read_wire_records(bytes, size % 2 == 0);
            break;
        default:
            read_groups(bytes);
    }
    return 0;
}
