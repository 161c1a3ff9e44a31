// Check outputs of serry's programs and of those written by hand: `check_output KIND ...`. Ends
// with 0 if all is well, else with 1 and a line that says what is not.
//
//   check_output records INPUT DIR
//   check_output numbers DIR_A DIR_B [--relative E] [--last N]
//   check_output join DIR SUMMARY
//
// A folder's output is its files but `summary` and those whose names begin with _ or a point, in
// the order of their names. `records`: is DIR sorted by the first 10 bytes of records of 100, and
// does it hold the records of INPUT, by number and a checksum that does not depend on the order?
// `numbers`: do both hold the same lines in any order? Of each line only the numbers count, with
// --last the last N of them; equal are those that differ by at most E of the larger one.
// `join`: do the lines `key left right` have the number and checksum that join_mpi wrote?
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pairs.hpp"

namespace {

using namespace yardstick;
namespace fs = std::filesystem;

std::ifstream open_file(fs::path const& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot open " + path.string());
    return file;
}

std::string text_of(fs::path const& path) {
    std::ifstream file = open_file(path);
    std::string text(fs::file_size(path), '\0');
    file.read(text.data(), std::streamsize(text.size()));
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return text;
}

std::vector<fs::path> files_of(fs::path const& dir) {
    std::vector<fs::path> files;
    for (auto const& entry : fs::directory_iterator(dir)) {
        std::string const name = entry.path().filename();
        if (name[0] != '_' && name[0] != '.' && name != "summary") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    if (files.empty()) throw std::runtime_error(dir.string() + " holds no output");
    return files;
}

// ---- records ------------------------------------------------------------------------------------

struct Tally {
    std::uint64_t count = 0;
    std::uint64_t checksum = 0;

    bool operator==(Tally const&) const = default;
};

using Record = std::array<char, 100>;

std::uint64_t check_of_record(Record const& record) {
    std::uint64_t state = 1;
    for (std::size_t i = 0; i + 8 <= record.size(); i += 8) {
        std::uint64_t word;
        std::memcpy(&word, record.data() + i, sizeof word);
        state = mix(state ^ word ^ 0xa0761d6478bd642f, 0xe7037ed1a0b428db);
    }
    std::uint32_t last;
    std::memcpy(&last, record.data() + 96, sizeof last);
    return mix(state ^ last, 0x9e3779b97f4a7c15);
}

/// Visit the records of a file.
template <typename Visit>
void for_each_record(fs::path const& path, Visit visit) {
    if (fs::file_size(path) % sizeof(Record) != 0)
        throw std::runtime_error(path.string() + " does not hold whole records of 100 bytes");
    std::ifstream file = open_file(path);
    std::vector<Record> some(10'000);
    while (file) {
        file.read(some[0].data(), std::streamsize(some.size() * sizeof(Record)));
        auto const count = std::size_t(file.gcount()) / sizeof(Record);
        for (std::size_t i = 0; i < count; ++i) visit(some[i]);
    }
}

void check_records(std::vector<std::string> const& arguments) {
    if (arguments.size() != 2) throw std::invalid_argument("records needs INPUT and DIR");
    Tally input;
    for_each_record(arguments[0], [&](Record const& record) {
        ++input.count;
        input.checksum += check_of_record(record);
    });
    Tally output;
    Record last{};
    for (fs::path const& path : files_of(arguments[1])) {
        for_each_record(path, [&](Record const& record) {
            if (std::memcmp(last.data(), record.data(), 10) > 0)
                throw std::runtime_error(path.string() + ": record " + std::to_string(output.count)
                                         + " of the output is less than the one before it");
            last = record;
            ++output.count;
            output.checksum += check_of_record(record);
        });
    }
    if (output.count != input.count)
        throw std::runtime_error(arguments[1] + " holds " + std::to_string(output.count)
                                 + " records, the input " + std::to_string(input.count));
    if (output.checksum != input.checksum)
        throw std::runtime_error(arguments[1] + " holds other records than the input");
    std::cout << output.count << " records in order, checksum " << std::hex << output.checksum
              << "\n";
}

// ---- numbers ------------------------------------------------------------------------------------

bool separates(char c) { return std::strchr(" \t\r,;:()[]", c) != nullptr; }

/// The numbers of each line of a text, which has as many in every line.
template <typename Number>
std::vector<std::vector<Number>> numbers_of(fs::path const& dir) {
    std::vector<std::vector<Number>> lines;
    for (fs::path const& path : files_of(dir)) {
        std::string const text = text_of(path);
        std::vector<Number> line;
        for (char const *at = text.data(), *end = at + text.size(); at < end;) {
            if (*at == '\n') {
                lines.push_back(std::exchange(line, {}));
                ++at;
            } else if (separates(*at)) {
                ++at;
            } else {
                Number number{};
                auto const parsed = std::from_chars(at, end, number);
                if (parsed.ec != std::errc())
                    throw std::runtime_error(path.string() + ", line "
                                             + std::to_string(lines.size() + 1)
                                             + ": expected a number");
                line.push_back(number);
                at = parsed.ptr;
            }
        }
    }
    return lines;
}

struct Tolerance {
    double relative = 0;
    std::size_t last = ~std::size_t{0};
};

Tolerance parse_tolerance(std::vector<std::string> const& arguments) {
    Tolerance tolerance;
    for (std::size_t i = 2; i < arguments.size(); i += 2) {
        if (i + 1 < arguments.size() && arguments[i] == "--relative")
            tolerance.relative = std::stod(arguments[i + 1]);
        else if (i + 1 < arguments.size() && arguments[i] == "--last")
            tolerance.last = std::stoul(arguments[i + 1]);
        else
            throw std::invalid_argument("unknown option " + arguments[i]);
    }
    return tolerance;
}

std::vector<std::vector<double>> sorted_lines(fs::path const& dir, std::size_t last) {
    std::vector<std::vector<double>> lines = numbers_of<double>(dir);
    for (auto& line : lines)
        if (line.size() > last) line.erase(line.begin(), line.end() - std::ptrdiff_t(last));
    std::sort(lines.begin(), lines.end());
    return lines;
}

std::string text_of(std::vector<double> const& line) {
    std::string text;
    for (double const number : line) {
        std::array<char, 32> digits;
        auto const end = std::to_chars(digits.begin(), digits.end(), number).ptr;
        text += (text.empty() ? "" : " ") + std::string(digits.data(), end);
    }
    return '"' + text + '"';
}

void check_numbers(std::vector<std::string> const& arguments) {
    if (arguments.size() < 2) throw std::invalid_argument("numbers needs DIR_A and DIR_B");
    Tolerance const tolerance = parse_tolerance(arguments);
    auto const a = sorted_lines(arguments[0], tolerance.last);
    auto const b = sorted_lines(arguments[1], tolerance.last);
    if (a.size() != b.size())
        throw std::runtime_error(arguments[0] + " has " + std::to_string(a.size()) + " lines, "
                                 + arguments[1] + " " + std::to_string(b.size()));
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        bool same = a[i].size() == b[i].size();
        for (std::size_t j = 0; same && j < a[i].size(); ++j) {
            double const size = std::max(std::abs(a[i][j]), std::abs(b[i][j]));
            double const difference = std::abs(a[i][j] - b[i][j]);
            same = difference <= tolerance.relative * size;
            if (size > 0) most = std::max(most, difference / size);
        }
        if (!same)
            throw std::runtime_error(text_of(a[i]) + " in " + arguments[0] + " against "
                                     + text_of(b[i]) + " in " + arguments[1]);
    }
    std::cout << a.size() << " lines agree, largest relative difference " << most << "\n";
}

// ---- join ---------------------------------------------------------------------------------------

void check_join(std::vector<std::string> const& arguments) {
    if (arguments.size() != 2) throw std::invalid_argument("join needs DIR and SUMMARY");
    Tally rows;
    for (auto const& row : numbers_of<std::int64_t>(arguments[0])) {
        if (row.size() != 3)
            throw std::runtime_error(arguments[0] + ", row " + std::to_string(rows.count + 1)
                                     + ": expected three numbers");
        ++rows.count;
        rows.checksum += check_of(row[0], row[1], row[2]);
    }
    Tally expected;
    std::ifstream file = open_file(arguments[1]);
    std::string word;
    file >> word >> expected.count >> word >> std::hex >> expected.checksum;
    if (!file) throw std::runtime_error(arguments[1] + " is not a summary of join_mpi");
    if (rows.count != expected.count)
        throw std::runtime_error(arguments[0] + " has " + std::to_string(rows.count)
                                 + " rows, expected " + std::to_string(expected.count));
    if (rows.checksum != expected.checksum)
        throw std::runtime_error(arguments[0] + " has other rows than expected");
    std::cout << rows.count << " rows agree\n";
}

struct Kind {
    std::string_view name;
    void (*check)(std::vector<std::string> const&);
};

constexpr std::array kinds{Kind{"records", check_records}, Kind{"numbers", check_numbers},
                           Kind{"join", check_join}};

}  // namespace

int main(int argc, char** argv) try {
    for (auto const& kind : kinds) {
        if (argc < 2 || kind.name != argv[1]) continue;
        kind.check({argv + 2, argv + argc});
        return 0;
    }
    std::cerr << "usage:\n  check_output records INPUT DIR\n"
                 "  check_output numbers DIR_A DIR_B [--relative E] [--last N]\n"
                 "  check_output join DIR SUMMARY\n";
    return 1;
} catch (std::exception const& error) {
    std::cerr << "check_output: " << error.what() << "\n";
    return 1;
}
