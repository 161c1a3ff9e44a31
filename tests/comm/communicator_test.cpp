#include "serry/comm/communicator.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/mman.h>

#include "serry/base/error.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::comm;
using namespace serry::test;

namespace {

/// What MPI is made to pretend, by the standard's own way of stepping in between (PMPI).
struct Pretence {
    bool is_down = false;  ///< nobody has brought MPI up
    int thread_level = MPI_THREAD_FUNNELED;
    int inits = 0;
    int finalizes = 0;
    bool moves_nothing = false;  ///< MPI_Bcast only takes notes
    std::vector<std::pair<char const*, int>> broadcasts;
} pretence;

}  // namespace

int MPI_Initialized(int* flag) {
    if (!pretence.is_down) return PMPI_Initialized(flag);
    *flag = 0;
    return MPI_SUCCESS;
}
int MPI_Init_thread(int* argc, char*** argv, int wanted, int* provided) {
    if (!pretence.is_down) return PMPI_Init_thread(argc, argv, wanted, provided);
    ++pretence.inits;
    *provided = pretence.thread_level;
    return MPI_SUCCESS;
}
int MPI_Finalize() {
    if (!pretence.is_down) return PMPI_Finalize();
    ++pretence.finalizes;
    return MPI_SUCCESS;
}
int MPI_Bcast(void* buffer, int count, MPI_Datatype type, int root, MPI_Comm communicator) {
    if (!pretence.moves_nothing) return PMPI_Bcast(buffer, count, type, root, communicator);
    pretence.broadcasts.emplace_back(static_cast<char const*>(buffer), count);
    return MPI_SUCCESS;
}

namespace {

/// `byte_count` bytes that follow from `seed`.
std::string bytes_of(std::uint64_t seed, std::size_t byte_count) {
    std::mt19937_64 random(seed);
    std::string bytes(byte_count, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
}

std::uint64_t unsigned_of(int number) { return static_cast<std::uint64_t>(number); }

/// What rank `rank` has to say in the tests below: nothing on some.
std::string text_of(int rank) {
    return rank % 3 == 1 ? "" : bytes_of(unsigned_of(rank), unsigned_of(1000 * rank + 7));
}

template <typename Call>
std::string comm_error(Call call) {
    try {
        call();
    } catch (CommError const& error) {
        return error.what();
    }
    return "nothing thrown";
}

std::string mpi_text(int code) {
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_Error_string(code, text, &length);
    return {text, unsigned_of(length)};
}

}  // namespace

TEST_CASE("a communicator has the ranks of the one it was made from, and messages of its own") {
    Communicator const comm(MPI_COMM_WORLD);
    int rank = -1, rank_count = -1, relation = MPI_UNEQUAL;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &rank_count);
    MPI_Comm_compare(MPI_COMM_WORLD, comm.handle(), &relation);
    CHECK(comm.rank() == rank);
    CHECK(comm.rank_count() == rank_count);
    CHECK(relation == MPI_CONGRUENT);
}

TEST_CASE("communicators are given back: any number can be made, one after the other") {
    for (int i = 0; i < 200; ++i) Communicator const comm(MPI_COMM_SELF);
    Communicator const comm(MPI_COMM_WORLD);
    CHECK(comm.all_reduce_sum(1) == unsigned_of(comm.rank_count()));
}

TEST_CASE("nobody passes a barrier before all have come there") {
    Communicator const comm(MPI_COMM_WORLD);
    SharedTempDir const dir;
    for (int round = 0; round < 5; ++round) {
        write_file(dir / (std::to_string(round) + "-" + std::to_string(comm.rank())), "here");
        comm.barrier();
        for (int r = 0; r < comm.rank_count(); ++r)
            CHECK(std::filesystem::exists(dir / (std::to_string(round) + "-" + std::to_string(r))));
    }
}

TEST_CASE("bytes reach everyone from any root") {
    Communicator const comm(MPI_COMM_WORLD);
    for (int root = 0; root < comm.rank_count(); ++root)
        for (std::size_t byte_count : {0UL, 1UL, 5000UL, 300000UL}) {
            std::string const expected = bytes_of(unsigned_of(root) + byte_count, byte_count);
            std::string bytes = comm.rank() == root ? expected : std::string(byte_count, '?');
            comm.broadcast(std::span<char>(bytes), root);
            CHECK(bytes == expected);
        }
}

TEST_CASE("a text reaches everyone from any root, whatever the others had") {
    Communicator const comm(MPI_COMM_WORLD);
    for (int root = 0; root < comm.rank_count(); ++root) {
        CHECK(comm.broadcast(text_of(comm.rank()), root) == text_of(root));
        CHECK(comm.broadcast(std::string("a\0b", 3), root) == std::string("a\0b", 3));
        CHECK(comm.broadcast(comm.rank() == root ? "" : "something", root).empty());
    }
}

TEST_CASE("no broadcast is longer than MPI can count") {
    Communicator const comm(MPI_COMM_SELF);
    for (std::size_t byte_count : {largest_message_bytes, largest_message_bytes + 1,
                                   5 * largest_message_bytes, 2 * largest_message_bytes - 1}) {
        void* const memory = mmap(nullptr, byte_count, PROT_NONE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        REQUIRE(memory != MAP_FAILED);
        pretence.broadcasts.clear();
        pretence.moves_nothing = true;
        comm.broadcast(std::span<char>(static_cast<char*>(memory), byte_count), 0);
        pretence.moves_nothing = false;
        char const* next = static_cast<char const*>(memory);
        for (auto const& [begin, count] : pretence.broadcasts) {
            CHECK(begin == static_cast<void const*>(next));
            CHECK(count > 0);
            CHECK(static_cast<std::size_t>(count) <= largest_message_bytes);
            next += count;
        }
        CHECK(static_cast<std::size_t>(next - static_cast<char const*>(memory)) == byte_count);
        munmap(memory, byte_count);
    }
}

TEST_CASE("sums, minima and maxima are over all ranks, on every rank") {
    Communicator const comm(MPI_COMM_WORLD);
    std::uint64_t const rank = unsigned_of(comm.rank()), ranks = unsigned_of(comm.rank_count());
    CHECK(comm.all_reduce_sum(rank + 1) == ranks * (ranks + 1) / 2);
    CHECK(comm.all_reduce_sum(0) == 0);
    CHECK(comm.all_reduce_sum(std::uint64_t{1} << 60) == ranks << 60);
    CHECK(comm.all_reduce_min(1000 - rank) == 1000 - (ranks - 1));
    CHECK(comm.all_reduce_min(~std::uint64_t{0}) == ~std::uint64_t{0});
    std::vector<std::uint64_t> values{rank, 100 - rank, 7,
                                      rank == ranks / 2 ? ~std::uint64_t{0} : 0};
    comm.all_reduce_max(values);
    CHECK(values == std::vector<std::uint64_t>{ranks - 1, 100, 7, ~std::uint64_t{0}});
    comm.all_reduce_max({});
}

TEST_CASE("everyone's bytes come to every rank, in order of rank") {
    Communicator const comm(MPI_COMM_WORLD);
    auto const gathered = comm.all_gather(text_of(comm.rank()));
    std::string expected;
    std::vector<std::uint64_t> sizes;
    for (int r = 0; r < comm.rank_count(); ++r) {
        expected += text_of(r);
        sizes.push_back(text_of(r).size());
    }
    CHECK(gathered.bytes == expected);
    CHECK(gathered.bytes_of == sizes);
}

TEST_CASE("nothing gathered is nothing, from everyone") {
    Communicator const comm(MPI_COMM_WORLD);
    auto const gathered = comm.all_gather({});
    CHECK(gathered.bytes.empty());
    CHECK(gathered.bytes_of == std::vector<std::uint64_t>(unsigned_of(comm.rank_count()), 0));
}

TEST_CASE("everyone's number comes to every rank") {
    Communicator const comm(MPI_COMM_WORLD);
    std::uint64_t const largest = std::numeric_limits<std::uint64_t>::max();
    std::vector<std::uint64_t> expected;
    for (int r = 0; r < comm.rank_count(); ++r) expected.push_back(largest - unsigned_of(r));
    CHECK(comm.all_gather_number(largest - unsigned_of(comm.rank())) == expected);
}

TEST_CASE("everyone's bytes come to the root alone, in order of rank") {
    Communicator const comm(MPI_COMM_WORLD);
    for (int root = 0; root < comm.rank_count(); ++root) {
        auto const gathered = comm.gather(text_of(comm.rank()), root);
        std::vector<std::string> expected;
        if (comm.rank() == root)
            for (int r = 0; r < comm.rank_count(); ++r) expected.push_back(text_of(r));
        CHECK(gathered == expected);
    }
}

TEST_CASE("an error of MPI's is an exception, and the communicator can still be used") {
    Communicator const comm(MPI_COMM_WORLD);
    std::string bytes = "some";
    CHECK(comm_error([&] { comm.broadcast(std::span<char>(bytes), comm.rank_count()); })
          == "MPI_Bcast: " + mpi_text(MPI_ERR_ROOT));
    CHECK(comm_error([&] { comm.gather(bytes, -7); }) == "MPI_Gather: " + mpi_text(MPI_ERR_ROOT));
    CHECK(comm.all_reduce_sum(1) == unsigned_of(comm.rank_count()));
}

TEST_CASE("the node has a name") {
    Communicator const comm(MPI_COMM_WORLD);
    std::string const name = local_node_name();
    CHECK_FALSE(name.empty());
    CHECK(name.find('\0') == std::string::npos);
    // These tests run on one.
    CHECK(comm.broadcast(name, 0) == name);
}

TEST_CASE("who finds MPI up leaves it up") {
    int argc = 0;
    char** argv = nullptr;
    { Environment const environment(argc, argv); }
    int is_down = 1;
    MPI_Finalized(&is_down);
    CHECK_FALSE(is_down);
}

TEST_CASE("who brings MPI up brings it down") {
    int argc = 0;
    char** argv = nullptr;
    pretence = {};
    pretence.is_down = true;
    {
        Environment const environment(argc, argv);
        CHECK(pretence.inits == 1);
        CHECK(pretence.finalizes == 0);
    }
    CHECK(pretence.finalizes == 1);
    pretence = {};
}

TEST_CASE("an MPI that was built without threads is refused, and brought down again") {
    int argc = 0;
    char** argv = nullptr;
    pretence = {};
    pretence.is_down = true;
    pretence.thread_level = MPI_THREAD_SINGLE;
    CHECK(comm_error([&] { Environment const environment(argc, argv); })
          == "this MPI gives thread level " + std::to_string(MPI_THREAD_SINGLE)
                 + ", expected at least MPI_THREAD_FUNNELED; use an MPI built with threads");
    CHECK(pretence.inits == 1);
    CHECK(pretence.finalizes == 1);
    pretence = {};
}
