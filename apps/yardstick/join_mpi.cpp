// Join two files by key by hand on plain MPI: the bar that serry's join is held against.
//
//   mpirun -np P join_mpi LEFT RIGHT OUTPUT_DIR [--parts binary|text]
//
// LEFT and RIGHT are pairs of 64-bit integers, key and value. The result has a row (key, left
// value, right value) for every two pairs with the same key. Rank 0 writes the number of rows, and
// the sum of a checksum of each, to OUTPUT_DIR/summary. With --parts rank R writes its rows to
// OUTPUT_DIR/part-0000R: three integers each, or lines `key TAB left TAB right`. Rank 0 prints how
// long each phase took.
//
// A pair goes to the rank that owns its key by hash. There both sides are dealt out by other bits
// of the hash, into partitions whose left side fits the cache. In a partition the left pairs are
// grouped by still other bits, and the right ones look through their group.
#include <bit>
#include <optional>

#include "exchange.hpp"
#include "pairs.hpp"
#include "plain_mpi.hpp"

namespace {

using namespace yardstick;

// ---- partitions ---------------------------------------------------------------------------------

/// Pairs, one partition behind the other.
class Partitions {
public:
    /// Collective. Deal out the pairs of a file whose keys this rank owns, by the lowest bits of
    /// their hashes.
    Partitions(InputFile const& input, int bits, Ranks ranks, Seconds& reading)
        : ends_((std::size_t{1} << bits) + 1) {
        Seconds const start = now();
        std::uint64_t const mask = (std::uint64_t{1} << bits) - 1;
        std::uint64_t const count = input.record_count(sizeof(Pair));
        std::vector<std::uint64_t> most_from;
        for (int rank = 0; rank < ranks.count; ++rank)
            most_from.push_back(part_of(count, rank, ranks.count).size());
        Exchange<Pair> exchange(ranks, most_from, [&](std::span<Pair const> pairs) {
            for (Pair const& pair : pairs) ++ends_[(hash_of(pair.key) & mask) + 1];
        });
        for_each_chunk<Pair>(input, part_of(count, ranks.rank, ranks.count),
                             [&](std::span<Pair const> pairs) {
                                 for (Pair const& pair : pairs)
                                     exchange.send(owner_of(hash_of(pair.key), ranks.count), pair);
                             });
        exchange.finish();
        reading += now() - start;

        for (std::size_t i = 1; i < ends_.size(); ++i) ends_[i] += ends_[i - 1];
        pairs_ = Array<Pair>(ends_.back());
        std::vector<std::uint64_t> next = ends_;
        for (int rank = 0; rank < ranks.count; ++rank)
            for (Pair const& pair : exchange.from(rank))
                pairs_[next[hash_of(pair.key) & mask]++] = pair;
    }

    std::size_t count() const { return ends_.size() - 1; }
    std::span<Pair const> operator[](std::size_t i) const {
        return {pairs_.data() + ends_[i], ends_[i + 1] - ends_[i]};
    }

private:
    std::vector<std::uint64_t> ends_;
    Array<Pair> pairs_;
};

/// Bits of the hash that make the partitions of a side small.
int partition_bits(std::uint64_t pair_count) {
    constexpr std::uint64_t pairs_a_partition = 8192;
    return std::min(14, int(std::bit_width(pair_count / pairs_a_partition)));
}

// ---- tables -------------------------------------------------------------------------------------

/// The left pairs of one partition, grouped by hash.
class Table {
public:
    explicit Table(int used_bits) : used_bits_(used_bits) {}

    void build(std::span<Pair const> pairs) {
        group_count_ = std::bit_ceil(pairs.size() + 1);
        ends_.assign(group_count_ + 1, 0);
        if (grouped_.size() < pairs.size()) grouped_.resize(pairs.size());
        for (Pair const& pair : pairs) ++ends_[group(pair.key)];
        std::uint32_t end = 0;
        for (std::uint32_t& group_end : ends_) end = group_end += end;
        for (Pair const& pair : pairs) grouped_[--ends_[group(pair.key)]] = pair;
    }

    /// Visit the values of the pairs with this key: `visit(value)`.
    template <typename Visit>
    void for_each_match(std::int64_t key, Visit visit) const {
        std::size_t const g = group(key);
        for (std::uint32_t i = ends_[g]; i < ends_[g + 1]; ++i)
            if (grouped_[i].key == key) visit(grouped_[i].value);
    }

private:
    std::size_t group(std::int64_t key) const {
        return (hash_of(key) >> used_bits_) & (group_count_ - 1);
    }

    int used_bits_;
    std::size_t group_count_ = 1;
    std::vector<std::uint32_t> ends_;  // once built, where each group begins
    std::vector<Pair> grouped_;
};

// ---- rows ---------------------------------------------------------------------------------------

struct NoRows {
    void add(std::int64_t, std::int64_t, std::int64_t) {}
    void finish() {}
};

class BinaryRows {
public:
    BinaryRows(std::string const& output_dir, int rank) : part_(output_dir, rank) {}

    void add(std::int64_t key, std::int64_t left, std::int64_t right) {
        std::int64_t const row[] = {key, left, right};
        char* const to = part_.room();
        std::memcpy(to, row, sizeof row);
        part_.advance_to(to + sizeof row);
    }
    void finish() { part_.finish(); }

private:
    PartFile part_;
};

class TextRows {
public:
    TextRows(std::string const& output_dir, int rank) : part_(output_dir, rank) {}

    void add(std::int64_t key, std::int64_t left, std::int64_t right) {
        char* to = put_number(part_.room(), key);
        *to++ = '\t';
        to = put_number(to, left);
        *to++ = '\t';
        to = put_number(to, right);
        *to++ = '\n';
        part_.advance_to(to);
    }
    void finish() { part_.finish(); }

private:
    PartFile part_;
};

struct Summary {
    std::uint64_t row_count = 0;
    std::uint64_t checksum = 0;
};

// ---- program ------------------------------------------------------------------------------------

struct Options {
    std::string left;
    std::string right;
    std::string output_dir;
    std::string parts;
};

struct Inputs {
    explicit Inputs(Options const& options) : left(options.left), right(options.right) {}

    InputFile left;
    InputFile right;
};

template <typename Rows>
Summary join_partitions(Partitions const& left,
                        Partitions const& right,
                        int bits,
                        Rows& rows,
                        Phases& phases) {
    Summary summary;
    Table table(bits);
    Seconds building;
    Seconds probing;
    Seconds last = now();
    auto const since_last = [&] {
        Seconds const at = now();
        Seconds const passed = at - last;
        last = at;
        return passed;
    };
    for (std::size_t i = 0; i < left.count(); ++i) {
        table.build(left[i]);
        building += since_last();
        for (Pair const& pair : right[i])
            table.for_each_match(pair.key, [&](std::int64_t left_value) {
                ++summary.row_count;
                summary.checksum += check_of(pair.key, left_value, pair.value);
                rows.add(pair.key, left_value, pair.value);
            });
        probing += since_last();
    }
    rows.finish();
    probing += since_last();
    phases.add("build", building);
    phases.add("probe", probing);
    return summary;
}

template <typename Rows>
Summary join_files(Inputs const& inputs, Rows& rows, Phases& phases, Ranks ranks) {
    std::uint64_t const left_count = inputs.left.record_count(sizeof(Pair));
    int const bits = partition_bits(left_count / unsigned(ranks.count));
    Seconds reading;
    Seconds const start = now();
    Partitions const left(inputs.left, bits, ranks, reading);
    Partitions const right(inputs.right, bits, ranks, reading);
    phases.add("read and exchange", reading);
    phases.add("partition", now() - start - reading);
    Summary summary = join_partitions(left, right, bits, rows, phases);
    MPI_Allreduce(MPI_IN_PLACE, &summary, 2, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    return summary;
}

Summary join(Inputs const& inputs, Options const& options, Phases& phases, Ranks ranks) {
    if (options.parts.empty()) {
        NoRows rows;
        return join_files(inputs, rows, phases, ranks);
    }
    if (options.parts == "binary") {
        BinaryRows rows(options.output_dir, ranks.rank);
        return join_files(inputs, rows, phases, ranks);
    }
    TextRows rows(options.output_dir, ranks.rank);
    return join_files(inputs, rows, phases, ranks);
}

void write_summary(Summary summary, std::string const& output_dir) {
    std::string const path = output_dir + "/summary";
    std::FILE* const file = std::fopen(path.c_str(), "w");
    if (file == nullptr) fail_with_reason("cannot create " + path);
    std::fprintf(file, "rows %llu\nchecksum %016llx\n",
                 static_cast<unsigned long long>(summary.row_count),
                 static_cast<unsigned long long>(summary.checksum));
    if (std::fclose(file) != 0) fail_with_reason("cannot write to " + path);
}

Options parse_options(Arguments const& arguments) {
    bool const parts = arguments.size() == 5 && arguments[3] == "--parts"
                       && (arguments[4] == "binary" || arguments[4] == "text");
    if (arguments.size() != 3 && !parts)
        throw std::invalid_argument("usage: join_mpi LEFT RIGHT OUTPUT_DIR [--parts binary|text]");
    return {arguments[0], arguments[1], arguments[2], parts ? arguments[4] : ""};
}

void program(Arguments const& arguments, Ranks ranks) {
    std::optional<Inputs> inputs;
    Options options;
    agree(ranks, [&] {
        options = parse_options(arguments);
        inputs.emplace(options);
        inputs->left.record_count(sizeof(Pair));
        inputs->right.record_count(sizeof(Pair));
        if (ranks.rank == 0) prepare_output_dir(options.output_dir);
    });
    Phases phases;
    Summary const summary = join(*inputs, options, phases, ranks);
    if (ranks.rank == 0) write_summary(summary, options.output_dir);
    phases.print(ranks);
}

}  // namespace

int main(int argc, char** argv) { return run_program(argc, argv, "join_mpi", program); }
