// One operator over more records than its memory holds, and a digest of each partition of what it
// gives: ../memory.sh compares those of a run that has little memory with those of one that has
// enough.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <serry/serry.hpp>

#include "serry/base/hash.hpp"

namespace {

using Row = serry::KeyValue<std::uint64_t, std::string_view>;

constexpr std::uint64_t partition_count = 64;
constexpr std::uint64_t mean_bytes = 112;  ///< of a row, encoded

/// Text that lz4 makes no smaller, to cut values from.
std::string const& text() {
    static std::string const bytes = [] {
        std::string made(std::size_t{1} << 20, '\0');
        for (std::size_t i = 0; i < made.size(); ++i)
            made[i] = static_cast<char>(serry::mix_fingerprint(1, i));
        return made;
    }();
    return bytes;
}

struct Rows {
    std::uint64_t row_count = 0;
    std::uint64_t key_count = 0;
    std::uint64_t seed = 0;
    bool has_large_group = false;  ///< a tenth of the rows have key 0

    using record_type = Row;
    void operator()(std::uint64_t partition, auto const& emit) const {
        std::uint64_t const begin = row_count / partition_count * partition;
        for (std::uint64_t i = begin; i < begin + row_count / partition_count; ++i) {
            std::uint64_t const hash = serry::mix_fingerprint(seed, i);
            std::uint64_t const key = has_large_group && i % 10 == 0 ? 0 : hash % key_count;
            std::size_t const size = 72 + hash / key_count % 60;
            emit(Row(key, std::string_view(text()).substr(hash % (text().size() - size), size)));
        }
    }
};

// What a digest is made of.
std::uint64_t mixed(std::uint64_t digest, std::uint64_t number) {
    return serry::mix_fingerprint(digest, number);
}
std::uint64_t mixed(std::uint64_t digest, std::string_view bytes) {
    return serry::mix_fingerprint(digest, bytes);
}
template <typename V>
std::uint64_t mixed(std::uint64_t digest, serry::Values<V> const& values) {
    for (V const& value : values) digest = mixed(digest, value);
    return mixed(digest, values.size());
}
template <typename L, typename R>
std::uint64_t mixed(std::uint64_t digest, serry::Joined<L, R> const& pair) {
    return mixed(mixed(digest, pair.left), pair.right);
}
template <typename L, typename R>
std::uint64_t mixed(std::uint64_t digest, serry::Cogrouped<L, R> const& both) {
    return mixed(mixed(digest, both.left), both.right);
}
template <typename K, typename V>
std::uint64_t mixed(std::uint64_t digest, serry::KeyValue<K, V> const& record) {
    return mixed(mixed(digest, record.key), record.value);
}

template <typename T>
struct Digest {
    std::uint64_t count = 0, digest = 0;

    void operator()(std::span<T const> records, auto const&) {
        for (T const& record : records) digest = mixed(digest, record);
        count += records.size();
    }
    void finish(auto const& emit) { emit(fmt::format("{} {:016x}", count, digest)); }
};

/// A line for each partition: its records, and the digest of them in their order.
template <typename T>
void print_digests(serry::Context& context, serry::Dataset<T> const& dataset) {
    auto const made = [](serry::Partition) { return Digest<T>(); };
    auto const lines = dataset.template map_partitions<std::string>(made).collect();
    for (std::string const& line : lines) context.print(line + '\n');
}

void run_operator(serry::Context& context) {
    std::string const name = context.argument(0);
    std::uint64_t const row_count = context.count_option("--bytes", 1 << 24) / mean_bytes;
    auto const rows = [&](Rows const& made) {
        std::vector<std::uint64_t> partitions(partition_count);
        for (std::uint64_t p = 0; p < partition_count; ++p) partitions[p] = p;
        return serry::parallelize(context, partitions, partition_count).flat_map(made);
    };
    Rows const all{row_count, row_count / 4, 7};
    Rows const half{row_count / 2, row_count / 4, 8};
    Rows const other_half{row_count / 2, row_count / 4, 9};
    Rows const with_large_group{row_count, row_count / 4, 7, true};

    if (name == "sort") {
        print_digests(context, rows(all).sort_by_key());
    } else if (name == "reduce") {
        // Hardly a key comes twice, so that no table holds them.
        Rows const distinct{row_count, row_count * 8, 7};
        auto const larger = [](std::string_view a, std::string_view b) { return std::max(a, b); };
        print_digests(context, rows(distinct).reduce_by_key(serry::exact(larger)));
    } else if (name == "reduce_in_order") {
        Rows const distinct{row_count, row_count * 8, 7};
        auto const longer = [](std::string_view a, std::string_view b) {
            return a.size() < b.size() ? b : a;
        };
        print_digests(context, rows(distinct).reduce_by_key(longer));
    } else if (name == "group") {
        print_digests(context, rows(with_large_group).group_by_key());
    } else if (name == "cogroup") {
        print_digests(context, rows(half).cogroup(rows(other_half)));
    } else if (name == "join") {
        print_digests(context, rows(half).join(rows(other_half)));
    } else if (name == "persist") {
        auto const kept = rows(all).persist();
        print_digests(context, kept);
        print_digests(context, kept);
    } else if (name == "exchange") {
        print_digests(context, rows(all).partition_by_key());
    } else if (name == "distinct") {
        print_digests(context, rows(all).distinct());
    } else {
        throw serry::UsageError("OPERATOR is \"" + name + "\"");
    }
}

}  // namespace

int main(int argc, char** argv) {
    return serry::run(argc, argv, run_operator,
                      {.summary = "Run an operator over so many bytes, and print digests.",
                       .arguments = "OPERATOR",
                       .options = {{"--bytes N", "of all records (16777216)"}}});
}
