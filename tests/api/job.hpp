#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "serry/dataset.hpp"
#include "serry/read.hpp"

namespace serry::test {

using Numbers = std::vector<std::int64_t>;
using Count = KeyValue<std::int64_t, std::int64_t>;
using Word = KeyValue<std::string_view, std::int64_t>;

/// A job on all ranks of the test.
struct Job {
    Session session{MPI_COMM_WORLD, {}};
    Context context{session, {}, {}};

    Dataset<std::int64_t> numbers(std::uint64_t count = 1000, std::uint64_t partitions = 11) {
        return iota(context, count, partitions);
    }
};

/// 0 to count - 1, those for which keep(n), as f(n).
template <typename F, typename Keep>
auto oracle(std::int64_t count, F f, Keep keep) {
    std::vector<decltype(f(std::int64_t{}))> records;
    for (std::int64_t n = 0; n < count; ++n)
        if (keep(n)) records.push_back(f(n));
    return records;
}

inline bool always(std::int64_t) { return true; }
inline bool is_odd(std::int64_t n) { return n % 2 != 0; }
inline std::int64_t squared(std::int64_t n) { return n * n; }

inline std::string name_of(std::int64_t n) { return "number " + std::to_string(n); }
inline std::string_view name_in(std::int64_t n, Arena& arena) { return arena.copy(name_of(n)); }

/// Keyed records of which no two have one key.
template <typename K, typename V>
std::map<K, V> as_map(std::vector<KeyValue<K, V>> const& records) {
    std::map<K, V> map;
    for (auto const& record : records) CHECK(map.emplace(record.key, record.value).second);
    return map;
}

}  // namespace serry::test
