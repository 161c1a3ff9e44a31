#include "serry/exec/agreement.hpp"

#include <fmt/format.h>

#include <array>
#include <span>

#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"

namespace serry {
namespace {

std::string in_words(Announcement const& own) {
    switch (own.kind) {
        case Announcement::Kind::action:
            return fmt::format("is about to run action {}, {}, having recorded lineage {:016x}",
                               own.number + 1, own.what, own.fingerprint);
        case Announcement::Kind::returned:
            return fmt::format("returned from the job after {} actions, having recorded lineage {:016x}",
                               own.number, own.fingerprint);
        case Announcement::Kind::threw:
            return fmt::format("left the job after {} actions by an exception: {}", own.number, own.what);
        case Announcement::Kind::exited:
            return fmt::format("called exit() after {} actions", own.number);
    }
    return "";
}

/// Who differs, and what the two are about to do. Collective; every rank knows that somebody differs.
[[noreturn]] void throw_divergence(comm::Communicator const& comm,
                                   std::array<std::uint64_t, 4> const& own_words,
                                   Announcement const& own) {
    auto words_of_0 = own_words;
    comm.broadcast(std::span(reinterpret_cast<char*>(words_of_0.data()), sizeof words_of_0), 0);
    std::uint64_t const nobody = ~std::uint64_t{0};
    bool const differs = words_of_0 != own_words;
    std::uint64_t const other =
        comm.all_reduce_min(differs ? static_cast<std::uint64_t>(comm.rank()) : nobody);
    std::string const of_0 = comm.broadcast(in_words(own), 0);
    std::string const of_other = comm.broadcast(in_words(own), static_cast<int>(other));
    throw UsageError(
        fmt::format("the ranks run different programs: rank 0 {}; rank {} {}. Every rank must record the same "
                    "transformations and run the same actions in the same order: do not let the job depend "
                    "on the rank, the host, the clock or random numbers of your own",
                    of_0, other, of_other),
        ExitCode::divergence);
}

}  // namespace

void agree(comm::Communicator const& comm, Announcement const& own) {
    std::array<std::uint64_t, 4> const words{static_cast<std::uint64_t>(own.kind), own.number,
                                             own.fingerprint, hash_key(own.what)};
    // The largest of each word and of its complement: equal ones are the complements of each other.
    std::array<std::uint64_t, 8> largest{};
    for (std::size_t i = 0; i < 4; ++i) {
        largest[i] = words[i];
        largest[i + 4] = ~words[i];
    }
    comm.all_reduce_max(largest);
    for (std::size_t i = 0; i < 4; ++i)
        if (largest[i] != ~largest[i + 4]) throw_divergence(comm, words, own);
}

}  // namespace serry
