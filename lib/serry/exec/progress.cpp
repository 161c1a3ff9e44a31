#include "serry/exec/progress.hpp"

#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "serry/base/units.hpp"

namespace serry {
namespace {

/// Under mpirun a rank's stderr is a pipe; what the person sees is mpirun's own.
bool is_seen_on_terminal() {
    if (isatty(STDERR_FILENO)) return true;
    std::error_code error;
    auto const target =
        std::filesystem::read_symlink("/proc/" + std::to_string(getppid()) + "/fd/2", error)
            .string();
    return !error && (target.rfind("/dev/pts/", 0) == 0 || target.rfind("/dev/tty", 0) == 0);
}

}  // namespace

Progress::Progress(std::string const& mode, bool is_rank_0) : is_on_(is_rank_0 && mode != "off") {
    if (is_on_) is_bar_ = mode == "bar" || (mode == "auto" && is_seen_on_terminal());
}

void Progress::start(StagePlan const& stage, std::uint64_t own_tasks) {
    if (!is_on_) return;
    stage_ = &stage;
    own_tasks_ = own_tasks;
    done_ = 0;
    has_printed_ = false;
    start_ = now_seconds();
    next_ = start_ + (is_bar_ ? 0.5 : 10);
}

void Progress::print() {
    double const seconds = now_seconds() - start_;
    std::string line = fmt::format("stage {}: {} of rank 0's {} tasks done after {}",
                                   stage_->number, done_, own_tasks_, format_seconds(seconds));
    if (is_bar_) {
        constexpr std::uint64_t width = 30;
        std::uint64_t const filled = own_tasks_ ? width * done_ / own_tasks_ : width;
        line = fmt::format("\r[{:#<{}}{:.<{}}] {}\033[K", "", filled, "", width - filled, line);
    } else {
        line = "serry: " + line + '\n';
    }
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
    has_printed_ = true;
    next_ = now_seconds() + (is_bar_ ? 0.2 : 10);
}

void Progress::end() {
    if (is_on_ && is_bar_ && has_printed_) {
        std::fputs("\r\033[K", stderr);
        std::fflush(stderr);
    }
}

}  // namespace serry
