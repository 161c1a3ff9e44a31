// Write seeded inputs of records, numbers and edges: `make_records KIND ...`. The same arguments
// give the same bytes, at any number of cores.
//
//   make_records records COUNT FILE [--seed S]
//   make_records pairs COUNT FILE --keys K [--seed S]
//   make_records points COUNT FILE [--seed S]
//   make_records edges COUNT FILE --scale N [--seed S]
//
// `records` are those of the sort benchmark: 10 random bytes of key, then 90 bytes that hold the
// record's number in hexadecimal digits. `pairs` are two 64-bit integers, a key uniform in [0, K)
// and a value uniform in [0, 10^9). `points` are lines `x y z`, six digits behind the point, spread
// around ten centres of a cube. `edges` are lines `from to` of an R-MAT graph of 2^N possible
// vertices with a = 0.57, b = c = 0.19, d = 0.05, with duplicates and loops as they come.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "generate.hpp"

namespace {

using namespace yardstick;

struct Options {
    std::uint64_t count = 0;
    std::string path;
    std::uint64_t seed = 1;
    std::uint64_t keys = 0;
    std::uint64_t scale = 0;
};

constexpr std::size_t longest = 128;  // bytes of a record

char* put_digits(char* to, std::uint64_t number, int digit_count) {
    for (int i = digit_count - 1; i >= 0; --i, number /= 10) to[i] = char('0' + number % 10);
    return to + digit_count;
}

char* put_record(Random& random, std::uint64_t number, char* to, Options const&) {
    std::array<std::uint64_t, 2> const key{random.next(), random.next()};
    std::memcpy(to, key.data(), 10);
    std::memcpy(to + 10, "\0\x11", 2);
    std::memset(to + 12, '0', 32);
    std::array<char, 16> hex;
    auto const end = std::to_chars(hex.data(), hex.data() + hex.size(), number, 16).ptr;
    std::memcpy(to + 44 - (end - hex.data()), hex.data(), std::size_t(end - hex.data()));
    std::memcpy(to + 44, "\x88\x99\xaa\xbb", 4);
    for (int i = 0; i < 12; ++i)
        std::memset(to + 48 + 4 * i, "0123456789ABCDEF"[random.next() >> 60], 4);
    std::memcpy(to + 96, "\xcc\xdd\xee\xff", 4);
    return to + 100;
}

char* put_pair(Random& random, std::uint64_t, char* to, Options const& options) {
    std::array<std::uint64_t, 2> const pair{random.below(options.keys),
                                            random.below(1'000'000'000)};
    std::memcpy(to, pair.data(), sizeof pair);
    return to + sizeof pair;
}

/// A number of millionths, as a decimal.
char* put_millionths(char* to, std::int64_t millionths) {
    if (millionths < 0) *to++ = '-';
    auto const size = std::uint64_t(millionths < 0 ? -millionths : millionths);
    to = std::to_chars(to, to + 20, size / 1'000'000).ptr;
    *to++ = '.';
    return put_digits(to, size % 1'000'000, 6);
}

char* put_point(Random& random, std::uint64_t, char* to, Options const& options) {
    std::uint64_t const centre = random.below(10);
    Random of_centre(options.seed + 1000 * centre);
    for (int i = 0; i < 3; ++i) {
        std::int64_t at = std::int64_t(of_centre.below(200'000'000)) - 100'000'000;
        for (int j = 0; j < 4; ++j) at += std::int64_t(random.below(30'000'000)) - 15'000'000;
        to = put_millionths(to, at);
        *to++ = i < 2 ? ' ' : '\n';
    }
    return to;
}

char* put_edge(Random& random, std::uint64_t, char* to, Options const& options) {
    constexpr std::uint64_t a = 0.57 * 4294967296;
    constexpr std::uint64_t a_b = 0.76 * 4294967296;
    constexpr std::uint64_t a_b_c = 0.95 * 4294967296;
    std::uint64_t source = 0;
    std::uint64_t target = 0;
    for (std::uint64_t level = 0; level < options.scale; ++level) {
        std::uint64_t const drawn = random.next() >> 32;
        source = 2 * source + (drawn >= a_b);
        target = 2 * target + ((drawn >= a && drawn < a_b) || drawn >= a_b_c);
    }
    to = std::to_chars(to, to + 20, source).ptr;
    *to++ = ' ';
    to = std::to_chars(to, to + 20, target).ptr;
    *to++ = '\n';
    return to;
}

using Put = char* (*)(Random&, std::uint64_t, char*, Options const&);

/// The bytes of one block of records.
std::vector<char> make_block(std::uint64_t block,
                             std::uint64_t block_records,
                             Put put,
                             Options const& options) {
    std::uint64_t const begin = block * block_records;
    std::uint64_t const end = std::min(begin + block_records, options.count);
    Random random(options.seed * 0xd6e8feb86659fd93 + block);
    std::vector<char> bytes((end - begin) * longest);
    char* to = bytes.data();
    for (std::uint64_t i = begin; i < end; ++i) to = put(random, i, to, options);
    bytes.resize(std::size_t(to - bytes.data()));
    return bytes;
}

/// Make blocks on all cores, and write them in their order.
void write_all(Put put, Options const& options) {
    constexpr std::uint64_t block_records = 1 << 16;
    std::uint64_t const block_count = (options.count + block_records - 1) / block_records;
    std::uint64_t const at_a_time = std::max(1U, std::thread::hardware_concurrency());
    OutputFile file(options.path);
    for (std::uint64_t first = 0; first < block_count; first += at_a_time) {
        std::vector<std::vector<char>> blocks(std::min(at_a_time, block_count - first));
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < blocks.size(); ++i)
            threads.emplace_back(
                [&, i] { blocks[i] = make_block(first + i, block_records, put, options); });
        for (auto& thread : threads) thread.join();
        for (auto const& block : blocks) file.append(block);
    }
    std::cout << options.path << ": " << file.byte_count() << " bytes, " << options.count
              << " records\n";
    file.finish();
}

using Arguments = std::vector<std::string_view>;

Options parse_options(Arguments const& arguments) {
    if (arguments.size() < 2 || arguments.size() % 2 != 0)
        throw std::invalid_argument("give COUNT and FILE, and a value for each option");
    Options options;
    options.count = parse_number<std::uint64_t>("COUNT", arguments[0]);
    options.path = arguments[1];
    for (std::size_t i = 2; i < arguments.size(); i += 2) {
        auto const [name, value] = std::pair(arguments[i], arguments[i + 1]);
        auto const number = parse_number<std::uint64_t>(name, value);
        if (name == "--seed")
            options.seed = number;
        else if (name == "--keys")
            options.keys = number;
        else if (name == "--scale")
            options.scale = number;
        else
            throw std::invalid_argument("unknown option " + std::string(name));
    }
    return options;
}

struct Kind {
    std::string_view name;
    std::string_view arguments;
    Put put;
};

constexpr std::array kinds{
    Kind{"records", "COUNT FILE [--seed S]", put_record},
    Kind{"pairs", "COUNT FILE --keys K [--seed S]", put_pair},
    Kind{"points", "COUNT FILE [--seed S]", put_point},
    Kind{"edges", "COUNT FILE --scale N [--seed S]", put_edge},
};

void check(Kind const& kind, Options const& options) {
    if (kind.name == "pairs" && (options.keys < 1 || options.keys >= std::uint64_t{1} << 32))
        throw std::invalid_argument("pairs need --keys from 1 to 4294967295");
    if (kind.name == "edges" && (options.scale < 1 || options.scale > 40))
        throw std::invalid_argument("edges need --scale from 1 to 40");
}

int usage() {
    std::cerr << "usage:\n";
    for (auto const& kind : kinds)
        std::cerr << "  make_records " << kind.name << " " << kind.arguments << "\n";
    return 1;
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc < 2) return usage();
    for (auto const& kind : kinds) {
        if (kind.name != argv[1]) continue;
        Options const options = parse_options(Arguments(argv + 2, argv + argc));
        check(kind, options);
        write_all(kind.put, options);
        return 0;
    }
    return usage();
} catch (std::exception const& error) {
    std::cerr << "make_records: " << error.what() << "\n";
    return 1;
}
