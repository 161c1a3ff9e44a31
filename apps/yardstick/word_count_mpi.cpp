// Count the words of a text by hand on plain MPI: the bar that serry's word count is held against.
//
//   mpirun -np P word_count_mpi INPUT OUTPUT_DIR [--phases]
//
// Words are separated by bytes up to ' '. A word belongs to the rank whose byte range holds its
// first byte. Rank R writes OUTPUT_DIR/part-0000R with lines `word TAB count`, in no order.
// --phases prints on rank 0 how long each phase took.
//
// Map: each rank counts its words in three hash tables: words up to 8 bytes, up to 16 bytes, and
// longer ones, whose text lies in an arena. A table is made of cache lines that hold 5, 3 or 2 keys
// with 32-bit counts. Words are looked up 128 at a time, so that lines are fetched before they are
// read; with AVX-512, separators are found and words sorted by length 32-64 at a time.
// Reduce: tables lie in the order of their hashes. The hash space is cut into P equal parts, one
// for each rank, and each part into rounds of about half a MiB. In a round each rank sends one
// stretch of its table to each other rank, adds up what it gets in a table that fits the cache, and
// writes the lines. Nothing larger than a round is held beside the tables of the map phase.
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>

#include <mpi.h>

#include "plain_mpi.hpp"
#include "word_map.hpp"
#include "word_reduce.hpp"

namespace {

using namespace yardstick;

struct Options {
    std::string input;
    std::string output_dir;
    bool phases = false;
};

Options parse_options(Arguments const& arguments) {
    bool const phases = arguments.size() == 3 && arguments[2] == "--phases";
    if (arguments.size() != 2 && !phases)
        throw std::invalid_argument("usage: word_count_mpi INPUT OUTPUT_DIR [--phases]");
    return {arguments[0], arguments[1], phases};
}

void count_words(Options const& options, InputFile const& input, Ranks ranks) {
    double const start = MPI_Wtime();
    Counts counts;
    {
        Mapper mapper(counts);
        TextReader reader(input, part_of(input.byte_count(), ranks.rank, ranks.count));
        for (auto text = reader.next(); !text.empty(); text = reader.next()) mapper.add(text);
    }
    double const mapped = MPI_Wtime();
    MPI_Barrier(MPI_COMM_WORLD);
    double const waited = MPI_Wtime();
    LineWriter writer(part_path(options.output_dir, ranks.rank));
    Reducer<InlineTraffic<ShortKey>>(counts.short_words, ranks).write_sums(writer);
    Reducer<InlineTraffic<MediumKey>>(counts.medium_words, ranks).write_sums(writer);
    Reducer<LongTraffic>(counts.long_words, ranks).write_sums(writer);
    writer.finish();
    double const end = MPI_Wtime();
    if (options.phases && ranks.rank == 0)
        std::printf(
            "rank 0: map %.3f s, waiting for other ranks %.3f s, exchange and write %.3f s\n",
            mapped - start, waited - mapped, end - waited);
}

void run(Arguments const& arguments, Ranks ranks) {
    Options options;
    std::optional<InputFile> input;
    agree(ranks, [&] {
        options = parse_options(arguments);
        input.emplace(options.input);
        if (ranks.rank == 0) prepare_output_dir(options.output_dir);
    });
    count_words(options, *input, ranks);
}

}  // namespace

int main(int argc, char** argv) { return run_program(argc, argv, "word_count_mpi", run); }
