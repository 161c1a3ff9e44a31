#include "serry/comm/node_pages.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serry/comm/mpi_error.hpp"

namespace serry::comm {
namespace {

/// A file without a name, in memory; the ranks of a node open each other's by way of /proc.
class Piece {
public:
    explicit Piece(std::size_t byte_count)
        : descriptor_(memfd_create("serry exchange", MFD_CLOEXEC)) {
        // Memory is claimed now: writing to what is not there would end the process by a signal.
        if (descriptor_ < 0 || posix_fallocate(descriptor_, 0, static_cast<off_t>(byte_count)) != 0)
            return;
        struct stat status {};
        if (fstat(descriptor_, &status) != 0) return;
        about_ = {getpid(), descriptor_, status.st_dev, status.st_ino, byte_count};
    }
    ~Piece() {
        if (descriptor_ >= 0) close(descriptor_);
    }
    Piece(Piece const&) = delete;
    Piece& operator=(Piece const&) = delete;

    /// Where it is found. Which file it must be is said, too: a number of a process may be that of
    /// another one where somebody else looks.
    struct About {
        pid_t process = 0;
        int descriptor = -1;
        std::uint64_t device = 0;
        std::uint64_t file = 0;
        std::uint64_t byte_count = 0;
    };
    About const& about() const { return about_; }

    /// Empty if that cannot be.
    static std::span<char> map(About const& about) {
        std::string const path =
            "/proc/" + std::to_string(about.process) + "/fd/" + std::to_string(about.descriptor);
        int const descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
        if (descriptor < 0) return {};
        struct stat status {};
        bool const is_it = fstat(descriptor, &status) == 0 && status.st_dev == about.device
                           && status.st_ino == about.file;
        void* const mapped = is_it ? mmap(nullptr, about.byte_count, PROT_READ | PROT_WRITE,
                                          MAP_SHARED, descriptor, 0)
                                   : MAP_FAILED;
        close(descriptor);
        if (mapped == MAP_FAILED) return {};
        return {static_cast<char*>(mapped), about.byte_count};
    }

private:
    int descriptor_;
    About about_;
};

}  // namespace

std::unique_ptr<NodePages> NodePages::allocate(Communicator const& all,
                                               Nodes const& nodes,
                                               std::size_t byte_count) {
    std::unique_ptr<NodePages> pages(new NodePages(nodes.local()));
    bool const is_mapped = pages->map_all(std::max<std::size_t>(1, byte_count));
    if (all.all_reduce_sum(!is_mapped) > 0) return nullptr;
    return pages;
}

bool NodePages::map_all(std::size_t byte_count) {
    int rank_count = 0;
    MPI_Comm_size(local_, &rank_count);
    Piece const own(byte_count);
    std::vector<Piece::About> all(static_cast<std::size_t>(rank_count));
    wait_in("MPI_Allgather", [&] {
        return MPI_Allgather(&own.about(), sizeof(Piece::About), MPI_BYTE, all.data(),
                             sizeof(Piece::About), MPI_BYTE, local_);
    });
    for (Piece::About const& about : all) {
        std::span<char> const piece = Piece::map(about);
        if (piece.empty()) break;
        pieces_.push_back(piece);
    }
    // Until all have opened it, the piece's descriptor stays.
    wait_in("MPI_Barrier", [&] { return MPI_Barrier(local_); });
    return pieces_.size() == all.size();
}

void NodePages::meet() const {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    wait_in("MPI_Barrier", [&] { return MPI_Barrier(local_); });
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

NodePages::~NodePages() {
    for (std::span<char> const piece : pieces_) munmap(piece.data(), piece.size());
}

}  // namespace serry::comm
