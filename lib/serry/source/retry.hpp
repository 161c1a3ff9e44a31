#pragma once

#include <cerrno>
#include <cstdint>

namespace serry {

/// Sleep 10 ms, 100 ms, 1 s before the first, second, third time that a call is tried again.
void pause_before_retry(int retry);

/// Return what `call()` does, but while it returns -1 with errno EIO, ESTALE or EINTR call it
/// again, up to three times, each after `pause(1)`, `pause(2)`, `pause(3)`: file systems under load
/// give such errors and recover.
template <typename Call, typename Pause>
std::int64_t retry_reading(Call call, Pause pause) {
    for (int retry = 1;; ++retry) {
        std::int64_t const result = call();
        bool const may_pass = errno == EIO || errno == ESTALE || errno == EINTR;
        if (result != -1 || !may_pass || retry > 3) return result;
        pause(retry);
    }
}

template <typename Call>
std::int64_t retry_reading(Call call) {
    return retry_reading(call, pause_before_retry);
}

}  // namespace serry
