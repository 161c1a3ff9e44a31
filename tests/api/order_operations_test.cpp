#include "serry/order_operations.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "shuffle/sort_oracle.hpp"
#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

constexpr std::uint64_t partition_counts[] = {1, 2, 5, 64};
constexpr std::uint64_t source_partitions = 11;

int own_rank() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

Options wide_options() {
    Options options;
    options.progress = "off";
    return options;
}

/// Small rounds, and memory that differs by rank and is soon full.
Options narrow_options() {
    Options options = wide_options();
    options.memory_bytes = 12'000 + 4'000 * static_cast<std::uint64_t>(own_rank());
    options.round_bytes = 4096;
    return options;
}

struct SortJob {
    explicit SortJob(Options const& options) : session(MPI_COMM_WORLD, options) {}

    template <typename T>
    Dataset<T> dataset(std::vector<T> const& records,
                       std::uint64_t partitions = source_partitions) {
        return parallelize(context, records, partitions);
    }
    std::uint64_t spilled_bytes() const { return session.reports().at(0).vote.spilled_bytes; }

    std::uint64_t rank_count() const {
        return static_cast<std::uint64_t>(session.comm().rank_count());
    }

    Session session;
    Context context{session, {}, {}};
};

template <typename T>
using Placed = std::pair<std::uint64_t, T>;

template <typename T>
struct SayPartition {
    std::uint64_t partition;
    template <typename Emit>
    void operator()(std::span<T const> batch, Emit const& emit) const {
        for (T const& record : batch) emit(Placed<T>(partition, record));
    }
};

/// The partitions of a result, as the ranks hold them.
template <typename T>
Partitions<T> partitions_of(Dataset<T> const& dataset) {
    auto const say_partition = [](Partition partition) { return SayPartition<T>{partition.index}; };
    auto const placed = dataset.template map_partitions<Placed<T>>(say_partition).collect();
    Partitions<T> partitions(dataset.step()->partition_count());
    for (auto const& [partition, record] : placed) partitions.at(partition).push_back(record);
    return partitions;
}

/// Bit for bit, and each record in the same partition.
template <typename T>
void check_alike(Partitions<T> const& found, Partitions<T> const& expected) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t p = 0; p < found.size(); ++p)
        CHECK((bytes_of(found[p]) == bytes_of(expected[p])));
}

/// Sorted in two sorts of memory into some numbers of partitions: always what std::stable_sort
/// gives, cut in the same places.
template <typename T, typename Sort, typename Before>
void check_sort(std::vector<T> const& records, Sort sort, Before before) {
    for (std::uint64_t const partitions : partition_counts) {
        auto const expected = sort_by_oracle(cut(records, source_partitions), before, partitions);
        for (Options const& options : {wide_options(), narrow_options()}) {
            SortJob job(options);
            check_alike(partitions_of(sort(job.dataset(records), partitions)), expected);
        }
    }
}

/// By key, ascending and descending.
template <typename T, typename Key, typename Less>
void check_sort_by(std::vector<T> const& records, Key key, Less less) {
    for (bool const descending : {false, true})
        check_sort(
            records,
            [&](Dataset<T> const& dataset, std::uint64_t partitions) {
                return dataset.sort_by(key,
                                       {.descending = descending, .partition_count = partitions});
            },
            [&](T const& a, T const& b) {
                return descending ? less(std::invoke(key, b), std::invoke(key, a))
                                  : less(std::invoke(key, a), std::invoke(key, b));
            });
}

struct Row {
    std::int64_t number = 0;
    double real = 0;
    std::string text;
    std::uint32_t ordinal = 0;
};

std::vector<Row> make_rows(std::size_t count, std::uint64_t key_count) {
    std::mt19937_64 random(count + key_count);
    std::vector<Row> rows(count);
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t const key = random() % key_count;
        std::string text = "key";
        text += std::string(key % 13, '\0') + std::to_string(key);
        rows[i] = {static_cast<std::int64_t>(key) - static_cast<std::int64_t>(key_count / 2),
                   std::ldexp(static_cast<double>(key), static_cast<int>(key % 40) - 20),
                   text.substr(0, key % 17), static_cast<std::uint32_t>(i)};
    }
    return rows;
}

bool nan_last(double a, double b) { return !std::isnan(a) && (std::isnan(b) || a < b); }

}  // namespace

TEST_CASE("nothing, one record, and fewer than there are partitions") {
    for (std::size_t const count : {0, 1, 3})
        check_sort_by(make_rows(count, 100), &Row::number, std::less<>());
}

TEST_CASE("records are sorted by a member, stably") {
    check_sort_by(make_rows(1500, 1'000'000), &Row::number, std::less<>());
    check_sort_by(make_rows(1500, 20), &Row::number, std::less<>());
    check_sort_by(make_rows(1000, 1), &Row::number, std::less<>());
    check_sort_by(make_rows(1500, 500), &Row::text, std::less<>());
}

TEST_CASE("records are sorted by what a function makes of them, also by several keys") {
    check_sort_by(
        make_rows(1000, 300),
        [](Row const& row) { return std::tuple(row.number % 3, std::string_view(row.text)); },
        std::less<>());
}

TEST_CASE("extreme integers, and reals with zeros of both signs and NaNs, come in order") {
    using Numbers = std::numeric_limits<std::int64_t>;
    std::vector<std::int64_t> integers{0, -1, 1, Numbers::min(), Numbers::max()};
    std::vector<double> reals{0.0,
                              -0.0,
                              1.5,
                              -1.5,
                              std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity(),
                              std::nan("1"),
                              -std::nan("2"),
                              std::numeric_limits<double>::denorm_min()};
    std::mt19937_64 random(3);
    for (int i = 0; i < 300; ++i) {
        integers.push_back(integers[random() % 5]);
        reals.push_back(reals[random() % 9]);
    }
    check_sort_by(integers, std::identity(), std::less<>());
    check_sort_by(reals, std::identity(), nan_last);
}

TEST_CASE("text that others begin with, with zeros in it, of all lengths") {
    std::mt19937_64 random(4);
    std::vector<std::string> texts;
    for (int i = 0; i < 1500; ++i) {
        std::string text(random() % 30, 'a');
        for (char& c : text) c = "a\0\xff"[random() % 16 / 7];
        texts.push_back(text);
    }
    check_sort_by(texts, std::identity(), std::less<>());
    check_sort_by(
        texts, [](std::string const& text) { return std::string_view(text).substr(0, 11); },
        std::less<>());
}

TEST_CASE("keyed records are sorted by their keys") {
    std::vector<Count> counts;
    for (std::int64_t i = 0; i < 2000; ++i) counts.emplace_back(i * 7919 % 300 - 150, i);
    check_sort(
        counts,
        [](Dataset<Count> const& dataset, std::uint64_t partitions) {
            return dataset.sort_by_key({.partition_count = partitions});
        },
        [](Count const& a, Count const& b) { return a.key < b.key; });
}

TEST_CASE("a user's order is stable, too") {
    auto const before = [](Row const& a, Row const& b) {
        return std::abs(a.number) != std::abs(b.number) ? std::abs(a.number) < std::abs(b.number)
                                                        : a.text.size() > b.text.size();
    };
    check_sort(
        make_rows(1500, 150),
        [&](Dataset<Row> const& dataset, std::uint64_t partitions) {
            return dataset.sort_with(before, partitions);
        },
        before);
}

TEST_CASE("an order that is none does no harm: every record comes out once") {
    auto const rows = make_rows(2000, 50);
    for (Options const& options : {wide_options(), narrow_options()}) {
        SortJob job(options);
        auto const random_order = [random = std::make_shared<std::mt19937_64>(own_rank())](
                                      Row const&, Row const&) { return (*random)() % 2 == 0; };
        std::vector<std::uint32_t> ordinals;
        auto const sorted = job.dataset(rows).sort_with(random_order, 5);
        for (auto const& row : sorted.collect()) ordinals.push_back(row.ordinal);
        std::sort(ordinals.begin(), ordinals.end());
        CHECK(ordinals.size() == rows.size());
        CHECK(std::unique(ordinals.begin(), ordinals.end()) == ordinals.end());
    }
}

TEST_CASE("what a key's function or an order throws ends the job on all ranks alike") {
    auto const rows = make_rows(200, 50);
    auto const key = [](Row const& row) {
        if (row.ordinal == 150) throw std::runtime_error("no key");
        return row.number;
    };
    auto const before = [](Row const& a, Row const& b) {
        if (a.ordinal / 100 == 1 && b.ordinal / 100 == 1) throw std::runtime_error("no order");
        return a.number < b.number;
    };
    // Only records of different ranks are compared in vain: when they are merged.
    auto const before_of_others = [](Row const& a, Row const& b) {
        if (a.ordinal / 100 != b.ordinal / 100) throw std::runtime_error("no order");
        return a.number < b.number;
    };
    SortJob job(wide_options());
    CallSite const at{"job.cpp", 7};
    auto const text_of = [&](auto const& sorted) {
        std::string const text = thrown([&] { sorted.count(); });
        CHECK(job.session.comm().broadcast(text, 0) == text);
        return text;
    };
    auto const dataset = job.dataset(rows, 4);
    std::string const no_key = text_of(dataset.sort_by(key, {}, at));
    CHECK(no_key.find("StageError 66: stage 1 (parallelize > sort_by) failed on rank ") == 0);
    CHECK(no_key.find(", partition 3 of 4, in sort_by (job.cpp:7), record 0: "
                      "std::runtime_error: no key")
          != std::string::npos);
    for (auto const& text : {text_of(dataset.sort_with(before, 3, at)),
                             text_of(dataset.sort_with(before_of_others, 3, at))}) {
        CHECK(text.find("StageError 66: stage ") == 0);
        CHECK(text.find("in sort_with (job.cpp:7), record ") != std::string::npos);
        CHECK(text.find(": std::runtime_error: no order") != std::string::npos);
    }
    CHECK(dataset.sort_by(&Row::number).count() == rows.size());
}

TEST_CASE("10^5 records come out the same from memory and from scratch, in even partitions") {
    auto const rows = make_rows(100'000, 1'000'000'000);
    auto const expected = sort_by_oracle(
        cut(rows, 23), [](Row const& a, Row const& b) { return a.number < b.number; }, 9);
    for (auto const& partition : expected)
        CHECK(std::abs(static_cast<double>(partition.size()) * 9 / 100'000 - 1) < 0.2);
    Options small = wide_options();
    for (bool const is_small : {false, true}) {
        SortJob job(is_small ? small : wide_options());
        // A quarter of what a rank has.
        small.memory_bytes = bytes_of(rows).size() / job.rank_count() / 4;
        auto const sorted = job.dataset(rows, 23).sort_by(&Row::number, {.partition_count = 9});
        check_alike(partitions_of(sorted), expected);
        CHECK((job.spilled_bytes() > 0) == is_small);
    }
}

TEST_CASE("rounds of 64 bytes, and hardly any memory, change nothing") {
    auto const rows = make_rows(200, 40);
    auto const expected = sort_by_oracle(
        cut(rows, 7), [](Row const& a, Row const& b) { return a.text < b.text; }, 4);
    Options tiny = narrow_options();
    tiny.round_bytes = 64;
    for (std::uint64_t const memory : {1, 3000}) {
        tiny.memory_bytes = memory;
        SortJob job(tiny);
        check_alike(partitions_of(job.dataset(rows, 7).sort_by(&Row::text, {.partition_count = 4})),
                    expected);
        CHECK(job.spilled_bytes() > 0);
    }
}

TEST_CASE("records of one key are spread evenly") {
    SortJob job(wide_options());
    auto const rows = make_rows(60'000, 1);
    for (std::uint64_t const partitions : {3, 10, 40}) {
        auto const found =
            partitions_of(job.dataset(rows).sort_by(&Row::number, {.partition_count = partitions}));
        for (auto const& partition : found)
            CHECK(partition.size() * partitions < rows.size() * 6 / 5);
        CHECK((bytes_of(found) == bytes_of(rows)));
    }
}

TEST_CASE("repartition_and_sort_within_partitions: a key in one partition, and there in order") {
    std::vector<Count> counts;
    for (std::int64_t i = 0; i < 3000; ++i) counts.emplace_back(i * 7919 % 300 - 150, i);
    for (std::uint64_t const partitions : partition_counts)
        for (bool const descending : {false, true}) {
            Partitions<Count> expected(partitions);
            ByteWriter scratch;
            for (Count const& count : counts)
                expected[partition_of_hash(hash_key(key_bytes(count.key, scratch)), partitions)]
                    .push_back(count);
            for (auto& partition : expected)
                std::stable_sort(partition.begin(), partition.end(),
                                 [&](Count const& a, Count const& b) {
                                     return descending ? b.key < a.key : a.key < b.key;
                                 });
            for (Options const& options : {wide_options(), narrow_options()}) {
                SortJob job(options);
                auto const sorted = job.dataset(counts).repartition_and_sort_within_partitions(
                    {.descending = descending, .partition_count = partitions});
                CHECK((partitions_of(sorted) == expected));
            }
        }
}

TEST_CASE("views are sorted, and sorts follow one another") {
    SortJob job(wide_options());
    std::vector<std::string> names;
    for (int i = 0; i < 500; ++i) names.push_back("name " + std::to_string(i * 37 % 500));
    std::vector<std::string_view> const views(names.begin(), names.end());
    auto const by_name = job.dataset(views).sort_by(std::identity());
    auto const by_size =
        by_name.sort_by([](std::string_view name) { return name.size(); }, {.descending = true});
    auto expected = names;
    std::sort(expected.begin(), expected.end());
    std::stable_sort(expected.begin(), expected.end(),
                     [](auto const& a, auto const& b) { return a.size() > b.size(); });
    Results<std::string_view> const results = by_size.collect();
    std::vector<std::string> const found(results.begin(), results.end());
    CHECK(found == expected);
    CHECK(by_name.take(1).to_vector() == std::vector<std::string_view>{"name 0"});
}

TEST_CASE("records are numbered in the order of their dataset, across partitions") {
    SortJob job(wide_options());
    auto const is_kept = [](std::int64_t n) { return n < 300 || n % 7 == 0; };
    // Partitions of all sizes, some of them empty.
    auto const kept = iota(job.context, 1000, 13).filter(is_kept).filter([](std::int64_t n) {
        return n < 400 || n > 700;
    });
    auto const numbers = kept.collect().to_vector();
    std::uint64_t next = 0;
    for (auto const& [index, number] : kept.zip_with_index().collect()) {
        CHECK(index == next);
        CHECK(number == numbers.at(next++));
    }
    CHECK(next == numbers.size());
    CHECK(iota(job.context, 0, 3).zip_with_index().count() == 0);
    CHECK(job.session.reports().at(1).plan.name == "iota > filter > filter > zip_with_index");
}

TEST_CASE("sums of all numbers up to each are the same bits at any number of ranks") {
    SortJob job(wide_options());
    std::vector<double> numbers;
    for (std::size_t i = 0; i < 1000; ++i)
        numbers.push_back(
            std::ldexp(static_cast<double>(i * 7919 % 1000), static_cast<int>(i % 60)));
    // By definition: each partition after the sum of the partitions before it.
    std::vector<double> expected;
    double before = 0;
    for (auto const& partition : cut(numbers, 9)) {
        double sum = before, own = 0;
        for (double const number : partition) {
            expected.push_back(sum += number);
            own += number;
        }
        before += own;
    }
    CHECK((bytes_of(job.dataset(numbers, 9).prefix_sum().collect().to_vector())
           == bytes_of(expected)));
    auto const counts = iota(job.context, 100, 7).prefix_sum().collect().to_vector();
    CHECK(counts.back() == 4950);
    CHECK(counts[3] == 6);
}

TEST_CASE("a union of exchanged parts is sorted by key in its order, and refused by a function") {
    Job job;
    auto const part = [&](std::int64_t first) {
        return job.numbers(200, 4)
            .map([first](std::int64_t n) { return Count(n % 5, first + n); })
            .partition_by_key(3);
    };
    auto const both = part(0).union_with(part(1000));
    auto expected = both.collect().to_vector();
    std::stable_sort(expected.begin(), expected.end(),
                     [](Count const& a, Count const& b) { return a.key < b.key; });
    CHECK(both.sort_by_key({.partition_count = 4}).collect().to_vector() == expected);
    auto const before = [](Count const& a, Count const& b) { return a.key < b.key; };
    CHECK(thrown([&] { both.sort_with(before, 0, {"job.cpp", 7}).count(); })
          == "UsageError 2: sort_with (job.cpp:7): cannot sort a union by a function, which leaves "
             "open the order of equal records of its parts; sort it by a key, or sort its parts");
    CHECK(job.numbers(10).count() == 10);
}
