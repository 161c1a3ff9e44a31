#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace serry {

/// Something that was looked at to tell whether serry runs well here.
struct Finding {
    enum class State : std::uint8_t {
        good,
        warning,  ///< jobs run, but slower or with less than they could have
        bad,      ///< jobs fail, or will when it counts
    };

    State state = State::good;
    std::string subject;   ///< "scratch"
    std::string seen;      ///< "/tmp is on tmpfs, 1.00 GiB free"
    std::string expected;  ///< these two are empty if it is good
    std::string remedy;
    double figure = 0;  ///< of what is measured: more is better; else 0
};

/// What one rank found, and where.
struct Examination {
    std::uint64_t rank = 0;
    std::string node;
    std::vector<Finding> findings;
};

struct DoctorOptions {
    std::string scratch = "/tmp";
    std::string checkpoint;            ///< empty: none is looked at
    int ranks_on_node = 1;             ///< as the launcher said
    std::filesystem::path root = "/";  ///< the folder that holds proc, sys and dev
};

/// What is the same for all processes of this node: one looks for all. Runs mpirun and srun for
/// their versions.
std::vector<Finding> examine_node(DoctorOptions const& options);

/// What each process has of its own: cores, limits, and what it gets of the memory's speed, which
/// takes about a tenth of a second to measure.
std::vector<Finding> examine_process(DoctorOptions const& options);

}  // namespace serry
