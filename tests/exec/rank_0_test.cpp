#include "serry/exec/rank_0.hpp"

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("rank 0 alone does it, and everyone has what came of it") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    std::uint64_t calls = 0;
    std::string const result = on_rank_0(comm, [&] {
        ++calls;
        return std::string("two words\n");
    });
    CHECK(result == "two words\n");
    CHECK(calls == (comm.rank() == 0));
    CHECK(on_rank_0(comm, [] { return std::string(); }).empty());
}

TEST_CASE("what it throws, everyone throws, as what it was") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    auto const throwing = [&](auto error) {
        return thrown([&] { on_rank_0(comm, [&]() -> std::string { throw error; }); });
    };
    CHECK(throwing(UsageError("text")) == "UsageError 2: text");
    CHECK(throwing(UsageError("text", ExitCode::divergence)) == "UsageError 64: text");
    CHECK(throwing(InputError("text")) == "InputError 65: text");
    CHECK(throwing(StorageError("text")) == "StorageError 74: text");
    CHECK(throwing(StorageError("text", ExitCode::does_not_fit)) == "StorageError 71: text");
    CHECK(throwing(std::out_of_range("text")) == "Error 66: std::out_of_range: text");
}
