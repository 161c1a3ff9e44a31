// Count and add up the values of each key by hand on plain MPI: the bar that serry's grouping is
// held against.
//
//   mpirun -np P group_mpi INPUT OUTPUT_DIR
//
// INPUT is pairs of 64-bit integers, key and value. Rank R writes the keys that it owns by hash to
// OUTPUT_DIR/part-0000R, lines `key TAB count TAB sum`, in no order. Sums wrap around at 2^64. Rank
// 0 prints how long each phase took.
//
// Each rank adds up its share of the input in a table, whose slots are fetched for 64 pairs at a
// time before they are looked at; the sums then go to the owners of the keys.
#include <array>
#include <optional>

#include "exchange.hpp"
#include "pairs.hpp"
#include "plain_mpi.hpp"

namespace {

using namespace yardstick;

struct Group {
    std::int64_t key;
    std::uint64_t count;
    std::uint64_t sum;
};

class Table {
public:
    Table() : slots_(first_slots, Access::random), mask_(first_slots - 1) {}

    void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash & mask_], 1); }

    void add(std::uint64_t hash, Group const& group) {
        for (std::uint64_t i = hash & mask_;; i = (i + 1) & mask_) {
            Group& slot = slots_[i];
            if (slot.count != 0 && slot.key != group.key) continue;
            if (slot.count == 0) {
                if (2 * used_ > mask_) return grow_and_add(hash, group);
                ++used_;
                slot.key = group.key;
            }
            slot.count += group.count;
            slot.sum += group.sum;
            return;
        }
    }

    template <typename Visit>
    void for_each(Visit visit) const {
        for (std::uint64_t i = 0; i <= mask_; ++i)
            if (slots_[i].count != 0) visit(slots_[i]);
    }

private:
    static constexpr std::uint64_t first_slots = 1024;

    [[gnu::noinline]] void grow_and_add(std::uint64_t hash, Group const& group) {
        Table wider(4 * slots_.size());
        for_each([&](Group const& old) { wider.add(hash_of(old.key), old); });
        *this = std::move(wider);
        add(hash, group);
    }

    explicit Table(std::uint64_t slot_count)
        : slots_(slot_count, Access::random), mask_(slot_count - 1) {}

    Array<Group> slots_;
    std::uint64_t mask_;
    std::uint64_t used_ = 0;
};

/// Add groups to a table; `group_of` makes one from each of the items.
template <typename Item, typename GroupOf>
void add_all(std::span<Item const> items, GroupOf group_of, Table& table) {
    constexpr std::size_t at_a_time = 64;
    std::array<std::uint64_t, at_a_time> hashes;
    for (; !items.empty(); items = items.subspan(std::min(at_a_time, items.size()))) {
        std::size_t const count = std::min(at_a_time, items.size());
        for (std::size_t i = 0; i < count; ++i) {
            hashes[i] = hash_of(items[i].key);
            table.prefetch(hashes[i]);
        }
        for (std::size_t i = 0; i < count; ++i) table.add(hashes[i], group_of(items[i]));
    }
}

void add_file(InputFile const& input, Table& table, Ranks ranks) {
    Range const own = part_of(input.record_count(sizeof(Pair)), ranks.rank, ranks.count);
    auto const group_of = [](Pair const& pair) {
        return Group{pair.key, 1, std::uint64_t(pair.value)};
    };
    for_each_chunk<Pair>(input, own,
                         [&](std::span<Pair const> pairs) { add_all(pairs, group_of, table); });
}

/// Collective. Bring the groups of all ranks' tables to the owners of their keys.
Table merge(InputFile const& input, Table const& table, Ranks ranks) {
    std::uint64_t const count = input.record_count(sizeof(Pair));
    std::vector<std::uint64_t> most_from;
    for (int rank = 0; rank < ranks.count; ++rank)
        most_from.push_back(part_of(count, rank, ranks.count).size());
    Table merged;
    Exchange<Group> exchange(ranks, most_from, [&](std::span<Group const> groups) {
        add_all(
            groups, [](Group const& group) { return group; }, merged);
    });
    table.for_each([&](Group const& group) {
        exchange.send(owner_of(hash_of(group.key), ranks.count), group);
    });
    exchange.finish();
    return merged;
}

void write_groups(Table const& table, std::string const& output_dir, Ranks ranks) {
    PartFile part(output_dir, ranks.rank);
    table.for_each([&](Group const& group) {
        char* to = put_number(part.room(), group.key);
        *to++ = '\t';
        to = put_number(to, group.count);
        *to++ = '\t';
        to = put_number(to, std::int64_t(group.sum));
        *to++ = '\n';
        part.advance_to(to);
    });
    part.finish();
}

void program(Arguments const& arguments, Ranks ranks) {
    std::optional<InputFile> input;
    agree(ranks, [&] {
        if (arguments.size() != 2) throw std::invalid_argument("usage: group_mpi INPUT OUTPUT_DIR");
        input.emplace(arguments[0]);
        input->record_count(sizeof(Pair));
        if (ranks.rank == 0) prepare_output_dir(arguments[1]);
    });
    Phases phases;
    Table table;
    add_file(*input, table, ranks);
    phases.end("read and add");
    Table const merged = merge(*input, table, ranks);
    phases.end("exchange and merge");
    write_groups(merged, arguments[1], ranks);
    phases.end("write");
    phases.print(ranks);
}

}  // namespace

int main(int argc, char** argv) { return run_program(argc, argv, "group_mpi", program); }
