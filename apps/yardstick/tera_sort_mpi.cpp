// Sort records of 100 bytes by their first 10 bytes by hand on plain MPI: the bar that serry's sort
// is held against.
//
//   mpirun -np P tera_sort_mpi INPUT OUTPUT_DIR
//
// Records with equal keys stay in the order of the input. Rank R writes OUTPUT_DIR/part-0000R; the
// parts one behind the other are the sorted records. Rank 0 prints how long each phase took.
//
// A record's order is one number of 128 bits: its key, and below it its place in the input, so that
// no two are equal. Splitters come from a sample. Each rank reads its share of the input in pieces
// that fit the cache and sends every record to the rank between whose splitters it belongs. What
// came is sorted as numbers, key and place in memory: into buckets by the leading bits, then each
// bucket within the cache. Only then are the records themselves moved, once, on their way out.
#include <array>
#include <bit>
#include <optional>

#include "exchange.hpp"
#include "plain_mpi.hpp"

namespace {

using namespace yardstick;

struct Record {
    std::array<char, 100> bytes;
};

/// 80 bits of key, 48 bits of place.
using Order = unsigned __int128;

constexpr int place_bits = 48;

std::uint64_t big_endian_at(char const* bytes) {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return __builtin_bswap64(word);
}

Order order_of(Record const& record, std::uint64_t place) {
    char const* const key = record.bytes.data();
    std::uint64_t const tail = big_endian_at(key + 2) & 0xffff;
    return (Order(big_endian_at(key)) << 64) | (Order(tail) << place_bits) | place;
}

std::uint64_t leading_bits(Order order) { return std::uint64_t(order >> 64); }

// ---- splitters ----------------------------------------------------------------------------------

/// Collective. The least order of each rank but the first.
std::vector<Order> find_splitters(InputFile const& input, Range own, Ranks ranks) {
    constexpr std::uint64_t samples_a_rank = 2048;
    std::vector<Order> samples(samples_a_rank * std::uint64_t(ranks.count), ~Order{0});
    Order* const mine = samples.data() + samples_a_rank * std::uint64_t(ranks.rank);
    for (std::uint64_t i = 0; i < std::min(samples_a_rank, own.size()); ++i) {
        std::uint64_t const place = own.begin + part_of(own.size(), int(i), samples_a_rank).begin;
        Record record{};
        input.read(place * sizeof(Record), record.bytes.data(), 10);
        mine[i] = order_of(record, place);
    }
    MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, samples.data(),
                  int(samples_a_rank * sizeof(Order)), MPI_BYTE, MPI_COMM_WORLD);
    samples.erase(std::remove(samples.begin(), samples.end(), ~Order{0}), samples.end());
    std::sort(samples.begin(), samples.end());
    std::vector<Order> splitters;
    for (int rank = 1; rank < ranks.count; ++rank)
        splitters.push_back(
            samples.empty() ? 0 : samples[part_of(samples.size(), rank, ranks.count).begin]);
    return splitters;
}

/// Collective. Send the records of a range of the input to the ranks they belong to.
void send_records(InputFile const& input,
                  Range own,
                  std::vector<Order> const& splitters,
                  Exchange<Record>& exchange) {
    std::uint64_t place = own.begin;
    for_each_chunk<Record>(input, own, [&](std::span<Record const> chunk) {
        for (Record const& record : chunk) {
            Order const order = order_of(record, place++);
            int to = 0;
            for (Order const splitter : splitters) to += order >= splitter;
            exchange.send(to, record);
        }
    });
    exchange.finish();
}

// ---- sort ---------------------------------------------------------------------------------------

void insertion_sort(Order* first, Order* last) {
    for (Order* next = first; next < last; ++next) {
        Order const order = *next;
        Order* to = next;
        for (; to > first && to[-1] > order; --to) *to = to[-1];
        *to = order;
    }
}

void sort_few(Order* first, Order* last) {
    if (last - first <= 24)
        insertion_sort(first, last);
    else
        std::sort(first, last);
}

/// Sorts buckets of orders whose leading bits, counted from `least`, are equal above `shift`.
class BucketSorter {
public:
    BucketSorter(std::uint64_t least, int shift)
        : least_(least), shift_(std::max(shift - digit_bits, 0)) {}

    void operator()(Order* first, Order* last) {
        if (last - first <= 64) return sort_few(first, last);
        std::array<std::uint32_t, digit_count + 1> ends{};
        scratch_.assign(first, last);
        for (Order const order : scratch_) ++ends[digit(order) + 1];
        for (std::size_t i = 1; i <= digit_count; ++i) ends[i] += ends[i - 1];
        auto next = ends;
        for (Order const order : scratch_) first[next[digit(order)]++] = order;
        for (std::size_t i = 0; i < digit_count; ++i)
            sort_few(first + ends[i], first + ends[i + 1]);
    }

private:
    static constexpr int digit_bits = 8;
    static constexpr std::size_t digit_count = 1 << digit_bits;

    std::size_t digit(Order order) const {
        return ((leading_bits(order) - least_) >> shift_) & (digit_count - 1);
    }

    std::uint64_t least_;
    int shift_;
    std::vector<Order> scratch_;
};

/// The buckets between two splitters: the order's leading bits, as many as fill them.
class Buckets {
public:
    Buckets(std::uint64_t least, std::uint64_t most, std::uint64_t expected_records)
        : least_(least) {
        int const bits = std::min(12, int(std::bit_width(expected_records / 1024)));
        shift_ = std::min(63, std::max(0, int(std::bit_width(most - least)) - bits));
        ends_.resize(((most - least) >> shift_) + 2);
    }

    void count(std::span<Record const> records) {
        for (Record const& record : records) ++ends_[index(order_of(record, 0)) + 1];
    }

    /// The records that were counted, sorted; as place they have that in the memory of the
    /// exchange.
    Array<Order> sort(Exchange<Record> const& exchange, Ranks ranks) {
        for (std::size_t i = 1; i < ends_.size(); ++i) ends_[i] += ends_[i - 1];
        Array<Order> orders(ends_.back());
        std::vector<std::uint64_t> next = ends_;
        for (int from = 0; from < ranks.count; ++from) {
            std::span<Record const> const records = exchange.from(from);
            auto place = std::uint64_t(records.data() - exchange.from(0).data());
            for (Record const& record : records) {
                Order const order = order_of(record, place++);
                orders[next[index(order)]++] = order;
            }
        }
        BucketSorter sort_bucket(least_, shift_);
        for (std::size_t i = 0; i + 1 < ends_.size(); ++i)
            sort_bucket(orders.data() + ends_[i], orders.data() + ends_[i + 1]);
        return orders;
    }

private:
    std::size_t index(Order order) const { return (leading_bits(order) - least_) >> shift_; }

    std::uint64_t least_;
    int shift_ = 0;
    std::vector<std::uint64_t> ends_;
};

Buckets buckets_of(std::vector<Order> const& splitters, std::uint64_t record_count, Ranks ranks) {
    auto const rank = std::size_t(ranks.rank);
    return {rank == 0 ? 0 : leading_bits(splitters[rank - 1]),
            rank == splitters.size() ? ~std::uint64_t{0} : leading_bits(splitters[rank]),
            record_count / unsigned(ranks.count)};
}

// ---- program ------------------------------------------------------------------------------------

void write_records(Array<Order> const& orders, Record const* records, PartFile& part) {
    constexpr std::uint64_t ahead = 24;
    constexpr Order place_mask = (Order{1} << place_bits) - 1;
    auto const place = [&](std::uint64_t i) { return std::uint64_t(orders[i] & place_mask); };
    for (std::uint64_t i = 0; i < orders.size(); ++i) {
        if (i + ahead < orders.size()) {
            char const* const soon = records[place(i + ahead)].bytes.data();
            __builtin_prefetch(soon);
            __builtin_prefetch(soon + sizeof(Record) - 1);
        }
        char* const to = part.room();
        std::memcpy(to, &records[place(i)], sizeof(Record));
        part.advance_to(to + sizeof(Record));
    }
    part.finish();
}

void sort_file(InputFile const& input, std::string const& output_dir, Ranks ranks) {
    Phases phases;
    std::uint64_t const count = input.record_count(sizeof(Record));
    Range const own = part_of(count, ranks.rank, ranks.count);
    std::vector<std::uint64_t> most_from;
    for (int rank = 0; rank < ranks.count; ++rank)
        most_from.push_back(part_of(count, rank, ranks.count).size());
    std::vector<Order> const splitters = find_splitters(input, own, ranks);
    phases.end("sample");
    Buckets buckets = buckets_of(splitters, count, ranks);
    Exchange<Record> exchange(ranks, most_from,
                              [&](std::span<Record const> records) { buckets.count(records); });
    send_records(input, own, splitters, exchange);
    phases.end("read and exchange");
    Array<Order> const orders = buckets.sort(exchange, ranks);
    phases.end("sort");
    PartFile part(output_dir, ranks.rank, orders.size() * sizeof(Record));
    write_records(orders, exchange.from(0).data(), part);
    phases.end("write");
    phases.print(ranks);
}

void program(Arguments const& arguments, Ranks ranks) {
    std::optional<InputFile> input;
    agree(ranks, [&] {
        if (arguments.size() != 2)
            throw std::invalid_argument("usage: tera_sort_mpi INPUT OUTPUT_DIR");
        input.emplace(arguments[0]);
        input->record_count(sizeof(Record));
        if (ranks.rank == 0) prepare_output_dir(arguments[1]);
    });
    sort_file(*input, arguments[1], ranks);
}

}  // namespace

int main(int argc, char** argv) { return run_program(argc, argv, "tera_sort_mpi", program); }
