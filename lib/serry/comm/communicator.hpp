#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mpi.h>

namespace serry::comm {

/// Most bytes that one MPI call is given: MPI-3.1 counts in int, and Open MPI 4.1's large
/// collectives break before that.
inline constexpr std::size_t largest_message_bytes = std::size_t{1} << 30;

/// Brings MPI up, unless somebody did, with MPI_THREAD_FUNNELED; brings it down again only if it
/// brought it up.
class Environment {
public:
    Environment(int& argc, char**& argv);
    ~Environment();
    Environment(Environment const&) = delete;
    Environment& operator=(Environment const&) = delete;

private:
    bool owner_ = false;
};

/// A duplicate of a communicator of MPI's, owned. Errors of MPI come back as CommError. Every
/// function is collective unless its name says local; every argument that is not data must agree
/// over the ranks.
class Communicator {
public:
    explicit Communicator(MPI_Comm original);
    ~Communicator();
    Communicator(Communicator const&) = delete;
    Communicator& operator=(Communicator const&) = delete;

    int rank() const { return rank_; }
    int rank_count() const { return rank_count_; }
    MPI_Comm handle() const { return handle_; }

    void barrier() const;

    /// From `root` to everyone; `bytes` has the same size everywhere.
    void broadcast(std::span<char> bytes, int root) const;
    /// From `root` to everyone, whatever its length.
    std::string broadcast(std::string const& text, int root) const;

    std::uint64_t all_reduce_sum(std::uint64_t value) const;
    std::uint64_t all_reduce_min(std::uint64_t value) const;
    void all_reduce_max(std::span<std::uint64_t> values) const;
    void all_reduce_sum(std::span<std::uint64_t> values) const;

    /// Everyone's bytes in order of rank, on every rank, in calls of at most largest_message_bytes.
    struct Gathered {
        std::string bytes;
        std::vector<std::uint64_t> bytes_of;  ///< by rank
    };
    Gathered all_gather(std::string_view bytes) const;

    /// Everyone's number, by rank.
    std::vector<std::uint64_t> all_gather_number(std::uint64_t number) const;

    /// Everyone's bytes, on `root` alone; elsewhere nothing.
    std::vector<std::string> gather(std::string_view bytes, int root) const;

private:
    MPI_Comm handle_ = MPI_COMM_NULL;
    int rank_ = 0;
    int rank_count_ = 1;
};

/// Name of the node, as MPI gives it.
std::string local_node_name();

}  // namespace serry::comm
