// Chains of operators drawn at random, against an interpreter that works through the partitions one
// after the other: the same bits, whatever the ranks' memory, tables and rounds.

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "api/join_oracle.hpp"
#include "serry/dataset.hpp"
#include "serry/read.hpp"
#include "shuffle/sort_oracle.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Row {
    std::int64_t number = 0;
    double real = 0;
    std::string text;  ///< up to 40 bytes, some of them 0
};

struct Moments {
    double sum = 0;
    std::int64_t count = 0;
};

using Rows = Partitions<Row>;

// ---- what the operators do to a row
// --------------------------------------------------------------

std::string text_of(std::uint64_t seed) {
    std::string text(seed % 41, '\0');
    for (std::size_t i = 0; i < text.size(); ++i)
        text[i] = static_cast<char>((seed >> (i % 23)) & 3);
    return text;
}

Row changed(Row const& row) {
    auto const bits = static_cast<std::uint64_t>(row.number) * 0x9e3779b97f4a7c15U;
    return {row.number * 3 + 1, row.real / 3 + static_cast<double>(row.number % 7),
            text_of(bits >> 30)};
}
bool is_kept(Row const& row) { return (row.number & 3) != 2; }
bool is_one_of_eight(Row const& row) { return (row.number & 7) == 5; }
std::vector<Row> copies(Row const& row) {
    return std::vector<Row>(static_cast<std::size_t>(row.number & 1) + 1, changed(row));
}

/// Emits the row, and for some a second one.
struct Emitted {
    template <typename Emit>
    void operator()(Row const& row, Emit const& emit) const {
        emit(row);
        if (row.number % 5 == 0) emit(changed(row));
    }
};

/// Numbers the rows of a partition, and ends it with their count.
struct Numbered {
    std::int64_t count = 0;

    template <typename Emit>
    void operator()(std::span<Row const> batch, Emit const& emit) {
        for (Row const& row : batch) emit(Row{row.number + count++, row.real, row.text});
    }
    template <typename Emit>
    void finish(Emit const& emit) const {
        emit(Row{count, 0.5, "count"});
    }
};

double odd_key(Row const& row) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr std::array keys{0.0, -0.0, nan, -nan, 1.5, std::numeric_limits<double>::infinity()};
    return keys[static_cast<std::uint64_t>(row.number) % keys.size()];
}
double size_of(double key) { return std::isnan(key) ? 7 : key; }

// ---- the wide operators' keys and values
// ---------------------------------------------------------

KeyValue<std::int64_t, std::int64_t> by_number(Row const& row) {
    return {row.number % 97, row.number};
}
Row from_number(KeyValue<std::int64_t, std::int64_t> const& pair) {
    return {pair.value, static_cast<double>(pair.key),
            text_of(static_cast<std::uint64_t>(pair.key))};
}

KeyValue<std::string, double> by_text(Row const& row) { return {row.text, row.real}; }
Row from_key(std::string const& key) { return {static_cast<std::int64_t>(key.size()), 2.5, key}; }
Row from_text(KeyValue<std::string, double> const& pair) {
    return {static_cast<std::int64_t>(pair.key.size()), pair.value, pair.key};
}

KeyValue<double, double> by_real(Row const& row) { return {odd_key(row), row.real * 1e-9 + 1e9}; }
Row from_real(KeyValue<double, double> const& pair) {
    return {static_cast<std::int64_t>(std::min(size_of(pair.key), 99.0)), pair.value, "real"};
}

Row from_odd_key(double key) {
    return {static_cast<std::int64_t>(std::min(size_of(key), 99.0)), 0.75, "odd"};
}

using TupleKey = std::tuple<std::int64_t, std::string>;
KeyValue<TupleKey, Moments> by_tuple(Row const& row) {
    return {TupleKey(row.number % 5, row.text.substr(0, 2)), Moments{row.real, 1}};
}
Moments together(Moments const& a, Moments const& b) { return {a.sum + b.sum, a.count + b.count}; }
Row from_tuple(KeyValue<TupleKey, Moments> const& pair) {
    return {pair.value.count, pair.value.sum, std::get<1>(pair.key)};
}

// ---- what rows are sorted by
// ---------------------------------------------------------------------

using RowKey = std::pair<std::string_view, std::int64_t>;
RowKey text_then_third(Row const& row) { return {row.text, row.number % 3}; }
bool is_shorter(Row const& a, Row const& b) {
    return a.text.size() != b.text.size() ? a.text.size() < b.text.size() : a.number > b.number;
}
/// As numbers, NaN last.
bool is_less(double a, double b) { return !std::isnan(a) && (std::isnan(b) || a < b); }

Row from_joined(KeyValue<std::int64_t, Joined<std::int64_t, std::int64_t>> const& pair) {
    return {pair.value.left, static_cast<double>(pair.value.right % 1'000'003),
            text_of(static_cast<std::uint64_t>(pair.key))};
}

// ---- each operator, by serry and by the interpreter
// ----------------------------------------------

template <typename F>
Rows each_row(Rows const& rows, F append) {
    Rows result(rows.size());
    for (std::size_t p = 0; p < rows.size(); ++p)
        for (Row const& row : rows[p]) append(row, result[p]);
    return result;
}

/// Each row as often as copies(partition, ordinal) says.
template <typename Copies>
Rows sampled(Rows const& rows, Copies copies) {
    Rows result(rows.size());
    for (std::size_t p = 0; p < rows.size(); ++p)
        for (std::size_t i = 0; i < rows[p].size(); ++i)
            result[p].insert(result[p].end(), copies(p, i), rows[p][i]);
    return result;
}

template <typename To, typename From, typename Combine>
Rows reduced(Rows const& rows, To to, From from, Combine combine, std::uint64_t partition_count) {
    Partitions<decltype(to(Row{}))> pairs(rows.size());
    for (std::size_t p = 0; p < rows.size(); ++p)
        for (Row const& row : rows[p]) pairs[p].push_back(to(row));
    Rows result;
    for (auto const& partition : reduce_by_oracle(pairs, combine, partition_count)) {
        result.emplace_back();
        for (auto const& pair : partition) result.back().push_back(from(pair));
    }
    return result;
}

template <typename T, typename F>
auto mapped(Partitions<T> const& partitions, F f) {
    Partitions<decltype(f(std::declval<T const&>()))> result;
    for (auto const& partition : partitions) {
        result.emplace_back();
        for (T const& record : partition) result.back().push_back(f(record));
    }
    return result;
}
template <typename F>
Rows filtered(Rows const& rows, F keep) {
    return each_row(rows, [keep](Row const& row, auto& out) {
        if (keep(row)) out.push_back(row);
    });
}

struct Chain {
    Dataset<Row> dataset;
    Rows rows;
    bool is_union = false;  ///< since the last exchange: sort_with refuses it
};

constexpr unsigned narrow_kinds = 12;
constexpr unsigned wide_kinds = 14;
constexpr unsigned combining_kinds = 10;

void add_narrow(Chain& chain, unsigned kind) {
    Dataset<Row>& dataset = chain.dataset;
    Rows& rows = chain.rows;
    switch (kind) {
        case 0:
            dataset = dataset.map(changed);
            rows = each_row(rows, [](Row const& row, auto& out) { out.push_back(changed(row)); });
            break;
        case 1:
            dataset = dataset.filter(is_kept);
            rows = each_row(rows, [](Row const& row, auto& out) {
                if (is_kept(row)) out.push_back(row);
            });
            break;
        case 2:
            dataset = dataset.flat_map(copies);
            rows = each_row(rows, [](Row const& row, auto& out) {
                for (Row const& copy : copies(row)) out.push_back(copy);
            });
            break;
        case 3:
            dataset = dataset.flat_map<Row>(Emitted{});
            rows = each_row(rows, [](Row const& row, auto& out) {
                Emitted{}(row, [&](Row const& emitted) { out.push_back(emitted); });
            });
            break;
        case 4:
            dataset = dataset.map_partitions<Row>([](Partition) { return Numbered{}; });
            for (auto& partition : rows) {
                std::vector<Row> numbered;
                auto const emit = [&](Row const& row) { numbered.push_back(row); };
                Numbered handler;
                handler(partition, emit);
                handler.finish(emit);
                partition = std::move(numbered);
            }
            break;
        case 5:
            dataset = dataset.sample(0.7, 5);
            rows = sampled(rows, [](std::uint64_t p, std::uint64_t i) {
                return sampling::cell_between(0, 0.7).holds(RecordRandom(5, p, i).bits()) ? 1U : 0U;
            });
            break;
        case 6:
            dataset = dataset.sample_with_replacement(1.2, 6);
            rows = sampled(rows, [](std::uint64_t p, std::uint64_t i) {
                return sampling::Poisson(1.2).draw({6, p, i});
            });
            break;
        case 7:
            dataset = dataset.map(by_text).keys().map(from_key);
            rows = each_row(
                rows, [](Row const& row, auto& out) { out.push_back(from_key(by_text(row).key)); });
            break;
        case 8:
            dataset = dataset.key_by([](Row const& row) { return row.text; })
                          .flat_map_values(copies)
                          .values();
            rows = each_row(rows, [](Row const& row, auto& out) {
                for (Row const& copy : copies(row)) out.push_back(copy);
            });
            break;
        case 10: {
            dataset = dataset.union_with(dataset.filter(is_one_of_eight).map(changed));
            Rows const more = mapped(filtered(rows, is_one_of_eight), changed);
            rows.insert(rows.end(), more.begin(), more.end());
            chain.is_union = true;
            break;
        }
        case 11:
            dataset = dataset.persist(rows.size() % 2 ? PersistLevel::disk
                                                      : PersistLevel::memory_and_disk);
            break;
        default:
            dataset = dataset.key_by([](Row const& row) { return row.number; })
                          .map_values(changed)
                          .map([](auto const& pair) {
                              return Row{pair.key, pair.value.real, pair.value.text};
                          });
            rows = each_row(rows, [](Row const& row, auto& out) {
                Row const value = changed(row);
                out.push_back({row.number, value.real, value.text});
            });
    }
}

void add_sort(Chain& chain, unsigned kind, std::uint64_t partitions) {
    Dataset<Row>& dataset = chain.dataset;
    auto const cut_sorted = [&](auto before) {
        chain.rows = sort_by_oracle(chain.rows, before, partitions);
    };
    switch (kind) {
        case 0:
            dataset = dataset.sort_by(&Row::number, {.partition_count = partitions});
            cut_sorted([](Row const& a, Row const& b) { return a.number < b.number; });
            break;
        case 1:
            dataset = dataset.sort_by(text_then_third,
                                      {.descending = true, .partition_count = partitions});
            cut_sorted(
                [](Row const& a, Row const& b) { return text_then_third(b) < text_then_third(a); });
            break;
        case 2:
            dataset = dataset.sort_by(odd_key, {.partition_count = partitions});
            cut_sorted([](Row const& a, Row const& b) { return is_less(odd_key(a), odd_key(b)); });
            break;
        default:
            dataset = dataset.sort_with(is_shorter, partitions);
            cut_sorted(is_shorter);
    }
}

/// Each row with the sum of the rows of its number's kind; the two sides lie in different counts.
void add_join(Chain& chain, std::uint64_t partitions) {
    std::uint64_t const other = 1 + partitions % 3;
    auto const left = chain.dataset.map(by_number);
    chain.dataset = left.join(left.reduce_by_key(std::plus{}, other), partitions).map(from_joined);
    auto const pairs = mapped(chain.rows, by_number);
    chain.rows = mapped(merge_by_oracle<Joined<std::int64_t, std::int64_t>>(
                            pairs, reduce_by_oracle(pairs, std::plus{}, other), partitions,
                            [](auto const& ls, auto const& rs, auto const& emit) {
                                for (auto const& l : ls)
                                    for (auto const& r : rs) emit({l, r});
                            }),
                        from_joined);
}

/// The moments of each group, added up in the order of its values.
void add_group(Chain& chain, std::uint64_t partitions) {
    auto const total = [](auto const& values) {
        Moments sum;
        for (Moments const& value : values) sum = together(sum, value);
        return sum;
    };
    chain.dataset =
        chain.dataset.map(by_tuple).group_by_key(partitions).map_values(total).map(from_tuple);
    chain.rows = mapped(
        merge_by_oracle<Moments>(
            mapped(chain.rows, by_tuple), decltype(mapped(chain.rows, by_tuple))(), partitions,
            [total](auto const& ls, auto const&, auto const& emit) { emit(total(ls)); }),
        from_tuple);
}

/// The rows whose text some kept row has, or none has.
void add_selection(Chain& chain, bool wanted, std::uint64_t partitions) {
    auto const left = chain.dataset.map(by_text);
    auto const right = chain.dataset.filter(is_one_of_eight).map(by_text);
    chain.dataset =
        (wanted ? left.semi_join(right, partitions) : left.subtract_by_key(right, partitions))
            .map(from_text);
    chain.rows = mapped(
        merge_by_oracle<double>(mapped(chain.rows, by_text),
                                mapped(filtered(chain.rows, is_one_of_eight), by_text), partitions,
                                [wanted](auto const& ls, auto const& rs, auto const& emit) {
                                    if (rs.empty() == wanted) return;
                                    for (double const l : ls) emit(l);
                                }),
        from_text);
}

void add_wide(Chain& chain, unsigned kind, std::uint64_t partitions) {
    auto const reduce = [&](auto to, auto from, auto combine) {
        chain.dataset = chain.dataset.map(to).reduce_by_key(combine, partitions).map(from);
        chain.rows = reduced(chain.rows, to, from, combine, partitions);
    };
    switch (kind) {
        case 0:
            reduce(by_number, from_number, std::plus{});
            break;
        case 1:
            reduce(by_text, from_text, std::plus{});
            break;
        case 2:
            reduce(by_real, from_real, std::plus{});
            break;
        case 3:
            reduce(by_tuple, from_tuple, together);
            break;
        case 4:
            chain.dataset = chain.dataset.map(odd_key).distinct(partitions).map(from_odd_key);
            chain.rows = reduced(
                chain.rows,
                [](Row const& row) { return KeyValue<double, bool>(odd_key(row), true); },
                [](auto const& pair) { return from_odd_key(pair.key); },
                [](bool kept, bool) { return kept; }, partitions);
            break;
        case 5:
            chain.dataset = chain.dataset.map(by_text)
                                .fold_by_key(0.25, std::plus{}, partitions)
                                .map(from_text);
            chain.rows = reduced(
                chain.rows, by_text,
                [](KeyValue<std::string, double> pair) {
                    pair.value = 0.25 + pair.value;
                    return from_text(pair);
                },
                std::plus{}, partitions);
            break;
        case 6:
            add_join(chain, partitions);
            break;
        case 7:
            add_group(chain, partitions);
            break;
        case 8:
        case 9:
            add_selection(chain, kind == 8, partitions);
            break;
        default:
            add_sort(chain, chain.is_union ? 0 : kind - combining_kinds, partitions);
    }
    chain.is_union = false;
}

// ---- a seed's chain
// ------------------------------------------------------------------------------

std::vector<Row> input(std::mt19937_64& random, std::uint64_t seed) {
    std::uint64_t const most = seed % 50 == 49 ? 100'000 : seed % 10 == 9 ? 5'000 : 300;
    std::vector<Row> rows(random() % (most + 1));
    for (Row& row : rows) {
        row.number = static_cast<std::int64_t>(random() % 1000) - 500;
        row.real = static_cast<double>(random() % 2'000'001) / 1e6
                   * std::pow(10.0, static_cast<double>(random() % 9));
        row.text = text_of(random());
    }
    return rows;
}

/// Differ by rank, but for the seeds that leave everything wide.
Options options_for(std::uint64_t seed) {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    Options options;
    options.progress = "off";
    options.route = route_words[seed % route_words.size()];
    options.ranks_per_node = seed / 2 % 4;
    if (seed % 3 == 0) return options;
    std::mt19937_64 random(seed * 1000 + static_cast<std::uint64_t>(rank));
    options.table_slots = 4 + random() % 200;
    // Joins move every record: many of them in rounds of few bytes would take minutes.
    options.round_bytes = (seed % 10 == 9 ? 16384 : 64) << random() % 8;
    options.memory_bytes = 20'000 << random() % 6;
    return options;
}

/// Sorts move every record, in rounds that may be tiny: only few records are sorted.
unsigned wide_kind(Chain const& chain, std::mt19937_64& random) {
    std::size_t row_count = 0;
    for (auto const& partition : chain.rows) row_count += partition.size();
    return static_cast<unsigned>(random() % (row_count < 500 ? wide_kinds : combining_kinds));
}

void check_chain(std::uint64_t seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    Session session(MPI_COMM_WORLD, options_for(seed));
    Context context(session, {}, {});
    std::uint64_t const partitions = 1 + random() % 20;
    auto const rows = input(random, seed);
    Chain chain{parallelize(context, rows, partitions), cut(rows, partitions)};
    auto const length = static_cast<unsigned>(5 + random() % 8);
    unsigned const first_wide = static_cast<unsigned>(random() % (length - 1));
    unsigned const last_wide =
        first_wide + 1 + static_cast<unsigned>(random() % (length - 1 - first_wide));
    for (unsigned i = 0; i < length; ++i) {
        if (i == first_wide || i == last_wide || random() % 6 == 0)
            add_wide(chain, wide_kind(chain, random), 1 + random() % 12);
        else
            add_narrow(chain, static_cast<unsigned>(random() % narrow_kinds));
    }
    CHECK(bytes_of(chain.dataset.collect().to_vector()) == bytes_of(chain.rows));
}

}  // namespace

TEST_CASE("200 chains drawn at random give what an interpreter gives, bit for bit") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) check_chain(seed);
}
