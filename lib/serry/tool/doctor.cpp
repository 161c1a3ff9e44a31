#include "serry/tool/doctor.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <hdf5.h>
#include <ifaddrs.h>
#include <mpi.h>
#include <net/if.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "serry/base/clock.hpp"
#include "serry/base/error.hpp"
#include "serry/base/memory_limit.hpp"
#include "serry/base/units.hpp"
#include "serry/tool/shell_output.hpp"

namespace serry {
namespace {

namespace fs = std::filesystem;
using State = Finding::State;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

Finding good(std::string subject, std::string seen) {
    return {State::good, std::move(subject), std::move(seen), {}, {}, 0};
}
Finding warning(std::string subject, std::string seen, std::string expected, std::string remedy) {
    return {State::warning,      std::move(subject), std::move(seen),
            std::move(expected), std::move(remedy),  0};
}
Finding bad(std::string subject, std::string seen, std::string expected, std::string remedy) {
    return {State::bad,          std::move(subject), std::move(seen),
            std::move(expected), std::move(remedy),  0};
}

std::string first_line_of(fs::path const& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

/// The first number with a dot in it: of "mpirun (Open MPI) 4.1.4" 4.1.4.
std::string version_in(std::string_view text) {
    auto const is_part = [](char c) {
        return std::isdigit(static_cast<unsigned char>(c)) || c == '.';
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!std::isdigit(static_cast<unsigned char>(text[at]))) continue;
        std::size_t end = at;
        while (end < text.size() && is_part(text[end])) ++end;
        std::string_view const word = text.substr(at, end - at);
        if (word.find('.') != std::string_view::npos) return std::string(word);
        at = end;
    }
    return "";
}

Finding look_at_mpi() {
    std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
    int size = 0;
    MPI_Get_library_version(text.data(), &size);
    std::string const library = version_in(text.data());
    std::string const launcher = version_in(shell_output("mpirun --version 2>&1").text);
    std::string const seen =
        fmt::format("library {}, mpirun {}", library, launcher.empty() ? "not found" : launcher);
    if (launcher.empty())
        return warning("mpi", seen, "an mpirun on the PATH, or srun as the launcher",
                       "load the module of the MPI that serry was built with");
    if (launcher != library)
        return bad(
            "mpi", seen, "one version: ranks of another one start as jobs of one rank",
            "load the module of the MPI that serry was built with, or build it with this one");
    return good("mpi", seen);
}

Finding look_at_launcher() {
    if (!std::getenv("SLURM_JOB_ID"))
        return good("launcher", "no Slurm job; mpirun starts ranks here");
    std::string const kinds = shell_output("srun --mpi=list 2>&1").text;
    if (kinds.find("pmix") == std::string::npos)
        return warning("launcher", "a Slurm job; srun knows no pmix",
                       "srun --mpi=pmix, which Open MPI needs",
                       "start jobs by mpirun, as slurm/job.sbatch can");
    return good("launcher", "a Slurm job; srun --mpi=pmix and mpirun start ranks here");
}

Finding look_at_cores(DoctorOptions const& options) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    int const own = CPU_COUNT(&allowed);
    auto const all = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
    int const ranks = options.ranks_on_node;
    std::string const seen = fmt::format("{} ranks on {} cores, this one on {}", ranks, all, own);
    if (ranks > all)
        return warning("cores", seen, "no more ranks than cores",
                       "start fewer ranks on a node; to try something out, set "
                       "OMPI_MCA_mpi_yield_when_idle=1");
    if (ranks > 1 && own == all)
        return warning("cores", seen, "each rank bound to a core of its own",
                       "mpirun --bind-to core, or srun --cpu-bind=cores");
    return good("cores", seen);
}

Finding look_at_memory(DoctorOptions const& options) {
    std::uint64_t const bytes = default_memory_bytes(options.ranks_on_node, options.root);
    std::string const seen = fmt::format("{} a rank", format_bytes(bytes));
    if (bytes < 256 * mib)
        return warning("memory", seen, "256 MiB a rank or more",
                       "ask for more (sbatch --mem), or start fewer ranks on a node");
    return good("memory", seen);
}

std::string kind_of_file_system(fs::path const& folder) {
    struct statfs found {};
    if (statfs(folder.c_str(), &found) != 0) return "";
    switch (static_cast<std::uint64_t>(found.f_type)) {
        case 0x01021994:
            return "tmpfs";
        case 0x6969:
            return "nfs";
        case 0x0BD00BD0:
            return "lustre";
        case 0x47504653:
            return "gpfs";
        case 0x19830326:
            return "beegfs";
        case 0x00C36400:
            return "ceph";
        default:
            return "local";
    }
}

std::uint64_t free_bytes(fs::path const& folder) {
    std::error_code error;
    fs::space_info const space = fs::space(folder, error);
    return error ? 0 : space.available;
}

Finding look_at_shared_memory(DoctorOptions const& options) {
    fs::path const folder = options.root / "dev/shm";
    // Of each rank the exchange's window and Open MPI's own segments.
    std::uint64_t const wanted = 16 * mib * static_cast<std::uint64_t>(options.ranks_on_node);
    std::uint64_t const free = free_bytes(folder);
    std::string const seen = fmt::format("/dev/shm has {} free", format_bytes(free));
    if (free < wanted)
        return bad(
            "shared memory", seen,
            fmt::format("{} for so many ranks: else they end with SIGBUS", format_bytes(wanted)),
            "remove what dead jobs left there, or have it made larger");
    return good("shared memory", seen);
}

Finding look_at_single_copy(DoctorOptions const& options) {
    std::string const scope = first_line_of(options.root / "proc/sys/kernel/yama/ptrace_scope");
    if (scope.empty() || scope == "0")
        return good("single copy", "ranks of a node may read each other's memory");
    return warning("single copy", "kernel.yama.ptrace_scope is " + scope,
                   "0, so that large messages within a node are copied once, not twice",
                   "have kernel.yama.ptrace_scope set to 0, or xpmem installed");
}

bool can_write_to(fs::path const& folder) {
    std::error_code error;
    return fs::is_directory(folder, error) && access(folder.c_str(), W_OK | X_OK) == 0;
}

Finding look_at_scratch(DoctorOptions const& options) {
    std::string const& folder = options.scratch;
    if (!can_write_to(folder))
        return bad("scratch", folder + " cannot be written to", "a folder on a local disk",
                   "--scratch DIR");
    std::string const kind = kind_of_file_system(folder);
    std::string const seen =
        fmt::format("{}: {}, {} free", folder, kind, format_bytes(free_bytes(folder)));
    if (kind == "tmpfs")
        return warning("scratch", seen, "a disk: what lies on tmpfs is memory",
                       "--scratch DIR on a local disk");
    if (kind != "local")
        return warning("scratch", seen, "a disk of the node's own: all ranks spill at once",
                       "--scratch DIR on a local disk");
    return good("scratch", seen);
}

Finding look_at_checkpoint(DoctorOptions const& options) {
    std::string const& folder = options.checkpoint;
    if (!can_write_to(folder))
        return bad("checkpoint", folder + " cannot be written to", "a folder that all nodes share",
                   "make it, or give another one as --checkpoint");
    return good("checkpoint", fmt::format("{}: {}, {} free", folder, kind_of_file_system(folder),
                                          format_bytes(free_bytes(folder))));
}

std::string limit_text(rlim_t limit, bool is_bytes) {
    if (limit == RLIM_INFINITY) return "unlimited";
    return is_bytes ? format_bytes(limit) : format_count(limit);
}

Finding look_at_open_files() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    std::string const seen = limit_text(limit.rlim_cur, false) + " open files";
    if (limit.rlim_cur < 1024)
        return bad("open files", seen, "1,024 or more for MPI's connections and the job's files",
                   fmt::format("ulimit -n {} before the job starts",
                               std::min<rlim_t>(limit.rlim_max, 65536)));
    return good("open files", seen);
}

Finding look_at_stack() {
    rlimit limit{};
    getrlimit(RLIMIT_STACK, &limit);
    std::string const seen = limit_text(limit.rlim_cur, true) + " of stack";
    if (limit.rlim_cur < 8 * mib)
        return warning("stack", seen, "8 MiB for stages of many narrow steps",
                       "ulimit -s 8192 before the job starts");
    return good("stack", seen);
}

Finding look_at_locked_memory(DoctorOptions const& options) {
    rlimit limit{};
    getrlimit(RLIMIT_MEMLOCK, &limit);
    std::error_code error;
    bool const has_rdma = !fs::is_empty(options.root / "sys/class/infiniband", error) && !error;
    std::string const seen =
        fmt::format("{} of locked memory, {}", limit_text(limit.rlim_cur, true),
                    has_rdma ? "RDMA adapters" : "no RDMA adapters");
    if (has_rdma && limit.rlim_cur != RLIM_INFINITY)
        return warning("locked memory", seen, "unlimited, or RDMA falls back to TCP",
                       "have memlock raised in limits.conf and in slurmd's unit");
    return good("locked memory", seen);
}

Finding look_at_interfaces() {
    std::set<std::string> real, made;
    ifaddrs* first = nullptr;
    if (getifaddrs(&first) == 0) {
        for (ifaddrs const* one = first; one; one = one->ifa_next) {
            bool const counts = one->ifa_addr && one->ifa_addr->sa_family == AF_INET
                                && (one->ifa_flags & IFF_UP) && !(one->ifa_flags & IFF_LOOPBACK);
            std::string_view const name = one->ifa_name;
            if (!counts) continue;
            bool const is_made = name.starts_with("docker") || name.starts_with("virbr")
                                 || name.starts_with("cni") || name.starts_with("flannel");
            (is_made ? made : real).insert(std::string(name));
        }
        freeifaddrs(first);
    }
    std::string const seen = fmt::format(
        "{}{}", real.empty() ? "none but loopback" : fmt::format("{}", fmt::join(real, ", ")),
        made.empty() ? "" : fmt::format("; of containers: {}", fmt::join(made, ", ")));
    if (!made.empty())
        return warning(
            "interfaces", seen,
            "none that have one address on all nodes: connections over them hang",
            fmt::format("OMPI_MCA_btl_tcp_if_exclude=lo,{0} OMPI_MCA_oob_tcp_if_exclude=lo,{0}",
                        fmt::join(made, ",")));
    return good("interfaces", seen);
}

Finding look_at_clock(DoctorOptions const& options) {
    std::string const source = first_line_of(
        options.root / "sys/devices/system/clocksource/clocksource0/current_clocksource");
    if (source == "hpet" || source == "acpi_pm" || source == "refined-jiffies")
        return warning("clock", "clock source " + source, "tsc, or a virtual machine's own",
                       "have the clock source changed: each look at the time is a system call");
    return good("clock", "clock source " + (source.empty() ? "unknown" : source));
}

Finding look_at_hdf5() {
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    std::string const seen = fmt::format("library {}.{}.{}, built with {}.{}.{}", major, minor,
                                         release, H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
    if (major != H5_VERS_MAJOR || minor != H5_VERS_MINOR || release != H5_VERS_RELEASE)
        return bad("hdf5", seen, "the same: HDF5 ends the program else",
                   "load the module of the HDF5 that serry was built with");
    return good("hdf5", seen);
}

/// What a rank gets of the memory's speed while the others of its node measure, too.
Finding measure_copying() {
    constexpr std::size_t bytes = 32 * mib;
    std::vector<char> from(bytes, 'a'), to(bytes, 'b');
    double best = 0;
    for (int round = 0; round < 4; ++round) {
        double const start = now_seconds();
        std::memcpy(to.data(), from.data(), bytes);
        from[0] = to[bytes - 1];
        best = std::max(best, static_cast<double>(bytes) / (now_seconds() - start) / 1e9);
    }
    Finding finding = good("copying", fmt::format("{:.1f} GB/s", best));
    finding.figure = best;
    return finding;
}

}  // namespace

std::vector<Finding> examine_node(DoctorOptions const& options) {
    std::vector<Finding> findings{look_at_mpi(),
                                  look_at_launcher(),
                                  look_at_memory(options),
                                  look_at_shared_memory(options),
                                  look_at_single_copy(options),
                                  look_at_scratch(options),
                                  look_at_interfaces(),
                                  look_at_clock(options),
                                  look_at_hdf5()};
    if (!options.checkpoint.empty()) findings.push_back(look_at_checkpoint(options));
    return findings;
}

std::vector<Finding> examine_process(DoctorOptions const& options) {
    return {look_at_cores(options), look_at_open_files(), look_at_stack(),
            look_at_locked_memory(options), measure_copying()};
}

}  // namespace serry
