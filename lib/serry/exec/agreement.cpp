#include "serry/exec/agreement.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"

namespace serry {
namespace {

using Words = std::array<std::uint64_t, 4>;

Words words_of(Announcement const& own) {
    return {static_cast<std::uint64_t>(own.kind), own.number, own.fingerprint, hash_key(own.what)};
}

std::string in_words(Announcement const& own) {
    std::string const after =
        fmt::format("after {} action{}", own.number, own.number == 1 ? "" : "s");
    switch (own.kind) {
        case Announcement::Kind::action:
            return fmt::format("is about to run action {}, {}", own.number + 1, own.what);
        case Announcement::Kind::returned:
            return "returned from the job " + after;
        case Announcement::Kind::threw:
            return fmt::format("left the job {} by an exception, {}", after, own.what);
        case Announcement::Kind::exited:
            return fmt::format("called exit() {}", after);
    }
    return "";
}

/// From `root` to everyone. Collective.
std::vector<std::uint64_t> broadcast_words(comm::Communicator const& comm,
                                           std::vector<std::uint64_t> const& words,
                                           int root) {
    std::string_view const bytes(reinterpret_cast<char const*>(words.data()),
                                 words.size() * sizeof words[0]);
    std::string const told = comm.broadcast(std::string(bytes), root);
    std::vector<std::uint64_t> result(told.size() / sizeof words[0]);
    std::copy(told.begin(), told.end(), reinterpret_cast<char*>(result.data()));
    return result;
}

std::string step_in_words(Announcement const& own, std::uint64_t index) {
    if (index >= own.steps.size()) return "";
    return own.steps[index].name + " (" + to_string(own.steps[index].at) + ')';
}

/// " Their lineages part where ...", or nothing when they are the same up to an action that was
/// named already. Collective.
std::string parting_in_words(comm::Communicator const& comm, Announcement const& own, int other) {
    std::vector<std::uint64_t> fingerprints;
    for (Lineage::Step const& step : own.steps) fingerprints.push_back(step.fingerprint);
    auto const of_0 = broadcast_words(comm, fingerprints, 0);
    auto const of_other = broadcast_words(comm, fingerprints, other);
    std::uint64_t at = 0;
    while (at < of_0.size() && at < of_other.size() && of_0[at] == of_other[at]) ++at;
    std::string const step_of_0 = comm.broadcast(step_in_words(own, at), 0);
    std::string const step_of_other = comm.broadcast(step_in_words(own, at), other);
    if (at + 1 >= of_0.size() && at + 1 >= of_other.size()) return "";
    if (step_of_0 == step_of_other)
        return fmt::format(" Their lineages part at {}: its arguments differ.", step_of_0);
    auto const recorded = [](std::string const& step) {
        return step.empty() ? "nothing more" : step;
    };
    return fmt::format(" Their lineages part where rank 0 recorded {} and rank {} recorded {}.",
                       recorded(step_of_0), other, recorded(step_of_other));
}

/// Who differs, and what the two are about to do. Collective; every rank knows that somebody
/// differs.
[[noreturn]] void throw_divergence(comm::Communicator const& comm, Announcement const& own) {
    Words const own_words = words_of(own);
    Words words_of_0 = own_words;
    comm.broadcast(std::span(reinterpret_cast<char*>(words_of_0.data()), sizeof words_of_0), 0);
    std::uint64_t const nobody = ~std::uint64_t{0};
    bool const differs = words_of_0 != own_words;
    auto const other = static_cast<int>(
        comm.all_reduce_min(differs ? static_cast<std::uint64_t>(comm.rank()) : nobody));
    std::string const of_0 = comm.broadcast(in_words(own), 0);
    std::string const of_other = comm.broadcast(in_words(own), other);
    std::string const parting = parting_in_words(comm, own, other);
    throw UsageError(
        fmt::format(
            "the ranks run different programs: rank 0 {}; rank {} {}.{} Every rank must record the "
            "same transformations and run the same actions in the same order: do not let the job "
            "depend on the rank, the host, the clock or random numbers of your own",
            of_0, other, of_other, parting),
        ExitCode::divergence);
}

}  // namespace

void agree(comm::Communicator const& comm, Announcement const& own) {
    Words const words = words_of(own);
    // The largest of each word and of its complement: equal ones are the complements of each other.
    std::array<std::uint64_t, 8> largest{};
    for (std::size_t i = 0; i < 4; ++i) {
        largest[i] = words[i];
        largest[i + 4] = ~words[i];
    }
    comm.all_reduce_max(largest);
    for (std::size_t i = 0; i < 4; ++i)
        if (largest[i] != ~largest[i + 4]) throw_divergence(comm, own);
}

}  // namespace serry
