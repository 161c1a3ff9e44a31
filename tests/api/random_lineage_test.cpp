// Chains of operators drawn at random, against an interpreter that works through the partitions one
// after the other: the same bits, whatever the ranks' memory, tables and rounds.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serry/dataset.hpp"
#include "serry/read.hpp"
#include "shuffle/reduce_oracle.hpp"

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
    return {row.number % 1'000'000'007 * 3 + 1, row.real / 3 + static_cast<double>(row.number % 7),
            text_of(bits >> 30)};
}
bool is_kept(Row const& row) { return (row.number & 3) != 2; }
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
Row from_text(KeyValue<std::string, double> const& pair) {
    return {static_cast<std::int64_t>(pair.key.size()), pair.value, pair.key};
}

KeyValue<double, double> by_real(Row const& row) { return {odd_key(row), row.real * 1e-9 + 1e9}; }
Row from_real(KeyValue<double, double> const& pair) {
    return {static_cast<std::int64_t>(std::min(size_of(pair.key), 99.0)), pair.value, "real"};
}

using TupleKey = std::tuple<std::int64_t, std::string>;
KeyValue<TupleKey, Moments> by_tuple(Row const& row) {
    return {TupleKey(row.number % 5, row.text.substr(0, 2)), Moments{row.real, 1}};
}
Moments together(Moments const& a, Moments const& b) { return {a.sum + b.sum, a.count + b.count}; }
Row from_tuple(KeyValue<TupleKey, Moments> const& pair) {
    return {pair.value.count, pair.value.sum, std::get<1>(pair.key)};
}

/// Neither associative nor commutative: any other order of folding gives other rows.
Row mixed(Row const& a, Row const& b) {
    return {(a.number % 1'000'003 * 31 + b.number) % 1'000'003, a.real * 0.75 + b.real,
            (a.text + b.text).substr(0, 40)};
}
/// Exact: the same in any order.
Row extremes(Row const& a, Row const& b) {
    return {std::max(a.number, b.number), std::min(a.real, b.real), std::max(a.text, b.text)};
}
std::int64_t row_key(Row const& row) { return row.number % 501; }
TupleKey row_tuple(Row const& row) { return {row.number % 11, row.text.substr(0, 1)}; }

/// Of texts that lie in the batch: serry works on views, the interpreter on copies.
template <typename Text>
KeyValue<Text, Text> by_part(Row const& row) {
    Text const text(row.text);
    return {text.substr(0, text.size() % 3), text};
}
template <typename Text>
Row from_part(KeyValue<Text, Text> const& pair) {
    return {static_cast<std::int64_t>(pair.value.size()), 0.25, std::string(pair.value)};
}
/// Returns a part of one of its arguments; not associative.
template <typename Text>
Text part(Text const& a, Text const& b) {
    return a.size() > b.size() ? a.substr(0, a.size() - 1) : b;
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

struct Chain {
    Dataset<Row> dataset;
    Rows rows;
};

constexpr unsigned narrow_kinds = 6;
constexpr unsigned wide_kinds = 9;

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

void add_wide(Chain& chain, unsigned kind, std::uint64_t partitions) {
    auto const reduce = [&](auto to, auto from, auto combine) {
        chain.dataset = chain.dataset.map(to).reduce_by_key(combine, partitions).map(from);
        chain.rows = reduced(chain.rows, to, from, combine, partitions);
    };
    auto const reduce_rows = [&](auto key, auto combine) {
        chain.dataset =
            chain.dataset.key_by(key).reduce_by_key(combine, partitions).map([](auto const& pair) {
                return pair.value;
            });
        auto const with_key = [key](Row const& row) { return KeyValue(key(row), row); };
        auto const value = [](auto const& pair) { return pair.value; };
        chain.rows = reduced(chain.rows, with_key, value, combine, partitions);
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
            reduce_rows(row_key, mixed);
            break;
        case 5:
            reduce_rows(row_tuple, mixed);
            break;
        case 6:
            reduce_rows(odd_key, exact(extremes));
            break;
        case 7:
            reduce_rows([](Row const& row) { return row.text; }, exact(extremes));
            break;
        default:
            chain.dataset = chain.dataset.map(by_part<std::string_view>)
                                .reduce_by_key(part<std::string_view>, partitions)
                                .map(from_part<std::string_view>);
            chain.rows = reduced(chain.rows, by_part<std::string>, from_part<std::string>,
                                 part<std::string>, partitions);
    }
}

// ---- a seed's chain
// ------------------------------------------------------------------------------

Row row_number(std::int64_t number) {
    std::mt19937_64 random(static_cast<std::uint64_t>(number));
    Row row;
    row.number = static_cast<std::int64_t>(random() % 1000) - 500;
    row.real = static_cast<double>(random() % 2'000'001) / 1e6
               * std::pow(10.0, static_cast<double>(random() % 9));
    row.text = text_of(random());
    return row;
}

/// So many rows, held by every rank or made where they are needed.
Chain first_of(Context& context, std::uint64_t count, std::uint64_t partitions, bool is_held) {
    std::vector<Row> rows;
    for (std::uint64_t i = 0; i < count; ++i)
        rows.push_back(row_number(static_cast<std::int64_t>(i)));
    return {is_held ? parallelize(context, rows, partitions)
                    : iota(context, count, partitions).map(row_number),
            cut(rows, partitions)};
}

std::uint64_t record_count(std::mt19937_64& random, std::uint64_t seed) {
    std::uint64_t const most = seed % 50 == 49 ? 100'000 : seed % 10 == 9 ? 5'000 : 300;
    return random() % (most + 1);
}

/// Differ by rank, but for the seeds that leave everything wide.
Options options_for(std::uint64_t seed) {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    Options options;
    options.progress = "off";
    if (seed % 3 == 0) return options;
    std::mt19937_64 random(seed * 1000 + static_cast<std::uint64_t>(rank));
    options.table_slots = 4 + random() % 200;
    options.round_bytes = 64 << random() % 8;
    options.memory_bytes = 20'000 << random() % 6;
    return options;
}

/// What the exchanges of all chains did.
struct Done {
    std::uint64_t several_exchanges = 0;  ///< stages with more than one
    std::uint64_t spilled_bytes = 0;
    std::uint64_t wide_steps = 0;
};

void check_chain(std::uint64_t seed, Done& done) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    Session session(MPI_COMM_WORLD, options_for(seed));
    Context context(session, {}, {});
    std::uint64_t const partitions = 1 + random() % 20;
    Chain chain = first_of(context, record_count(random, seed), partitions, seed % 2 == 0);
    auto const length = static_cast<unsigned>(5 + random() % 8);
    unsigned const first_wide = static_cast<unsigned>(random() % (length - 1));
    unsigned const last_wide =
        first_wide + 1 + static_cast<unsigned>(random() % (length - 1 - first_wide));
    for (unsigned i = 0; i < length; ++i) {
        if (i == first_wide || i == last_wide || random() % 6 == 0)
            add_wide(chain, static_cast<unsigned>(random() % wide_kinds), 1 + random() % 12);
        else
            add_narrow(chain, static_cast<unsigned>(random() % narrow_kinds));
    }
    bool const is_right = bytes_of(chain.dataset.collect().to_vector()) == bytes_of(chain.rows);
    CHECK(is_right);
    for (StageReport const& report : session.reports()) {
        done.several_exchanges += report.vote.exchanges > 1;
        done.spilled_bytes += report.vote.spilled_bytes;
        done.wide_steps += report.plan.ends_in_exchange;
    }
}

}  // namespace

TEST_CASE("200 chains drawn at random give what an interpreter gives, bit for bit") {
    Done done;
    for (std::uint64_t seed = 0; seed < 200; ++seed) check_chain(seed, done);
    CHECK(done.wide_steps >= 400);
    CHECK(done.several_exchanges > 20);
    CHECK(done.spilled_bytes > 1'000'000);
}
