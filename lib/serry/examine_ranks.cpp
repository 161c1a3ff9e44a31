#include "serry/examine_ranks.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

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

/// Collective. Whether this rank sees what rank 0 writes to the folder for checkpoints.
std::vector<Finding> look_at_sharing(comm::Communicator const& comm, std::string const& folder) {
    std::string const name =
        comm.broadcast(fmt::format("{}/.serry-doctor-{}", folder, getpid()), 0);
    if (comm.rank() == 0) std::ofstream(name) << "seen";
    comm.barrier();
    // A network file system may show a new file late.
    constexpr double patience_seconds = 3;
    std::error_code error;
    double const start = now_seconds();
    while (!fs::exists(name, error) && now_seconds() - start < patience_seconds) usleep(20'000);
    bool const is_seen = fs::exists(name, error);
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

std::vector<Examination> examine_world(DoctorOptions& options) {
    comm::Communicator const comm(MPI_COMM_WORLD);
    options.ranks_on_node = comm::Nodes(comm).local_rank_count();
    Examination own{static_cast<std::uint64_t>(comm.rank()),
                    comm::local_node_name(),
                    {look_at_ranks(comm.rank_count())}};
    comm.barrier();  // so that all measure at the same time
    for (Finding& one : examine_node(options)) own.findings.push_back(std::move(one));
    if (!options.checkpoint.empty())
        for (Finding& one : look_at_sharing(comm, options.checkpoint))
            own.findings.push_back(std::move(one));
    return gathered(comm, own);
}

}  // namespace

std::vector<Examination> examine_ranks(DoctorOptions options) {
    if (!has_launcher()) return {{0, host_name(), examine_node(options)}};
    MPI_Init(nullptr, nullptr);
    std::vector<Examination> ranks = examine_world(options);
    MPI_Finalize();
    return ranks;
}

}  // namespace serry
