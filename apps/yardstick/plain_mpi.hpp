#pragma once

// What the programs written by hand on plain MPI have in common: their frame, phases, memory and
// files.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <mpi.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace yardstick {

// ---- ranks --------------------------------------------------------------------------------------

struct Ranks {
    int rank = 0;
    int count = 1;
};

struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    std::uint64_t size() const { return end - begin; }
};

/// The piece of [0, total) that belongs to a rank: contiguous, in the order of ranks, even.
inline Range part_of(std::uint64_t total, int rank, int rank_count) {
    auto const boundary = [&](int r) {
        return std::uint64_t(static_cast<unsigned __int128>(total) * unsigned(r)
                             / unsigned(rank_count));
    };
    return {boundary(rank), boundary(rank + 1)};
}

// ---- failures -----------------------------------------------------------------------------------

/// Thrown by all ranks alike, after one of them has said why.
struct AllFailed {};

inline char const*& program_name() {
    static char const* name = "";
    return name;
}

[[noreturn]] inline void fail_with_reason(std::string const& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

/// Collective. Run `f`; if it throws on some rank, the first such rank says why, and all throw
/// `AllFailed`.
template <typename F>
void agree(Ranks ranks, F f) {
    std::string reason;
    int failed = ranks.count;
    try {
        f();
    } catch (std::exception const& error) {
        reason = error.what();
        failed = ranks.rank;
    }
    int first_failed = 0;
    MPI_Allreduce(&failed, &first_failed, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (first_failed == ranks.count) return;
    if (first_failed == ranks.rank)
        std::fprintf(stderr, "%s: %s\n", program_name(), reason.c_str());
    throw AllFailed();
}

using Arguments = std::vector<std::string>;

/// The whole of `main`: run `program` on all ranks. What it throws on one rank ends all of them.
inline int run_program(int argc,
                       char** argv,
                       char const* name,
                       void (*program)(Arguments const&, Ranks)) {
    program_name() = name;
    int provided = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    int exit_code = 0;
    try {
        Ranks ranks;
        MPI_Comm_rank(MPI_COMM_WORLD, &ranks.rank);
        MPI_Comm_size(MPI_COMM_WORLD, &ranks.count);
        program(Arguments(argv + 1, argv + argc), ranks);
    } catch (AllFailed const&) {
        exit_code = 1;
    } catch (std::exception const& error) {
        std::fprintf(stderr, "%s: %s\n", name, error.what());
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    MPI_Finalize();
    return exit_code;
}

/// Take `--name VALUE` out of the arguments; VALUE must be a whole number above 0.
inline std::uint64_t take_count_option(Arguments& arguments,
                                       std::string const& name,
                                       std::uint64_t if_absent) {
    auto const at = std::find(arguments.begin(), arguments.end(), name);
    if (at == arguments.end()) return if_absent;
    std::string const text = at + 1 == arguments.end() ? "" : at[1];
    std::uint64_t count = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count == 0)
        throw std::invalid_argument(name + " is \"" + text + "\", expected a whole number above 0");
    arguments.erase(at, at + 2);
    return count;
}

// ---- phases -------------------------------------------------------------------------------------

/// Seconds that passed, and that a core has worked for this rank.
struct Seconds {
    double wall = 0;
    double cpu = 0;

    Seconds operator-(Seconds other) const { return {wall - other.wall, cpu - other.cpu}; }
    Seconds& operator+=(Seconds other) {
        wall += other.wall;
        cpu += other.cpu;
        return *this;
    }
};

inline Seconds now() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return {MPI_Wtime(), double(used.tv_sec) + 1e-9 * double(used.tv_nsec)};
}

/// How long each phase of the program took on its slowest rank.
class Phases {
public:
    /// The phase that ran until now, since the last such call or the start.
    void end(std::string name) {
        Seconds const at = now();
        add(std::move(name), at - last_);
        last_ = at;
    }

    /// The same where what was measured apart from the rest has taken so long.
    void add(std::string name, Seconds seconds) {
        names_.push_back(std::move(name));
        seconds_.push_back(seconds);
        last_ = now();
    }

    /// Collective. Rank 0 prints a line for each phase.
    void print(Ranks ranks) const {
        std::vector<Seconds> slowest(seconds_.size());
        MPI_Reduce(seconds_.data(), slowest.data(), int(2 * seconds_.size()), MPI_DOUBLE, MPI_MAX,
                   0, MPI_COMM_WORLD);
        if (ranks.rank != 0) return;
        for (std::size_t i = 0; i < names_.size(); ++i)
            std::printf("%-20s %.3f s, %.3f s of CPU\n", names_[i].c_str(), slowest[i].wall,
                        slowest[i].cpu);
    }

private:
    std::vector<std::string> names_;
    std::vector<Seconds> seconds_;
    Seconds last_ = now();
};

// ---- memory -------------------------------------------------------------------------------------

/// How an array is mostly used. At random, huge pages pay; in order they cost more than they give,
/// above all on a virtual machine whose host takes free memory back in such pages.
enum class Access { in_order, random };

/// Zeroed values straight from the system. Only what is touched takes memory.
template <typename T>
class Array {
public:
    Array() = default;
    explicit Array(std::uint64_t count, Access access = Access::in_order) : count_(count) {
        if (count == 0) return;
        mapped_bytes_ = count * sizeof(T) + huge;
        mapped_ = ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapped_ == MAP_FAILED)
            fail_with_reason("cannot get " + std::to_string(mapped_bytes_) + " bytes of memory");
        auto const address = reinterpret_cast<std::uintptr_t>(mapped_);
        data_ = reinterpret_cast<T*>((address + huge - 1) / huge * huge);
        if (access == Access::random && count * sizeof(T) >= huge)
            ::madvise(data_, count * sizeof(T), MADV_HUGEPAGE);
    }

    Array(Array&& other) noexcept { swap(other); }
    Array& operator=(Array&& other) noexcept {
        swap(other);
        return *this;
    }
    ~Array() {
        if (data_ != nullptr) ::munmap(mapped_, mapped_bytes_);
    }

    T* data() const { return data_; }
    std::uint64_t size() const { return count_; }
    T& operator[](std::uint64_t i) const { return data_[i]; }

private:
    static constexpr std::uint64_t huge = 2 << 20;

    void swap(Array& other) noexcept {
        std::swap(mapped_, other.mapped_);
        std::swap(mapped_bytes_, other.mapped_bytes_);
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
    }

    void* mapped_ = nullptr;
    std::uint64_t mapped_bytes_ = 0;
    T* data_ = nullptr;
    std::uint64_t count_ = 0;
};

// ---- files --------------------------------------------------------------------------------------

constexpr std::uint64_t io_bytes = 1 << 20;      // written at a time: the page cache likes it large
constexpr std::uint64_t read_bytes = 256 << 10;  // read at a time: stays in the second-level cache

class InputFile {
public:
    explicit InputFile(std::string path) : path_(std::move(path)) {
        file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
        struct stat status {};
        if (file_ < 0 || ::fstat(file_, &status) != 0) fail_with_reason("cannot open " + path_);
        if (!S_ISREG(status.st_mode))
            throw std::runtime_error(path_ + " is not a regular file; give one file");
        byte_count_ = std::uint64_t(status.st_size);
    }

    InputFile(InputFile const&) = delete;
    InputFile& operator=(InputFile const&) = delete;
    ~InputFile() {
        if (file_ >= 0) ::close(file_);
    }

    std::string const& path() const { return path_; }
    std::uint64_t byte_count() const { return byte_count_; }

    /// How many records of so many bytes the file holds; it must hold whole ones.
    std::uint64_t record_count(std::uint64_t record_bytes) const {
        if (byte_count_ % record_bytes != 0)
            throw std::runtime_error(path_ + " has " + std::to_string(byte_count_)
                                     + " bytes, expected a multiple of "
                                     + std::to_string(record_bytes));
        return byte_count_ / record_bytes;
    }

    void read(std::uint64_t at, void* to, std::uint64_t byte_count) const {
        for (auto* next = static_cast<char*>(to); byte_count > 0;) {
            ssize_t const got = ::pread(file_, next, byte_count, off_t(at));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) fail_with_reason("cannot read " + path_);
            if (got == 0) throw std::runtime_error(path_ + " became shorter while it was read");
            next += got;
            at += std::uint64_t(got);
            byte_count -= std::uint64_t(got);
        }
    }

private:
    std::string path_;
    int file_ = -1;
    std::uint64_t byte_count_ = 0;
};

/// Visit the records of a range of a file, some at a time: `visit(span of records)`.
template <typename Record, typename Visit>
void for_each_chunk(InputFile const& file, Range records, Visit visit) {
    Array<Record> chunk(read_bytes / sizeof(Record));
    for (std::uint64_t at = records.begin; at < records.end; at += chunk.size()) {
        std::uint64_t const count = std::min(chunk.size(), records.end - at);
        file.read(at * sizeof(Record), chunk.data(), count * sizeof(Record));
        visit(std::span<Record const>(chunk.data(), count));
    }
}

inline void prepare_output_dir(std::string const& dir) {
    std::filesystem::create_directories(dir);
    for (auto const& entry : std::filesystem::directory_iterator(dir))
        if (entry.path().filename().string().starts_with("part-"))
            throw std::runtime_error(entry.path().string()
                                     + " exists already; remove it or name another OUTPUT_DIR");
}

/// "DIR/part-00042".
inline std::string part_path(std::string const& dir, int rank) {
    std::string const digits = std::to_string(rank);
    return dir + "/part-" + std::string(5 - std::min<std::size_t>(5, digits.size()), '0') + digits;
}

/// A rank's part of the output, a new file.
class PartFile {
public:
    /// `expected_bytes`, if known, are set aside first, which makes writing faster.
    PartFile(std::string const& dir, int rank, std::uint64_t expected_bytes = 0)
        : path_(part_path(dir, rank)), buffer_(io_bytes + room_bytes) {
        file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file_ < 0) fail_with_reason("cannot create " + path_);
        if (expected_bytes > 0 && ::fallocate(file_, 0, 0, off_t(expected_bytes)) != 0
            && errno != EOPNOTSUPP)
            fail_with_reason("cannot set aside " + std::to_string(expected_bytes) + " bytes for "
                             + path_);
    }

    PartFile(PartFile const&) = delete;
    PartFile& operator=(PartFile const&) = delete;
    ~PartFile() {
        if (file_ >= 0) ::close(file_);
    }

    static constexpr std::uint64_t room_bytes = 4096;

    /// Where the next bytes go, at most `room_bytes`; `advance_to` tells how far they went.
    char* room() { return buffer_.data() + used_; }

    void advance_to(char const* end) {
        used_ = std::uint64_t(end - buffer_.data());
        if (used_ >= io_bytes) flush();
    }

    void finish() {
        flush();
        if (::close(std::exchange(file_, -1)) != 0) fail_with_reason("cannot close " + path_);
    }

private:
    void flush() {
        for (std::uint64_t done = 0; done < used_;) {
            ssize_t const got = ::write(file_, buffer_.data() + done, used_ - done);
            if (got < 0 && errno != EINTR) fail_with_reason("cannot write to " + path_);
            if (got > 0) done += std::uint64_t(got);
        }
        used_ = 0;
    }

    std::string path_;
    Array<char> buffer_;
    std::uint64_t used_ = 0;
    int file_ = -1;
};

/// Append a number as text; return the end.
template <typename Number>
char* put_number(char* to, Number number) {
    return std::to_chars(to, to + 32, number).ptr;
}

}  // namespace yardstick
