#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SERRY_TEST_LEAKS
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SERRY_TEST_LEAKS
#endif

#ifdef SERRY_TEST_LEAKS
#include <sanitizer/lsan_interface.h>
#endif

namespace serry::test {

/// In a build with the address sanitizer: whether memory has been lost so far; stderr says where
/// from. Called by the mains before MPI goes, since the libraries that MPI then unloads lose some,
/// too, and can no longer be told from ours. (Tests run with leak_check_at_exit=0 for the same
/// reason.)
inline bool has_leaked() {
#ifdef SERRY_TEST_LEAKS
    return __lsan_do_recoverable_leak_check() != 0;
#else
    return false;
#endif
}

/// While one lives, what this thread loses is not counted.
class LeaksAllowed {
public:
#ifdef SERRY_TEST_LEAKS
    LeaksAllowed() { __lsan_disable(); }
    ~LeaksAllowed() { __lsan_enable(); }
#else
    LeaksAllowed() {}
    ~LeaksAllowed() {}
#endif
    LeaksAllowed(LeaksAllowed const&) = delete;
    LeaksAllowed& operator=(LeaksAllowed const&) = delete;
};

}  // namespace serry::test
