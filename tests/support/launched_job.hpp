#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

#include "support/run_command.hpp"

namespace serry::test {

/// What a program of serry's did, run on ranks as a user runs it.
struct JobResult : CommandResult {
    double seconds = 0;
    /// Every "serry: error: " line without these words, by whichever rank; in the place of this
    /// machine's name stands HOST.
    std::vector<std::string> errors;
};

inline std::string with_replaced(std::string text, std::string const& from, std::string const& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

/// The lines that begin with `prefix`, without it.
inline std::vector<std::string> lines_after(std::string const& text, std::string const& prefix) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const end = std::min(text.find('\n', at), text.size());
        if (text.compare(at, prefix.size(), prefix) == 0)
            lines.push_back(text.substr(at + prefix.size(), end - at - prefix.size()));
        at = end + 1;
    }
    return lines;
}

inline std::string without_host(std::string const& text) {
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return with_replaced(text, '(' + std::string(host) + ')', "(HOST)");
}

/// Run a whole command, mpirun and all.
inline JobResult launch(std::vector<std::string> const& command, std::chrono::milliseconds limit) {
    auto const start = std::chrono::steady_clock::now();
    JobResult result{run_command(command, limit), 0, {}};
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (std::string const& line : lines_after(result.err, "serry: error: "))
        result.errors.push_back(without_host(line));
    return result;
}

/// Run `command` on ranks. `environment` holds words like "SERRY_QUIET=1".
///
/// When a rank has failed, Open MPI waits for a second before it ends the others: not here. A
/// program that SERRY_TEST_INSTEAD names is run in the place of the command's: a wrong one, to test
/// tests. It may hang, and is given ten seconds.
inline JobResult run_job(int rank_count,
                         std::vector<std::string> const& command,
                         std::vector<std::string> const& environment = {},
                         std::chrono::milliseconds limit = std::chrono::seconds(30)) {
    std::vector<std::string> words = {"env"};
    words.insert(words.end(), environment.begin(), environment.end());
    words.insert(words.end(), command.begin(), command.end());
    if (char const* other = std::getenv("SERRY_TEST_INSTEAD")) {
        words[words.size() - command.size()] = other;
        limit = std::min<std::chrono::milliseconds>(limit, std::chrono::seconds(10));
    }
    words = on_ranks(rank_count, words);
    words.insert(words.begin(), {"env", "OMPI_MCA_odls_base_sigkill_timeout=0"});
    return launch(words, limit);
}

}  // namespace serry::test
