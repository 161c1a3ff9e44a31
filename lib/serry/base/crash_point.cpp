#include "serry/base/crash_point.hpp"

#include <csignal>
#include <cstdlib>
#include <map>
#include <string>

#include <unistd.h>

namespace serry {
namespace {

char const* wanted_crashes() {
    static char const* const wanted = std::getenv("SERRY_CRASH_AT");
    return wanted;
}

/// As the launcher numbers the ranks.
std::string rank_of_launcher() {
    for (char const* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"})
        if (char const* const rank = std::getenv(name)) return rank;
    return "0";
}

void count(char const* wanted, std::string const& name) {
    static std::map<std::string, int> occurrences;
    static std::string const rank = rank_of_launcher();
    std::string const here = name + ':' + rank + ':' + std::to_string(++occurrences[name]);
    std::string const all = ',' + std::string(wanted) + ',';
    if (all.find(',' + here + ',') != std::string::npos) kill(getpid(), SIGKILL);
}

}  // namespace

void crash_point(char const* name) {
    if (char const* const wanted = wanted_crashes()) count(wanted, name);
}

}  // namespace serry
