#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "serry/serde/codec.hpp"
#include "serry/shuffle/group_store.hpp"

namespace serry {

/// The values of one key, in the order of their source partitions and within them: a view of where
/// they are stored, decoded as they are looked at, as often as one likes. There may be more of them
/// than fit into memory. Valid as long as the batch that holds it.
template <typename V>
class Values {
public:
    using value_type = V;

    Values() = default;
    Values(std::uint64_t count, std::string_view bytes, GroupTail tail = {})
        : first_count_(count), first_(bytes), tail_(tail) {}

    class Iterator;
    Iterator begin() const { return Iterator(*this); }
    std::default_sentinel_t end() const { return {}; }

    bool empty() const { return first_count_ == 0; }
    /// Looks through all chunks of a group of more than 64 KiB.
    std::uint64_t size() const {
        std::uint64_t count = first_count_;
        for_each_later_chunk([&](GroupChunk const& chunk) { count += chunk.value_count; });
        return count;
    }
    /// Views in the values point where these do, but of a group of more than 64 KiB into `arena`.
    std::vector<V> to_vector(Arena& arena) const {
        std::vector<V> values;
        values.reserve(size());
        for (V const& value : *this) {
            values.push_back(value);
            if (tail_.run) adopt_views(values.back(), arena);
        }
        return values;
    }
    std::vector<V> to_vector() const requires(!has_views<V>) {
        std::vector<V> values;
        values.reserve(size());
        for (V const& value : *this) values.push_back(value);
        return values;
    }

    /// A value of these as it may be kept when the iterator has moved on: with its views in `arena`
    /// where they would not stay.
    V keep(V value, Arena& arena) const {
        if (tail_.run) adopt_views(value, arena);
        return value;
    }

private:
    friend struct Codec<Values<V>>;

    template <typename Visit>
    void for_each_later_chunk(Visit visit) const {
        if (!tail_.run) return;
        LaterChunks chunks(tail_);
        for (bool more = true; more;) {
            GroupChunk const chunk = chunks.take();
            visit(chunk);
            more = chunk.is_continued;
        }
    }

    /// Reads on in the run by itself, so that the group's blocks may go out of memory meanwhile.
    class LaterChunks {
    public:
        explicit LaterChunks(GroupTail const& tail) : reader_(*tail.run, tail.block) {
            rest_ = reader_.next_block().substr(tail.offset);
        }
        GroupChunk take() {
            if (rest_.empty()) rest_ = reader_.next_block();
            return take_group_chunk(rest_);
        }

    private:
        Run::Reader reader_;
        std::string_view rest_;
    };

    std::uint64_t first_count_ = 0;
    std::string_view first_;
    GroupTail tail_;
};

template <typename V>
class Values<V>::Iterator {
public:
    using value_type = V;
    using difference_type = std::ptrdiff_t;
    using reference = V const&;
    using pointer = V const*;
    using iterator_category = std::input_iterator_tag;

    Iterator() = default;
    explicit Iterator(Values const& values)
        : left_(values.first_count_), rest_(values.first_), tail_(values.tail_) {
        decode_next();
    }

    V const& operator*() const { return value_; }
    V const* operator->() const { return &value_; }
    Iterator& operator++() {
        --left_;
        decode_next();
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(Iterator const& a, std::default_sentinel_t) { return a.left_ == 0; }

private:
    void decode_next() {
        if (left_ == 0 && tail_.run) next_chunk();
        if (left_ == 0) return;
        ByteReader reader(rest_);
        value_ = decode<V>(reader);
        rest_.remove_prefix(rest_.size() - reader.remaining());
    }

    void next_chunk() {
        if (!later_) later_ = std::make_shared<LaterChunks>(tail_);
        GroupChunk const chunk = later_->take();
        left_ = chunk.value_count;
        rest_ = chunk.values;
        if (!chunk.is_continued) tail_ = {};
    }

    std::uint64_t left_ = 0;
    std::string_view rest_;
    GroupTail tail_;
    std::shared_ptr<LaterChunks> later_;
    V value_{};
};

template <typename V>
struct Codec<Values<V>> {
    static void encode(Values<V> const& values, ByteWriter& writer) {
        std::uint64_t byte_count = values.first_.size();
        values.for_each_later_chunk(
            [&](GroupChunk const& chunk) { byte_count += chunk.values.size(); });
        writer.put_varint(values.size());
        writer.put_varint(byte_count);
        writer.put(values.first_);
        values.for_each_later_chunk([&](GroupChunk const& chunk) { writer.put(chunk.values); });
    }
    static Values<V> decode(ByteReader& reader) {
        std::uint64_t const count = reader.take_varint();
        return {count, reader.take(reader.take_varint())};
    }
    static void adopt(Values<V>& values, Arena& arena) {
        ByteWriter bytes;
        encode(values, bytes);
        ByteReader reader(arena.copy(bytes.view()));
        values = decode(reader);
    }
};

}  // namespace serry
