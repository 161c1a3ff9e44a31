#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serry/serde/codec.hpp"

namespace serry {

/// Records that an action brought to every rank, in their order. They are kept as encoded bytes,
/// large results once for all ranks of a node, and decoded as they are looked at; views in them
/// point into those bytes, and are valid as long as any copy of the results is. T is Encodable, but
/// for results that are only named.
template <typename T>
class Results {
public:
    Results() = default;
    /// `owner` keeps `bytes` alive.
    Results(std::shared_ptr<void const> owner, std::string_view bytes, std::uint64_t record_count)
        : owner_(std::move(owner)), bytes_(bytes), record_count_(record_count) {}

    class Iterator {
    public:
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using reference = T const&;
        using pointer = T const*;
        using iterator_category = std::input_iterator_tag;

        Iterator() = default;
        Iterator(std::string_view bytes, std::uint64_t left) : rest_(bytes), left_(left) {
            decode_next();
        }

        T const& operator*() const { return record_; }
        T const* operator->() const { return &record_; }
        Iterator& operator++() {
            --left_;
            decode_next();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(Iterator const& a, Iterator const& b) { return a.left_ == b.left_; }

    private:
        void decode_next() {
            if (left_ == 0) return;
            ByteReader reader(rest_);
            record_ = decode<T>(reader);
            rest_.remove_prefix(rest_.size() - reader.remaining());
        }

        std::string_view rest_;
        std::uint64_t left_ = 0;
        T record_{};
    };

    Iterator begin() const { return {bytes_, record_count_}; }
    Iterator end() const { return {}; }
    std::uint64_t size() const { return record_count_; }
    /// The bytes that the records are kept as, one behind the other.
    std::string_view encoded() const { return bytes_; }
    bool empty() const { return record_count_ == 0; }

    /// All records, decoded; views still point into these results.
    std::vector<T> to_vector() const {
        std::vector<T> records;
        records.reserve(record_count_);
        for (T const& record : *this) records.push_back(record);
        return records;
    }

private:
    std::shared_ptr<void const> owner_;
    std::string_view bytes_;
    std::uint64_t record_count_ = 0;
};

/// Results that hold copies of `records` and of what they view. Local.
template <typename Records>
Results<typename Records::value_type> results_of(Records const& records) {
    ByteWriter encoded;
    for (typename Records::value_type const& record : records) encode(record, encoded);
    auto const owner = std::make_shared<std::string const>(encoded.view());
    return {owner, *owner, records.size()};
}

}  // namespace serry
