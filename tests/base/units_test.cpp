#include "serry/base/units.hpp"

#include <limits>
#include <random>

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("bytes are read with and without a unit") {
    CHECK(parse_bytes("0") == 0);
    CHECK(parse_bytes("1000000") == 1000000);
    CHECK(parse_bytes("17B") == 17);
    CHECK(parse_bytes("17 b") == 17);
    CHECK(parse_bytes("4k") == 4096);
    CHECK(parse_bytes("4K") == 4096);
    CHECK(parse_bytes("512MiB") == 512U << 20);
    CHECK(parse_bytes("512 mib") == 512U << 20);
    CHECK(parse_bytes("2g") == std::uint64_t{2} << 30);
    CHECK(parse_bytes("3T") == std::uint64_t{3} << 40);
    CHECK(parse_bytes("3TiB") == std::uint64_t{3} << 40);
}

TEST_CASE("units with a B alone are powers of 1000") {
    CHECK(parse_bytes("1kB") == 1000);
    CHECK(parse_bytes("1.5 GB") == 1500000000);
    CHECK(parse_bytes("2MB") == 2000000);
    CHECK(parse_bytes("1TB") == 1000000000000);
}

TEST_CASE("parts of a unit are rounded down to whole bytes") {
    CHECK(parse_bytes("1.5k") == 1536);
    CHECK(parse_bytes("0.5k") == 512);
    CHECK(parse_bytes("0.0001k") == 0);
    CHECK(parse_bytes("1.9") == 1);
}

TEST_CASE("what is no number of bytes is not read as one") {
    for (char const* text :
         {"",      " ",          "k",    "MiB",   "-1",       "+1",   "-1k",   ".5k",
          "inf",   "nan",        "1 2",  "1x",    "1kk",      "1ki",  "1kbit", "1_000",
          "1,000", "12 parsecs", "9e18", "1e400", "9000000T", "1e30k"})
        CHECK_MESSAGE(parse_bytes(text) == std::nullopt, text);
}

TEST_CASE("bytes are told in three digits and the unit that gives the fewest") {
    CHECK(format_bytes(0) == "0 B");
    CHECK(format_bytes(17) == "17 B");
    CHECK(format_bytes(999) == "999 B");
    CHECK(format_bytes(1000) == "0.98 KiB");
    CHECK(format_bytes(1024) == "1.00 KiB");
    CHECK(format_bytes(1536) == "1.50 KiB");
    CHECK(format_bytes(10239) == "10.0 KiB");
    CHECK(format_bytes(10240) == "10.0 KiB");
    CHECK(format_bytes(102399) == "100 KiB");
    CHECK(format_bytes(102400) == "100 KiB");
    CHECK(format_bytes(999 * 1024) == "999 KiB");
    CHECK(format_bytes(999 * 1024 + 1023) == "0.98 MiB");
    CHECK(format_bytes(std::uint64_t{1} << 20) == "1.00 MiB");
    CHECK(format_bytes(std::uint64_t{3} << 29) == "1.50 GiB");
    CHECK(format_bytes(std::uint64_t{1} << 40) == "1.00 TiB");
    CHECK(format_bytes(std::uint64_t{1} << 50) == "1.00 PiB");
    CHECK(format_bytes(std::uint64_t{1} << 60) == "1.00 EiB");
    CHECK(format_bytes(std::numeric_limits<std::uint64_t>::max()) == "16.0 EiB");
}

TEST_CASE("what is told of bytes has three digits, and is read back within half of the last") {
    std::mt19937_64 random(9);
    for (int i = 0; i < 20000; ++i) {
        std::uint64_t const bytes = 1000 + (random() >> (8 + random() % 54));
        std::string const text = format_bytes(bytes);
        std::size_t digits = 0;
        for (char c : text) digits += c >= '0' && c <= '9';
        CAPTURE(text);
        REQUIRE(digits == 3);
        if (text.find("EiB") != std::string::npos || text.find("PiB") != std::string::npos)
            continue;
        auto const read = parse_bytes(text);
        REQUIRE(read);
        double const error = static_cast<double>(*read) - static_cast<double>(bytes);
        REQUIRE(error <= 0.0052 * static_cast<double>(bytes));
        REQUIRE(error >= -0.0052 * static_cast<double>(bytes) - 1);
    }
}

TEST_CASE("counts have a comma every three digits") {
    CHECK(format_count(0) == "0");
    CHECK(format_count(999) == "999");
    CHECK(format_count(1000) == "1,000");
    CHECK(format_count(12345) == "12,345");
    CHECK(format_count(1234567) == "1,234,567");
    CHECK(format_count(std::numeric_limits<std::uint64_t>::max()) == "18,446,744,073,709,551,615");
}

TEST_CASE("seconds are told in the unit that suits them") {
    CHECK(format_seconds(0) == "0 us");
    CHECK(format_seconds(17e-6) == "17 us");
    CHECK(format_seconds(1e-3) == "1.0 ms");
    CHECK(format_seconds(4.52e-3) == "4.5 ms");
    CHECK(format_seconds(0.045) == "45 ms");
    CHECK(format_seconds(0.999) == "999 ms");
    CHECK(format_seconds(1) == "1.00 s");
    CHECK(format_seconds(1.234) == "1.23 s");
    CHECK(format_seconds(12.34) == "12.3 s");
    CHECK(format_seconds(119) == "119.0 s");
    CHECK(format_seconds(123) == "2 min 03 s");
    CHECK(format_seconds(7199.9) == "119 min 59 s");
    CHECK(format_seconds(7200) == "2 h 00 min");
    CHECK(format_seconds(90061) == "25 h 01 min");
}
