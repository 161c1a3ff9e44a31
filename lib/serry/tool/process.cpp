#include "serry/tool/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <sys/prctl.h>
#include <unistd.h>

namespace serry {

pid_t start_process(std::string const& who,
                    std::vector<std::string> const& words,
                    std::function<void()> const& prepare) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string const& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t const process = fork();
    if (process != 0) return process;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (int const signal : {SIGUSR1, SIGTERM, SIGINT, SIGHUP}) std::signal(signal, SIG_DFL);
    prepare();
    execvp(arguments[0], arguments.data());
    std::fprintf(stderr, "%s: %s: %s\n", who.c_str(), arguments[0], std::strerror(errno));
    _exit(127);
}

}  // namespace serry
