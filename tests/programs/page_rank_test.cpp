#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "programs/program.hpp"

using namespace serry::test;

namespace {

using Scores = std::map<std::uint32_t, double>;
using Edges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

Edges make_edges() {
    std::mt19937 random(3);
    Edges edges(2000);
    for (auto& [from, to] : edges) {
        from = random() % 100;
        to = random() % 100 + random() % 2 * 50;  // some have no edges out
    }
    return edges;
}

Scores scores_of(Edges const& edges, int iterations) {
    std::map<std::uint32_t, double> degree;
    Scores scores;
    for (auto const& [from, to] : edges) {
        ++degree[from];
        scores[from] = scores[to] = 1;
    }
    for (int i = 0; i < iterations; ++i) {
        Scores next;
        for (auto const& [vertex, score] : scores) next[vertex] = 0.15;
        for (auto const& [from, to] : edges) next[to] += 0.85 * scores[from] / degree[from];
        scores = next;
    }
    return scores;
}

}  // namespace

TEST_CASE("scores are those of the definition, and the same bytes on any ranks") {
    TempDir const dir;
    Edges const edges = make_edges();
    std::string text;
    for (auto const& [from, to] : edges)
        text += std::to_string(from) + ' ' + std::to_string(to) + '\n';
    write_file(dir / "edges", text);
    std::string first;
    for (int const ranks : {1, 2, 3, 4}) {
        auto const out = dir / ("out" + std::to_string(ranks));
        run_program(ranks, {PAGE_RANK_PROGRAM, dir / "edges", "--iterations", "3", "--output", out,
                            "--partitions", "6"});
        if (first.empty()) first = text_of(out);
        CHECK((text_of(out) == first));
    }
    Scores const expected = scores_of(edges, 3);
    std::vector<std::string> const lines = lines_after(first, "");
    CHECK(lines.size() == expected.size());
    for (std::string const& line : lines) {
        auto const vertex = static_cast<std::uint32_t>(std::stoul(line));
        CHECK(std::stod(line.substr(line.find('\t'))) == doctest::Approx(expected.at(vertex)));
    }
}

TEST_CASE("a line that is no edge is told of") {
    TempDir const dir;
    write_file(dir / "edges", "1 2\n3 x\n");
    JobResult const result =
        run_job(2, {PAGE_RANK_PROGRAM, dir / "edges", "--output", dir / "out", "--quiet"});
    CHECK(result.exit_code == 65);
    REQUIRE(result.errors.size() == 1);
    CHECK(
        result.errors[0].find("/edges:2 (byte 4): column \"to\" is \"x\", expected a whole number")
        != std::string::npos);
}
