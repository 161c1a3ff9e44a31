#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "serry/base/hash.hpp"
#include "serry/base/key_value.hpp"
#include "serry/result_groups.hpp"
#include "serry/results.hpp"
#include "serry/serde/codec.hpp"
#include "serry/stage/task.hpp"

namespace serry {

/// A key, and which of its pieces.
template <typename K>
struct SplitKey {
    K key{};
    std::uint64_t piece = 0;
};

/// Into how many pieces a key goes that has `count` of `total` records. It stays whole, as 1, if
/// that is no more than a partition's share; else a piece is a quarter of a share, so that it adds
/// little to what its partition has beside; but there are no more pieces than partitions or
/// records.
std::uint64_t piece_count(std::uint64_t count, std::uint64_t total, std::uint64_t partition_count);

/// The keys that are split, and their pieces: numbers that bring them, as SplitKeys, to partitions
/// that lie evenly among all.
template <Key K>
class SplitKeys {
public:
    SplitKeys() = default;
    /// Of keys with their numbers of pieces.
    explicit SplitKeys(Results<KeyValue<K, std::uint64_t>> const& piece_counts) {
        std::vector<KeyValue<K, std::uint64_t>> numbers;
        for (auto const& key : piece_counts) {
            numbers.emplace_back(key.key, pieces_.size());
            pieces_.push_back(pieces_for(key.key, key.value));
        }
        numbers_ = ResultGroups<K, std::uint64_t>(results_of(numbers));
    }

    std::uint64_t size() const { return pieces_.size(); }
    /// The number of a key among those that are split; size() if it is none of them.
    std::uint64_t number_of(K const& key) const {
        std::uint64_t number = size();
        if (!pieces_.empty()) numbers_.for_each(key, [&](std::uint64_t found) { number = found; });
        return number;
    }
    std::span<std::uint64_t const> pieces(std::uint64_t number) const { return pieces_[number]; }

private:
    /// One in each of `count` equal ranges of hashes: looks at n ln n numbers.
    static std::vector<std::uint64_t> pieces_for(K const& key, std::uint64_t count) {
        constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();
        std::vector<std::uint64_t> pieces(count, none);
        ByteWriter scratch;
        for (std::uint64_t piece = 0, missing = count; missing > 0; ++piece) {
            std::uint64_t const hash = hash_key(key_bytes(SplitKey<K>{key, piece}, scratch));
            std::uint64_t& wanted = pieces[partition_of_hash(hash, count)];
            if (wanted != none) continue;
            wanted = piece;
            --missing;
        }
        return pieces;
    }

    std::vector<std::vector<std::uint64_t>> pieces_;
    ResultGroups<K, std::uint64_t> numbers_;
};

/// Deals the records of a partition out to the pieces of their keys, in turn. The partitions begin
/// at different pieces.
template <typename K, typename V>
class DealToPieces {
public:
    /// Borrows `keys`.
    DealToPieces(SplitKeys<K> const& keys, Partition partition) : keys_(keys) {
        __extension__ using Wide = unsigned __int128;
        for (std::uint64_t number = 0; number < keys.size(); ++number)
            next_.push_back(static_cast<std::uint64_t>(
                static_cast<Wide>(partition.index) * keys.pieces(number).size() / partition.count));
    }

    void operator()(std::span<KeyValue<K, V> const> records, auto const& emit) {
        for (KeyValue<K, V> const& record : records)
            emit(KeyValue<SplitKey<K>, V>({record.key, next_piece(record.key)}, record.value));
    }

private:
    std::uint64_t next_piece(K const& key) {
        std::uint64_t const number = keys_.number_of(key);
        if (number == keys_.size()) return 0;
        auto const pieces = keys_.pieces(number);
        std::uint64_t& next = next_[number];
        std::uint64_t const piece = pieces[next];
        if (++next == pieces.size()) next = 0;
        return piece;
    }

    SplitKeys<K> const& keys_;
    std::vector<std::uint64_t> next_;  ///< by number of the key
};

/// Sends a record to every piece of its key.
template <typename K, typename V>
class CopyToPieces {
public:
    /// Borrows `keys`.
    explicit CopyToPieces(SplitKeys<K> const& keys) : keys_(keys) {}

    void operator()(std::span<KeyValue<K, V> const> records, auto const& emit) const {
        for (KeyValue<K, V> const& record : records) {
            std::uint64_t const number = keys_.number_of(record.key);
            if (number == keys_.size()) {
                emit(KeyValue<SplitKey<K>, V>({record.key, 0}, record.value));
                continue;
            }
            for (std::uint64_t const piece : keys_.pieces(number))
                emit(KeyValue<SplitKey<K>, V>({record.key, piece}, record.value));
        }
    }

private:
    SplitKeys<K> const& keys_;
};

}  // namespace serry
