#include "serry/shuffle/wire_record.hpp"

#include <optional>

#include "serry/serde/order_key.hpp"

namespace serry {
namespace {

/// Sets `framed`; gives the body. Nothing when the frame is not there whole.
std::optional<ByteReader> read_frame(std::string_view bytes, WireRecord& record) {
    // The length, by hand: it may be cut off anywhere.
    std::uint64_t body_bytes = 0;
    std::size_t at = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (at == bytes.size()) return std::nullopt;
        auto const byte = static_cast<unsigned char>(bytes[at++]);
        if (shift == 63 && byte > 1) ByteReader(bytes).take_varint();  // throws
        body_bytes |= std::uint64_t{byte & 127U} << shift;
        if (byte < 128) break;
    }
    if (bytes.size() - at < body_bytes) return std::nullopt;
    record.framed = bytes.substr(0, at + body_bytes);
    return ByteReader(bytes.substr(at, body_bytes));
}

}  // namespace

bool read_any_wire_record(std::string_view bytes, bool has_leaf, WireRecord& record) {
    auto body = read_frame(bytes, record);
    if (!body) return false;
    record.key = body->take(body->take_varint());
    record.leaf = has_leaf ? static_cast<std::uint32_t>(body->take_varint()) : 0;
    record.value = body->take(body->remaining());
    record.hash = hash_key(record.key);
    return true;
}

bool read_sorted_record(std::string_view bytes, WireRecord& record) {
    auto body = read_frame(bytes, record);
    if (!body) return false;
    if (body->remaining() == 0) return true;
    record.key = body->take(body->take_varint());
    record.value = body->take(body->remaining());
    record.hash = order_prefix(record.key);
    return true;
}

}  // namespace serry
