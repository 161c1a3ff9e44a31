// law1_job CASE RANK: a job in which one rank leaves the way of the others.
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <mpi.h>

#include "serry/serry.hpp"

namespace {

using Numbers = serry::Dataset<std::int64_t>;

bool is_odd(std::int64_t number) { return number % 2 != 0; }
std::int64_t next(std::int64_t number) { return number + 1; }

int rank() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

/// The lines are those that the messages name.
void run_case(serry::Context& context, std::string const& name, bool differs) {
    Numbers numbers = serry::iota(context, 100, 4, {"job.cpp", 1});
    if (name == "lineage") {
        if (differs)
            numbers = numbers.filter(is_odd, {"job.cpp", 3});
        else
            numbers = numbers.map(next, {"job.cpp", 2});
    }
    if (name == "more steps" && differs) numbers = numbers.map(next, {"job.cpp", 2});
    if (name == "data")
        numbers = serry::parallelize(context, std::vector<std::int64_t>{1, 2, differs ? 4 : 3}, 2,
                                     {"job.cpp", 2});
    if (name == "partitions") numbers = serry::iota(context, 100, differs ? 3 : 4, {"job.cpp", 2});
    numbers.count({"job.cpp", 4});
    if (name == "return" && differs) return;
    if (name == "throw" && differs) throw std::runtime_error("on my own");
    if (name == "exit 0" && differs) std::exit(0);
    if (name == "exit 3" && differs) std::exit(3);
    if (name == "all exit") std::exit(0);
    if (!(name == "skip" && differs)) numbers.collect({"job.cpp", 6});
    numbers.reduce(std::plus{}, {"job.cpp", 7});
    if (name == "return at the end" && differs) return;
    if (name == "exit at the end" && differs) std::exit(0);
    if (name == "one action more" && differs) numbers.count({"job.cpp", 8});
    if (name == "other errors") throw std::runtime_error("seen by rank " + std::to_string(rank()));
}

/// A job that will not be told: it goes on after what the others have left.
void run_swallowing(serry::Context& context, bool differs) {
    auto const numbers = serry::iota(context, 100, 4, {"job.cpp", 1});
    if (differs) return;
    for (std::uint32_t line = 2; line < 5; ++line) {
        try {
            numbers.count({"job.cpp", line});
        } catch (...) {
        }
    }
}

void law1(serry::Context& context) {
    bool const differs = rank() == std::stoi(context.argument(1));
    if (context.argument(0) == "swallow")
        run_swallowing(context, differs);
    else
        run_case(context, context.argument(0), differs);
}

}  // namespace

int main(int argc, char** argv) { return serry::run(argc, argv, law1, {.arguments = "CASE RANK"}); }
