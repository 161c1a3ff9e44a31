#include "serry/source/hdf5_probe.hpp"

#include <csignal>
#include <cstring>

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serry/base/error.hpp"
#include "serry/source/hdf5_dataset.hpp"

namespace serry {
namespace {

/// The file that the other process is at, in memory that both see.
class SharedIndex {
public:
    SharedIndex()
        : index_(static_cast<std::size_t*>(mmap(nullptr,
                                                sizeof(std::size_t),
                                                PROT_READ | PROT_WRITE,
                                                MAP_SHARED | MAP_ANONYMOUS,
                                                -1,
                                                0))) {
        if (index_ == MAP_FAILED) throw std::bad_alloc();
    }
    ~SharedIndex() { munmap(index_, sizeof(std::size_t)); }
    SharedIndex(SharedIndex const&) = delete;
    SharedIndex& operator=(SharedIndex const&) = delete;

    std::size_t& value() const { return *index_; }

private:
    std::size_t* index_;
};

/// Without handlers, output or core files: a crash here is an answer.
void behave_as_probe() {
    for (int const signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM})
        std::signal(signal, SIG_DFL);
    rlimit const none{};
    setrlimit(RLIMIT_CORE, &none);
    close(STDERR_FILENO);
    close(STDOUT_FILENO);
}

[[noreturn]] void probe(std::vector<InputFile> const& files,
                        std::string const& dataset,
                        Hdf5Record const& record,
                        unsigned seconds,
                        std::size_t& at) {
    behave_as_probe();
    for (at = 0; at < files.size(); ++at) try {
            alarm(seconds);
            Hdf5Dataset(files[at], dataset, record).walk_chunks();
        } catch (...) {
            _exit(0);
        }
    _exit(0);
}

}  // namespace

void probe_hdf5(std::vector<InputFile> const& files,
                std::string const& dataset,
                Hdf5Record const& record,
                unsigned seconds) {
    SharedIndex const at;
    pid_t const child = fork();
    if (child == 0) probe(files, dataset, record, seconds, at.value());
    if (child < 0)
        throw StorageError(fmt::format("reading HDF5 takes another process, which cannot be made: "
                                       "{}; raise the limit on processes",
                                       describe_errno(errno)),
                           ExitCode::does_not_fit);
    int status = 0;
    while (waitpid(child, &status, 0) == -1 && errno == EINTR) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    std::string const how = WIFSIGNALED(status)
                                ? (WTERMSIG(status) == SIGALRM
                                       ? fmt::format("takes more than {} s", seconds)
                                       : fmt::format("crashes ({})", strsignal(WTERMSIG(status))))
                                : std::string("crashes");
    throw InputError(
        fmt::format("{}: {}: the file is damaged: HDF5 {} when it opens the dataset; get the file "
                    "again, or make it again",
                    files[at.value()].path, dataset, how));
}

}  // namespace serry
