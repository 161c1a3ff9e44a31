#pragma once

#include <unistd.h>

namespace serry {

/// Seconds on a clock that only goes forward, from some point in the past.
double now_seconds();

/// Whether condition() is true, now or within so many seconds: for what others do, such as a
/// network file system that shows a new file late. Looks every 20 ms.
template <typename Condition>
bool is_true_within(double seconds, Condition const& condition) {
    double const start = now_seconds();
    for (;;) {
        if (condition()) return true;
        if (now_seconds() - start > seconds) return false;
        usleep(20'000);
    }
}

}  // namespace serry
