// hang_job CASE FOLDER: jobs of which nothing comes any more, or that crash. FOLDER/fired is made
// by the rank that is about to, and holds its process id.
#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <mpi.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serry/serry.hpp"

namespace {

using serry::Context;

/// Whether this is the first to come here in all attempts of the job.
bool is_first(std::string const& folder) {
    int const file = open((folder + "/fired").c_str(), O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file < 0) return false;
    std::string const id = std::to_string(getpid());
    bool const is_told = write(file, id.data(), id.size()) == static_cast<ssize_t>(id.size());
    close(file);
    return is_told;
}

void loop() {
    for (bool volatile goes_on = true; goes_on;) continue;
}
void stop() { raise(SIGSTOP); }
void crash() { raise(SIGSEGV); }
void read_what_never_comes(std::string const& folder) {
    std::string const pipe = folder + "/pipe";
    mkfifo(pipe.c_str(), 0666);
    char c = 0;
    int const file = open(pipe.c_str(), O_RDWR);
    if (read(file, &c, 1) == 1) c = 1;
}

void go_wrong(std::string const& name, std::string const& folder) {
    if (name == "crash always") crash();
    if (!is_first(folder)) return;
    if (name == "loop") loop();
    if (name == "stop") stop();
    if (name == "read") read_what_never_comes(folder);
    if (name == "crash once") crash();
}

/// A second for each number, with an exchange before: what is slow is no hang.
void count_slowly(Context& context) {
    auto const slow = [](std::int64_t n) {
        for (int i = 0; i < 10; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            serry::beat();
        }
        return n;
    };
    context.print(std::to_string(serry::iota(context, 4, 4).map(slow).count()) + '\n');
}

void leave_out_a_call(Context& context) {
    context.mpi_stage([](MPI_Comm comm) {
        int rank = 0;
        MPI_Comm_rank(comm, &rank);
        serry::Waiting const waiting(rank == 0 ? "MPI_Barrier of its own" : "MPI_Recv of its own");
        if (rank == 0) MPI_Barrier(comm);
        if (rank != 0) MPI_Recv(&rank, 1, MPI_INT, 0, 7, comm, MPI_STATUS_IGNORE);
    });
}

void hang(Context& context) {
    std::string const name = context.argument(0), folder = context.argument(1);
    if (name == "slow") return count_slowly(context);
    if (name == "leave out a call") return leave_out_a_call(context);
    auto const sums = serry::iota(context, 1000, 8)
                          .key_by([](std::int64_t n) { return n % 10; })
                          .reduce_by_key(std::plus{});
    context.print(std::to_string(sums.values().sum()) + '\n');
    auto const wrong = [name, folder](auto const& pair) {
        if (pair.key == 7) go_wrong(name, folder);
        // Time enough to be told to leave.
        if (name == "wait") {
            if (is_first(folder))
                for (int i = 0; i < 300 && !std::ifstream(folder + "/told"); ++i)
                    std::this_thread::sleep_for(std::chrono::milliseconds(100));
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return pair.value;
    };
    context.print(std::to_string(sums.map(wrong).sum()) + '\n');
}

}  // namespace

int main(int argc, char** argv) {
    return serry::run(argc, argv, hang, {.arguments = "CASE FOLDER"});
}
