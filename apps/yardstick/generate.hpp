#pragma once

// What the programs that write seeded inputs have in common.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace yardstick {

/// Draw 64 random bits at a time (xoshiro256++, seeded by splitmix64).
class Random {
public:
    explicit Random(std::uint64_t seed) {
        for (auto& word : state_) word = split_mix(seed);
    }

    std::uint64_t next() {
        std::uint64_t const drawn = rotate(state_[0] + state_[3], 23) + state_[0];
        std::uint64_t const shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = rotate(state_[3], 45);
        return drawn;
    }

    /// Draw from [0, bound), for bounds below 2^32; the bias is below bound / 2^32.
    std::uint64_t below(std::uint64_t bound) { return ((next() >> 32) * bound) >> 32; }

private:
    static std::uint64_t rotate(std::uint64_t bits, int by) {
        return (bits << by) | (bits >> (64 - by));
    }

    static std::uint64_t split_mix(std::uint64_t& seed) {
        std::uint64_t mixed = (seed += 0x9e3779b97f4a7c15);
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

    std::array<std::uint64_t, 4> state_{};
};

/// Append to a new file in writes of 4 MiB.
class OutputFile {
public:
    explicit OutputFile(std::string path) : path_(std::move(path)), buffer_(buffer_bytes + slack) {
        fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd_ < 0) fail("cannot create");
    }

    OutputFile(OutputFile const&) = delete;
    OutputFile& operator=(OutputFile const&) = delete;
    ~OutputFile() {
        if (fd_ >= 0) ::close(fd_);
    }

    /// The place to write to: room for at least `slack` bytes. `advance_to` tells how far it went.
    char* room() { return buffer_.data() + used_; }

    void advance_to(char const* end) {
        used_ = std::size_t(end - buffer_.data());
        if (used_ >= buffer_bytes) flush();
    }

    void append(std::vector<char> const& bytes) {
        for (std::size_t done = 0; done < bytes.size(); done += slack) {
            std::size_t const count = std::min(slack, bytes.size() - done);
            std::memcpy(room(), bytes.data() + done, count);
            advance_to(room() + count);
        }
    }

    std::uint64_t byte_count() const { return written_ + used_; }

    void finish() {
        flush();
        if (::close(std::exchange(fd_, -1)) != 0) fail("cannot close");
    }

    static constexpr std::size_t slack = 4096;

private:
    static constexpr std::size_t buffer_bytes = 4 << 20;

    void flush() {
        for (std::size_t done = 0; done < used_;) {
            ssize_t const got = ::write(fd_, buffer_.data() + done, used_ - done);
            if (got < 0 && errno != EINTR) fail("cannot write to");
            if (got > 0) done += std::size_t(got);
        }
        written_ += used_;
        used_ = 0;
    }

    [[noreturn]] void fail(char const* what) const {
        throw std::runtime_error(std::string(what) + " " + path_ + ": " + std::strerror(errno));
    }

    std::string path_;
    std::vector<char> buffer_;
    std::size_t used_ = 0;
    std::uint64_t written_ = 0;
    int fd_ = -1;
};

template <typename Number>
Number parse_number(std::string_view name, std::string_view text) {
    Number number{};
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !(number >= Number{}))
        throw std::invalid_argument(std::string(name) + " is \"" + std::string(text)
                                    + "\", expected a number of at least 0");
    return number;
}

}  // namespace yardstick
