// user_code_job CASE FOLDER: functions of the user's that go wrong, in a job that writes
// FOLDER/out. Before a fault happens, FOLDER/fired is made: a test of a fault that did not happen
// has shown nothing.
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <new>
#include <stdexcept>
#include <string>

#include <mpi.h>
#include <unistd.h>

#include "serry/serry.hpp"

namespace {

using serry::Context;
using serry::Dataset;
using Count = serry::KeyValue<std::int64_t, std::int64_t>;

std::string folder;

void say_fired() { std::ofstream(folder + "/fired") << getpid(); }

int rank() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

constexpr std::int64_t number_count = 20'000;
constexpr std::int64_t last_number = number_count - 1;

Dataset<std::int64_t> numbers(Context& context) {
    return serry::iota(context, number_count, 8, {"job.cpp", 1});
}

/// Does `act` when it sees `number`, in a stage that counts by key and one that writes the counts.
template <typename Act>
void at_number(Context& context, std::int64_t number, Act act) {
    auto const checked = [number, act](std::int64_t n) {
        if (n == number) {
            say_fired();
            act();
        }
        return n;
    };
    numbers(context)
        .map(checked, {"job.cpp", 2})
        .map([](std::int64_t n) { return Count(n % 100, 1); }, {"job.cpp", 3})
        .reduce_by_key(std::plus{}, 8, {"job.cpp", 4})
        .write_text(folder + "/out", {"job.cpp", 5});
}

/// Does `act` when a sum of `sum` is made; every key ends at 200.
template <typename Act>
void at_sum(Context& context, std::int64_t sum, Act act) {
    auto const add = [sum, act](std::int64_t left, std::int64_t right) {
        if (left + right == sum) {
            say_fired();
            act();
        }
        return left + right;
    };
    numbers(context)
        .map([](std::int64_t n) { return Count(n % 100, 1); }, {"job.cpp", 3})
        .reduce_by_key(serry::exact(add), 8, {"job.cpp", 4})
        .write_text(folder + "/out", {"job.cpp", 5});
}

void throw_error() { throw std::runtime_error("bad luck"); }

/// In the second stage, while part files are being written.
template <typename Act>
void while_writing(Context& context, Act act) {
    auto const checked = [act](Count const& count) {
        if (count.key == 77) {
            say_fired();
            act();
        }
        return count;
    };
    numbers(context)
        .map([](std::int64_t n) { return Count(n, 1); }, {"job.cpp", 3})
        .reduce_by_key(std::plus{}, 8, {"job.cpp", 4})
        .map(checked, {"job.cpp", 6})
        .write_text(folder + "/out", {"job.cpp", 5});
}

void throw_everywhere(Context& context) {
    numbers(context)
        .map(
            [](std::int64_t n) {
                say_fired();
                throw_error();
                return n;
            },
            {"job.cpp", 2})
        .write_text(folder + "/out", {"job.cpp", 5});
}

void throw_in_foreach(Context& context) {
    numbers(context).foreach (
        [](std::int64_t n) {
            if (n == 2500) {
                say_fired();
                throw_error();
            }
        },
        {"job.cpp", 7});
}

void throw_in_last_fold(Context& context) {
    auto const add = [](std::int64_t left, std::int64_t right) {
        if (left + right == last_number * number_count / 2) {
            say_fired();
            throw_error();
        }
        return left + right;
    };
    numbers(context).reduce(add, {"job.cpp", 7});
}

/// A function that catches all that comes through emit, and so hides what is thrown below it.
struct Swallow {
    using record_type = std::int64_t;
    template <typename Emit>
    void operator()(std::int64_t n, Emit&& emit) const {
        try {
            emit(n);
        } catch (...) {
        }
    }
};

void swallow_own(Context& context) {
    numbers(context)
        .flat_map(Swallow(), {"job.cpp", 2})
        .map(
            [](std::int64_t n) {
                if (n == 3000) {
                    say_fired();
                    throw_error();
                }
                return n;
            },
            {"job.cpp", 3})
        .write_text(folder + "/out", {"job.cpp", 5});
}

/// What the others tell a rank comes through its emit, too.
void swallow_others(Context& context) {
    auto const throw_on_rank_0 = [](std::int64_t n) {
        if (n == 0) {
            say_fired();
            throw_error();
        }
        return Count(n, n);
    };
    numbers(context)
        .flat_map(Swallow(), {"job.cpp", 2})
        .map(throw_on_rank_0, {"job.cpp", 3})
        .reduce_by_key(std::plus{}, 8, {"job.cpp", 4})
        .write_text(folder + "/out", {"job.cpp", 5});
}

void go_on(Context& context) {
    std::string caught;
    try {
        at_number(context, 11, throw_error);
    } catch (serry::StageError const& error) {
        caught = error.what();
    }
    numbers(context).map([](std::int64_t n) { return 2 * n; }).write_text(folder + "/out");
    context.print(caught + '\n');
}

void throw_outside(Context& context) {
    numbers(context).count();
    say_fired();
    throw_error();
}

void break_mpi(Context& context) {
    numbers(context).count();
    if (rank() != 1) numbers(context).count();
    say_fired();
    throw serry::CommError("MPI_Bcast: no such luck");
}

void run_case(Context& context) {
    folder = context.argument(1);
    auto const exit_0 = [] { std::exit(0); };
    auto const exit_3 = [] { std::exit(3); };
    auto const kill = [] { std::raise(SIGKILL); };
    auto const terminate = [] { std::raise(SIGTERM); };
    std::map<std::string, std::function<void()>> const cases = {
        {"first record", [&] { at_number(context, 0, throw_error); }},
        {"middle record", [&] { at_number(context, 12'345, throw_error); }},
        {"last record", [&] { at_number(context, last_number, throw_error); }},
        {"everywhere", [&] { throw_everywhere(context); }},
        {"int", [&] { at_number(context, 5000, [] { throw 42; }); }},
        {"no memory", [&] { at_number(context, 5000, [] { throw std::bad_alloc(); }); }},
        {"own error",
         [&] { at_number(context, 5000, [] { throw serry::InputError("line 7 is no date"); }); }},
        {"empty error", [&] { at_number(context, 5000, [] { throw std::runtime_error(""); }); }},
        {"sender's combiner", [&] { at_sum(context, 2, throw_error); }},
        {"merging combiner", [&] { at_sum(context, 200, throw_error); }},
        {"while writing", [&] { while_writing(context, throw_error); }},
        {"foreach", [&] { throw_in_foreach(context); }},
        {"last fold", [&] { throw_in_last_fold(context); }},
        {"swallow own", [&] { swallow_own(context); }},
        {"swallow others", [&] { swallow_others(context); }},
        {"go on", [&] { go_on(context); }},
        {"outside", [&] { throw_outside(context); }},
        {"mpi", [&] { break_mpi(context); }},
        {"exit 0 in a task", [&] { at_number(context, 12'345, exit_0); }},
        {"exit 3 in a task", [&] { at_number(context, 12'345, exit_3); }},
        {"exit in the merge", [&] { at_sum(context, 200, exit_0); }},
        {"kill", [&] { at_number(context, 12'345, kill); }},
        {"terminate", [&] { at_number(context, 12'345, terminate); }},
        {"kill while writing", [&] { while_writing(context, kill); }},
    };
    cases.at(context.argument(0))();
}

}  // namespace

int main(int argc, char** argv) {
    return serry::run(argc, argv, run_case, {.arguments = "CASE FOLDER"});
}
