#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "programs/program.hpp"

using namespace serry::test;

namespace {

using Pairs = std::vector<std::array<std::int64_t, 2>>;

Pairs make_pairs(std::size_t count, std::uint32_t seed) {
    std::mt19937 random(seed);
    Pairs pairs(count);
    for (auto& [key, value] : pairs) {
        key = random() % 500 - 250;
        value = random();
    }
    return pairs;
}

std::string_view bytes_of(Pairs const& pairs) {
    return {reinterpret_cast<char const*>(pairs.data()), pairs.size() * 16};
}

std::vector<std::string> joined(Pairs const& left, Pairs const& right) {
    std::multimap<std::int64_t, std::int64_t> by_key;
    for (auto const& [key, value] : right) by_key.emplace(key, value);
    std::vector<std::string> rows;
    for (auto const& [key, value] : left)
        for (auto [at, end] = by_key.equal_range(key); at != end; ++at)
            rows.push_back(std::to_string(key) + '\t' + std::to_string(value) + '\t'
                           + std::to_string(at->second));
    std::sort(rows.begin(), rows.end());
    return rows;
}

}  // namespace

TEST_CASE("two files are joined by key, to the same bytes on any ranks and in any memory") {
    TempDir const dir;
    Pairs const left = make_pairs(3000, 1), right = make_pairs(2000, 2);
    write_file(dir / "left", bytes_of(left));
    write_file(dir / "right", bytes_of(right));
    std::string first;
    for (int const ranks : {1, 2, 3})
        for (std::string const memory : {"1g", "300k"}) {
            auto const out = dir / ("out" + std::to_string(ranks) + memory);
            run_program(ranks, {JOIN_PROGRAM, dir / "left", dir / "right", "--output", out,
                                "--partitions", "5", "--memory", memory});
            std::string const text = text_of(out);
            if (first.empty()) first = text;
            CHECK((text == first));
        }
    std::vector<std::string> rows = lines_after(first, "");
    std::sort(rows.begin(), rows.end());
    CHECK((rows == joined(left, right)));
}

TEST_CASE("without an output the rows are counted") {
    TempDir const dir;
    write_file(dir / "left", bytes_of({{1, 10}, {1, 11}, {2, 12}}));
    write_file(dir / "right", bytes_of({{1, 20}, {3, 21}}));
    CHECK(run_program(2, {JOIN_PROGRAM, dir / "left", dir / "right"}).out == "2 rows\n");
}
