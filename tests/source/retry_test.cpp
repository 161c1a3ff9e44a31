#include "serry/source/retry.hpp"

#include <chrono>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

struct Attempts {
    int failures = 0;
    int error_number = 0;
    int calls = 0;
    std::vector<int> pauses;

    std::int64_t run() {
        return retry_reading(
            [this]() -> std::int64_t {
                if (calls++ >= failures) return 7;
                errno = error_number;
                return -1;
            },
            [this](int retry) { pauses.push_back(retry); });
    }
};

}  // namespace

TEST_CASE("a call that succeeds is made once") {
    errno = EIO;
    Attempts attempts;
    CHECK(attempts.run() == 7);
    CHECK(attempts.calls == 1);
    CHECK(attempts.pauses.empty());
}

TEST_CASE(
    "errors that may pass are tried again up to three times, after longer and longer pauses") {
    for (int const error_number : {EIO, ESTALE, EINTR}) {
        for (int failures = 1; failures <= 3; ++failures) {
            Attempts attempts{.failures = failures, .error_number = error_number, .pauses = {}};
            CHECK(attempts.run() == 7);
            CHECK(attempts.calls == failures + 1);
            CHECK(attempts.pauses.size() == static_cast<std::size_t>(failures));
            CHECK(attempts.pauses.back() == failures);
        }
        Attempts attempts{.failures = 100, .error_number = error_number, .pauses = {}};
        CHECK(attempts.run() == -1);
        CHECK(errno == error_number);
        CHECK(attempts.calls == 4);
        CHECK(attempts.pauses == std::vector<int>{1, 2, 3});
    }
}

TEST_CASE("other errors are final") {
    for (int const error_number : {ENOENT, EACCES, EISDIR}) {
        Attempts attempts{.failures = 1, .error_number = error_number, .pauses = {}};
        CHECK(attempts.run() == -1);
        CHECK(errno == error_number);
        CHECK(attempts.calls == 1);
    }
}

TEST_CASE("the first pauses are short ones, each longer than the one before") {
    using Clock = std::chrono::steady_clock;
    auto const start = Clock::now();
    pause_before_retry(1);
    auto const first = Clock::now();
    pause_before_retry(2);
    auto const second = Clock::now();
    CHECK(first - start >= std::chrono::milliseconds(10));
    CHECK(second - first >= std::chrono::milliseconds(100));
}
