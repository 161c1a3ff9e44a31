#include "serry/shuffle/group_store.hpp"

#include "serry/base/hash.hpp"
#include "serry/shuffle/wire_record.hpp"

namespace serry {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

}  // namespace

GroupChunk take_group_chunk(std::string_view& rest) {
    ByteReader reader(rest);
    ByteReader body(reader.take(reader.take_varint()));
    GroupChunk chunk;
    chunk.key = body.take(body.take_varint());
    std::uint64_t const count = body.take_varint();
    chunk.value_count = count >> 1;
    chunk.is_continued = (count & 1) != 0;
    chunk.values = body.take(body.remaining());
    rest = {reader.position(), reader.remaining()};
    return chunk;
}

void GroupWriter::add(std::string_view key, std::string_view value) {
    if (value_count_ > 0 && !are_same(key, key_.view())) put_chunk(false);
    if (value_count_ == 0) {
        key_.clear();
        key_.put(key);
    } else if (values_.size() >= chunk_bytes) {
        put_chunk(true);
    }
    values_.put(value);
    ++value_count_;
}

void GroupWriter::end() {
    if (value_count_ > 0) put_chunk(false);
}

void GroupWriter::put_chunk(bool is_continued) {
    std::uint64_t const count = value_count_ << 1 | static_cast<std::uint64_t>(is_continued);
    char* to = run_->append_room(varint_bytes(key_.size()) + key_.size() + varint_bytes(count)
                                 + values_.size());
    to = write_varint(to, key_.size());
    copy_bytes(to, key_.data(), key_.size());
    to = write_varint(to + key_.size(), count);
    copy_bytes(to, values_.data(), values_.size());
    values_.clear();
    value_count_ = 0;
}

GroupCursor::GroupCursor(Run const& run) : run_(&run), reader_(run) {
    has_group_ = read_chunk();
    if (has_group_) hash_ = hash_key(chunk_.key);
}

GroupTail GroupCursor::tail() const {
    if (!chunk_.is_continued) return {};
    return {run_, reader_.block(), block_bytes_ - rest_.size()};
}

void GroupCursor::next() {
    bool was_continued = true;
    while (was_continued) {
        was_continued = chunk_.is_continued;
        has_group_ = read_chunk();
    }
    if (has_group_) hash_ = hash_key(chunk_.key);
}

bool GroupCursor::read_chunk() {
    if (rest_.empty()) {
        rest_ = reader_.next_block();
        block_bytes_ = rest_.size();
        byte_count_ += block_bytes_;
        if (rest_.empty()) return false;
    }
    chunk_ = take_group_chunk(rest_);
    value_count_ += chunk_.value_count;
    return true;
}

bool comes_before(GroupCursor const& a, GroupCursor const& b) {
    return a.hash() != b.hash() ? a.hash() < b.hash() : a.key() < b.key();
}

}  // namespace serry
