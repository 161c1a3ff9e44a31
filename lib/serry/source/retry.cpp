#include "serry/source/retry.hpp"

#include <ctime>

namespace serry {

void pause_before_retry(int retry) {
    timespec pause{.tv_sec = 0, .tv_nsec = 10'000'000};
    if (retry == 2) pause.tv_nsec = 100'000'000;
    if (retry == 3) pause = {.tv_sec = 1, .tv_nsec = 0};
    nanosleep(&pause, nullptr);
}

}  // namespace serry
