#include "serry/examine_ranks.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include "serry/base/clock.hpp"
#include "serry/comm/communicator.hpp"
#include "serry/comm/node_bytes.hpp"
#include "serry/serde/codec.hpp"

namespace serry {
namespace {

namespace fs = std::filesystem;
using State = Finding::State;

bool has_launcher() {
    for (char const* const name :
         {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "SLURM_STEP_ID"})
        if (std::getenv(name)) return true;
    return false;
}

/// As comm::local_node_name(), without MPI.
std::string host_name() {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return name;
}

int number_in(char const* name) {
    char const* const text = std::getenv(name);
    return text ? std::atoi(text) : 0;
}

/// Ranks that do not find each other each believe that they are the only one.
Finding look_at_ranks(int rank_count) {
    int const expected = number_in("OMPI_COMM_WORLD_SIZE") ? number_in("OMPI_COMM_WORLD_SIZE")
                                                           : number_in("SLURM_STEP_NUM_TASKS");
    Finding finding{State::good, "ranks", fmt::format("{} in MPI's world", rank_count), {}, {}, 0};
    if (expected == 0 || expected == rank_count) return finding;
    finding.state = State::bad;
    finding.expected = fmt::format("{}, as the launcher started", expected);
    finding.remedy = "srun --mpi=pmix, with the PMIx that this MPI was built with, or mpirun";
    return finding;
}

void append(std::vector<Finding>& all, std::vector<Finding> more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

/// Collective. Whether this rank sees what rank 0 writes to the folder for checkpoints.
std::vector<Finding> look_at_sharing(comm::Communicator const& comm, std::string const& folder) {
    std::string const name =
        comm.broadcast(fmt::format("{}/.serry-doctor-{}", folder, getpid()), 0);
    if (comm.rank() == 0) std::ofstream(name) << "seen";
    comm.barrier();
    constexpr double patience_seconds = 3;
    std::error_code error;
    bool const is_seen = is_true_within(patience_seconds, [&] { return fs::exists(name, error); });
    comm.barrier();
    if (comm.rank() == 0) fs::remove(name, error);
    if (is_seen) return {};
    return {{State::bad, "shared folder", folder + " does not hold what rank 0 wrote there",
             "a file system that all nodes share", "give a folder on one as --checkpoint", 0}};
}

std::vector<Examination> gathered(comm::Communicator const& comm, Examination const& own) {
    ByteWriter bytes;
    encode(own, bytes);
    std::vector<Examination> ranks;
    for (std::string const& of_rank : comm.gather(bytes.view(), 0)) {
        ByteReader reader(of_rank);
        ranks.push_back(decode<Examination>(reader));
    }
    return ranks;
}

/// Collective.
std::vector<Examination> examine_world(DoctorOptions options) {
    comm::Communicator const comm(MPI_COMM_WORLD);
    comm::Nodes const nodes(comm);
    options.ranks_on_node = nodes.local_rank_count();
    Examination own{static_cast<std::uint64_t>(comm.rank()),
                    comm::local_node_name(),
                    {look_at_ranks(comm.rank_count())}};
    if (nodes.local_rank() == 0) append(own.findings, examine_node(options));
    comm.barrier();  // so that all measure at the same time
    append(own.findings, examine_process(options));
    if (!options.checkpoint.empty())
        append(own.findings, look_at_sharing(comm, options.checkpoint));
    return gathered(comm, own);
}

std::vector<Examination> examine_alone(DoctorOptions const& options) {
    Examination own{0, host_name(), examine_node(options)};
    append(own.findings, examine_process(options));
    return {own};
}

}  // namespace

std::vector<Examination> examine_ranks(DoctorOptions const& options) {
    if (!has_launcher()) return examine_alone(options);
    MPI_Init(nullptr, nullptr);
    std::vector<Examination> ranks = examine_world(options);
    MPI_Finalize();
    return ranks;
}

}  // namespace serry
