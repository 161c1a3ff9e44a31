// input_job CASE INPUT: a job whose input changes under its hands, or is more than fits. Makes
// INPUT.fired when it has changed it.
#include <filesystem>
#include <fstream>
#include <string>

#include <mpi.h>
#include <unistd.h>

#include "serry/serry.hpp"

namespace {

using serry::Context;

/// Counts the lines in 4 partitions; changes the file at the line "change me".
template <typename Change>
void changed_while_read(Context& context, std::string const& path, Change change) {
    auto const look = [path, change](std::string_view line) {
        if (line == "change me") {
            std::ofstream(path + ".fired") << 1;
            change(path);
        }
        return line.size();
    };
    serry::read_text(context, path, 4, {"job.cpp", 1})
        .map(look, {"job.cpp", 2})
        .count({"job.cpp", 3});
}

void append(std::string const& path) { std::ofstream(path, std::ios::app) << "more\n"; }
void shrink(std::string const& path) { std::filesystem::resize_file(path, 100); }
void replace(std::string const& path) {
    std::string const other = path + ".new" + std::to_string(getpid());
    std::filesystem::copy_file(path, other);
    std::filesystem::rename(other, path);
}

/// Between the first action, which lists the input, and the second.
void remove_between(Context& context, std::string const& path) {
    auto const lines = serry::read_text(context, path, 4, {"job.cpp", 1});
    lines.take(1, {"job.cpp", 2});
    MPI_Barrier(MPI_COMM_WORLD);
    if (context.session().comm().rank() == 0) {
        std::filesystem::remove(path);
        std::ofstream(path + ".fired") << 1;
    }
    MPI_Barrier(MPI_COMM_WORLD);
    lines.count({"job.cpp", 3});
}

void collect_all(Context& context, std::string const& path) {
    serry::read_text(context, path, 4, {"job.cpp", 1}).collect({"job.cpp", 2});
}

/// Prints the longest line's length, and how many there are.
void measure(Context& context, std::string const& path) {
    auto const lengths = serry::read_text(context, path, 4).map([](std::string_view line) {
        return static_cast<std::int64_t>(line.size());
    });
    auto const longest = lengths.reduce(serry::maximum);
    context.print(std::to_string(longest.value_or(-1)) + ' ' + std::to_string(lengths.count())
                  + '\n');
}

void run_case(Context& context) {
    std::string const name = context.argument(0);
    std::string const path = context.argument(1);
    if (name == "append") changed_while_read(context, path, append);
    if (name == "shrink") changed_while_read(context, path, shrink);
    if (name == "replace") changed_while_read(context, path, replace);
    if (name == "remove") remove_between(context, path);
    if (name == "collect") collect_all(context, path);
    if (name == "measure") measure(context, path);
}

}  // namespace

int main(int argc, char** argv) {
    return serry::run(argc, argv, run_case, {.arguments = "CASE INPUT"});
}
