#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "serry/base/hash.hpp"
#include "serry/base/key_value.hpp"
#include "serry/results.hpp"
#include "serry/serde/codec.hpp"

namespace serry {

/// Keyed records that an action brought to every rank, any number of them for each key, to be
/// looked up. Keys are equal if they are as keys of reduce_by_key. The records stay encoded, large
/// results once a node; a rank has 16 bytes of its own for each. Views in them are valid as long as
/// any copy of the results is. For one thread.
template <Key K, Encodable V>
class ResultGroups {
public:
    ResultGroups() = default;
    explicit ResultGroups(Results<KeyValue<K, V>> results) : results_(std::move(results)) {
        entries_.reserve(results_.size());
        ByteReader reader(results_.encoded());
        while (reader.remaining() > 0) {
            std::uint64_t const at = results_.encoded().size() - reader.remaining();
            auto const record = decode<KeyValue<K, V>>(reader);
            entries_.push_back({hash_key(key_bytes(record.key, own_)), at});
        }
        std::sort(entries_.begin(), entries_.end());
    }

    /// Pass the values of `key` to use(value), in their order. Whether there are any.
    template <typename Use>
    bool for_each(K const& key, Use const& use) const {
        std::string_view const bytes = key_bytes(key, own_);
        std::uint64_t const hash = hash_key(bytes);
        bool has_any = false;
        for (auto at = first_of(hash); at != entries_.end() && at->hash == hash; ++at) {
            ByteReader reader(results_.encoded().substr(at->offset));
            auto const record = decode<KeyValue<K, V>>(reader);
            if (key_bytes(record.key, other_) != bytes) continue;
            use(record.value);
            has_any = true;
        }
        return has_any;
    }
    std::uint64_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::uint64_t hash = 0;
        std::uint64_t offset = 0;

        friend auto operator<=>(Entry const&, Entry const&) = default;
    };

    /// The first entry whose hash is not below `hash`: hashes are even, so that it lies close to
    /// where its share of all hashes says (interpolation search; Peterson, 1957), in a window that
    /// doubles until it is right.
    auto first_of(std::uint64_t hash) const {
        std::uint64_t const guess = partition_of_hash(hash, entries_.size());
        std::uint64_t begin = guess, end = guess;
        for (std::uint64_t step = 8; begin > 0 && entries_[begin - 1].hash >= hash; step *= 2)
            begin -= std::min(begin, step);
        for (std::uint64_t step = 8; end < entries_.size() && entries_[end].hash < hash; step *= 2)
            end += std::min<std::uint64_t>(entries_.size() - end, step);
        auto const from = entries_.begin();
        return std::lower_bound(from + static_cast<std::ptrdiff_t>(begin),
                                from + static_cast<std::ptrdiff_t>(end), hash,
                                [](Entry const& entry, std::uint64_t h) { return entry.hash < h; });
    }

    Results<KeyValue<K, V>> results_;
    std::vector<Entry> entries_;
    mutable ByteWriter own_, other_;  ///< scratch: one thread looks things up
};

}  // namespace serry
