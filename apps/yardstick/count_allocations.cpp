// Linked into a program, counts what it allocates: calls of malloc and its sisters, those by
// operator new among them. At exit each process prints its count as "ALLOCATIONS <count>" to its
// standard error.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>

#include <unistd.h>

extern "C" {
// glibc's own, under the names that it keeps for programs that replace the public ones.
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

std::atomic<unsigned long> allocation_count{0};

void count_one() { allocation_count.fetch_add(1, std::memory_order_relaxed); }

struct PrintAtExit {
    ~PrintAtExit() {
        char line[64];
        int const size =
            std::snprintf(line, sizeof line, "ALLOCATIONS %lu\n", allocation_count.load());
        if (write(STDERR_FILENO, line, static_cast<std::size_t>(size)) < 0) _exit(1);
    }
} print_at_exit;

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
    count_one();
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
    count_one();
    return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
    count_one();
    return __libc_realloc(old, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
    count_one();
    return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    count_one();
    return __libc_memalign(alignment, size);
}
int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
    count_one();
    *result = __libc_memalign(alignment, size);
    return *result ? 0 : ENOMEM;
}
}
