#include "serry/comm/communicator.hpp"

#include <algorithm>

#include "serry/base/error.hpp"
#include "serry/comm/mpi_error.hpp"

namespace serry::comm {
namespace {

int as_int(std::size_t count) { return static_cast<int>(count); }

}  // namespace

Environment::Environment(int& argc, char**& argv) {
    int is_up = 0;
    check("MPI_Initialized", MPI_Initialized(&is_up));
    if (is_up) return;
    int provided = MPI_THREAD_SINGLE;
    check("MPI_Init_thread", MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided));
    owner_ = true;
    if (provided >= MPI_THREAD_FUNNELED) return;
    MPI_Finalize();
    throw CommError("this MPI gives thread level " + std::to_string(provided)
                    + ", expected at least MPI_THREAD_FUNNELED; use an MPI built with threads");
}

Environment::~Environment() {
    int is_down = 0;
    MPI_Finalized(&is_down);
    if (owner_ && !is_down) MPI_Finalize();
}

Communicator::Communicator(MPI_Comm original) {
    check("MPI_Comm_dup", MPI_Comm_dup(original, &handle_));
    MPI_Comm_set_errhandler(handle_, MPI_ERRORS_RETURN);
    check("MPI_Comm_rank", MPI_Comm_rank(handle_, &rank_));
    check("MPI_Comm_size", MPI_Comm_size(handle_, &rank_count_));
}

Communicator::~Communicator() {
    int is_down = 0;
    MPI_Finalized(&is_down);
    if (!is_down && handle_ != MPI_COMM_NULL) MPI_Comm_free(&handle_);
}

void Communicator::barrier() const {
    wait_in("MPI_Barrier", [&] { return MPI_Barrier(handle_); });
}

void Communicator::broadcast(std::span<char> bytes, int root) const {
    for (std::size_t at = 0; at < bytes.size(); at += largest_message_bytes) {
        std::size_t const count = std::min(largest_message_bytes, bytes.size() - at);
        wait_in("MPI_Bcast", [&] {
            return MPI_Bcast(bytes.data() + at, as_int(count), MPI_BYTE, root, handle_);
        });
    }
}

std::string Communicator::broadcast(std::string const& text, int root) const {
    std::uint64_t size = text.size();
    wait_in("MPI_Bcast", [&] { return MPI_Bcast(&size, 1, MPI_UINT64_T, root, handle_); });
    std::string result = rank_ == root ? text : std::string(size, '\0');
    broadcast(std::span<char>(result), root);
    return result;
}

std::uint64_t Communicator::all_reduce_sum(std::uint64_t value) const {
    wait_in("MPI_Allreduce",
            [&] { return MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_UINT64_T, MPI_SUM, handle_); });
    return value;
}

std::uint64_t Communicator::all_reduce_min(std::uint64_t value) const {
    wait_in("MPI_Allreduce",
            [&] { return MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_UINT64_T, MPI_MIN, handle_); });
    return value;
}

void Communicator::all_reduce_max(std::span<std::uint64_t> values) const {
    wait_in("MPI_Allreduce", [&] {
        return MPI_Allreduce(MPI_IN_PLACE, values.data(), as_int(values.size()), MPI_UINT64_T,
                             MPI_MAX, handle_);
    });
}

void Communicator::all_reduce_sum(std::span<std::uint64_t> values) const {
    wait_in("MPI_Allreduce", [&] {
        return MPI_Allreduce(MPI_IN_PLACE, values.data(), as_int(values.size()), MPI_UINT64_T,
                             MPI_SUM, handle_);
    });
}

Communicator::Gathered Communicator::all_gather(std::string_view bytes) const {
    Gathered result;
    auto const ranks = static_cast<std::size_t>(rank_count_);
    std::uint64_t const own = bytes.size();
    result.bytes_of = all_gather_number(own);
    std::uint64_t total = 0;
    for (std::uint64_t size : result.bytes_of) total += size;
    result.bytes.resize(total);
    if (total <= largest_message_bytes) {
        std::vector<int> counts(ranks), starts(ranks);
        for (std::size_t r = 0, at = 0; r < ranks; at += result.bytes_of[r++]) {
            counts[r] = as_int(result.bytes_of[r]);
            starts[r] = as_int(at);
        }
        wait_in("MPI_Allgatherv", [&] {
            return MPI_Allgatherv(bytes.data(), as_int(own), MPI_BYTE, result.bytes.data(),
                                  counts.data(), starts.data(), MPI_BYTE, handle_);
        });
        return result;
    }
    std::size_t at = 0;
    for (int root = 0; root < rank_count_; ++root) {
        std::size_t const size = result.bytes_of[static_cast<std::size_t>(root)];
        if (root == rank_)
            std::copy(bytes.begin(), bytes.end(),
                      result.bytes.begin() + static_cast<std::ptrdiff_t>(at));
        broadcast(std::span<char>(result.bytes.data() + at, size), root);
        at += size;
    }
    return result;
}

std::vector<std::uint64_t> Communicator::all_gather_number(std::uint64_t number) const {
    std::vector<std::uint64_t> numbers(static_cast<std::size_t>(rank_count_));
    wait_in("MPI_Allgather", [&] {
        return MPI_Allgather(&number, 1, MPI_UINT64_T, numbers.data(), 1, MPI_UINT64_T, handle_);
    });
    return numbers;
}

std::vector<std::string> Communicator::gather(std::string_view bytes, int root) const {
    auto const ranks = static_cast<std::size_t>(rank_count_);
    std::vector<int> counts(ranks), starts(ranks);
    int const own = as_int(bytes.size());
    wait_in("MPI_Gather",
            [&] { return MPI_Gather(&own, 1, MPI_INT, counts.data(), 1, MPI_INT, root, handle_); });
    std::string all;
    if (rank_ == root) {
        std::size_t total = 0;
        for (std::size_t r = 0; r < ranks; total += static_cast<std::size_t>(counts[r++]))
            starts[r] = as_int(total);
        all.resize(total);
    }
    wait_in("MPI_Gatherv", [&] {
        return MPI_Gatherv(bytes.data(), own, MPI_BYTE, all.data(), counts.data(), starts.data(),
                           MPI_BYTE, root, handle_);
    });
    std::vector<std::string> result;
    if (rank_ == root)
        for (std::size_t r = 0; r < ranks; ++r)
            result.emplace_back(all, static_cast<std::size_t>(starts[r]),
                                static_cast<std::size_t>(counts[r]));
    return result;
}

std::string local_node_name() {
    char name[MPI_MAX_PROCESSOR_NAME] = "";
    int length = 0;
    MPI_Get_processor_name(name, &length);
    return {name, static_cast<std::size_t>(length)};
}

}  // namespace serry::comm
