#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "serry/base/hash.hpp"
#include "serry/base/key_value.hpp"
#include "serry/results.hpp"
#include "serry/serde/codec.hpp"

namespace serry {

/// Keyed records that an action brought to every rank, one for each key, to be looked up. Keys are
/// equal if they are as keys of reduce_by_key: -0.0 is 0.0, and every NaN the same. Views in them
/// are valid as long as any copy of the map is.
template <Key K, Encodable V>
class ResultMap {
public:
    ResultMap() = default;
    /// Of several records with one key the last counts.
    explicit ResultMap(Results<KeyValue<K, V>> results) : results_(std::move(results)) {
        for (auto const& record : results_) {
            auto const [at, is_new] = index_.try_emplace(record.key, records_.size());
            if (is_new)
                records_.push_back(record);
            else
                records_[at->second] = record;
        }
    }

    /// The value of `key`; null if there is none.
    V const* find(K const& key) const {
        auto const found = index_.find(key);
        return found == index_.end() ? nullptr : &records_[found->second].value;
    }
    V value_or(K const& key, V otherwise) const {
        V const* const value = find(key);
        return value ? *value : otherwise;
    }
    bool contains(K const& key) const { return find(key) != nullptr; }

    // The records, in the order in which their keys first came.
    auto begin() const { return records_.begin(); }
    auto end() const { return records_.end(); }
    std::uint64_t size() const { return records_.size(); }
    bool empty() const { return records_.empty(); }

private:
    struct Hash {
        std::size_t operator()(K const& key) const {
            ByteWriter scratch;
            return hash_key(key_bytes(key, scratch));
        }
    };
    struct Equal {
        bool operator()(K const& a, K const& b) const {
            ByteWriter scratch_a, scratch_b;
            return key_bytes(a, scratch_a) == key_bytes(b, scratch_b);
        }
    };

    Results<KeyValue<K, V>> results_;
    std::vector<KeyValue<K, V>> records_;
    std::unordered_map<K, std::size_t, Hash, Equal> index_;
};

}  // namespace serry
