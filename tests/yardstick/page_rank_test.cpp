// The page rank by hand, against a sequential one.
#include <cmath>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "yardstick/by_hand.hpp"

using namespace serry::test;

namespace {

using Scores = std::map<std::uint64_t, double>;

/// The oracle.
Scores scores_of(std::string const& text, int iterations) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> edges;
    std::map<std::uint64_t, double> degrees;
    Scores scores;
    std::istringstream in(text);
    for (std::uint64_t from, to; in >> from >> to;) {
        edges.emplace_back(from, to);
        degrees[from] += 1;
        scores[from] = scores[to] = 1;
    }
    for (int i = 0; i < iterations; ++i) {
        Scores sums;
        for (auto const& [from, to] : edges) sums[to] += scores[from] / degrees[from];
        for (auto& [vertex, score] : scores) score = 0.15 + 0.85 * sums[vertex];
    }
    return scores;
}

Scores run_page_rank(int ranks, TempDir const& dir, std::string const& iterations) {
    std::filesystem::remove_all(dir / "out");
    std::string const printed = run_by_hand(
        ranks, {PAGE_RANK_MPI_PROGRAM, dir / "in", dir / "out", "--iterations", iterations});
    CHECK(printed.find(" bytes sent") != std::string::npos);
    Scores scores;
    std::istringstream in(parts_of(dir / "out"));
    std::size_t lines = 0;
    double score = 0;
    for (std::uint64_t vertex; in >> vertex >> score; ++lines) scores[vertex] = score;
    CHECK(lines == scores.size());
    return scores;
}

void check_near(Scores const& scores, Scores const& expected) {
    REQUIRE(scores.size() == expected.size());
    for (auto const& [vertex, score] : expected) {
        REQUIRE(scores.contains(vertex));
        CHECK(std::abs(scores.at(vertex) - score) <= 1e-12 * score);
    }
}

}  // namespace

TEST_CASE("the scores are the oracle's, at any rank count") {
    TempDir const dir;
    REQUIRE(
        run_tool({MAKE_RECORDS_PROGRAM, "edges", "20000", dir / "in", "--scale", "11"}).exit_code
        == 0);
    auto const expected = scores_of(read_file(dir / "in"), 10);
    for (int const ranks : rank_counts) check_near(run_page_rank(ranks, dir, "10"), expected);
}

TEST_CASE("loops, double edges, dead ends, sources alone and far numbers count as they should") {
    TempDir const dir;
    std::string const text = "1 1\n1 2\n1 2\r\n\n \r\n3\t2 \n 1234567 3\n2 9\n0 7";
    write_file(dir / "in", text);
    for (int const ranks : {1, 2, 7})
        check_near(run_page_rank(ranks, dir, "3"), scores_of(text, 3));
    write_file(dir / "in", "");
    CHECK(run_page_rank(3, dir, "3").empty());
}

TEST_CASE("bytes sent are counted: none by one rank, a share and edge each by two") {
    TempDir const dir;
    write_file(dir / "in", "0 1\n1 0\n");
    std::string const alone = run_by_hand(1, {PAGE_RANK_MPI_PROGRAM, dir / "in", dir / "a"});
    CHECK(alone.find("iterate              0 bytes sent\n") != std::string::npos);
    std::string const two = run_by_hand(2, {PAGE_RANK_MPI_PROGRAM, dir / "in", dir / "b"});
    CHECK(two.find("iterate              160 bytes sent\n") != std::string::npos);
}

TEST_CASE("what is not an edge is refused in one line") {
    TempDir const dir;
    std::string const in = dir / "in";
    std::string const expected = ", expected two numbers `from to` below 2^32";
    for (std::string const line :
         {"1", "1 x", "1 2 3", "1,2", "-1 2", "4294967296 1", "1 99999999999"}) {
        write_file(in, "1 2\n" + line + "\n3 4\n");
        CHECK(complaints(3, {PAGE_RANK_MPI_PROGRAM, in, dir / "out"})
              == Lines{in + ", byte 4: \"" + line + "\"" + expected});
    }
    CHECK(complaints(1, {PAGE_RANK_MPI_PROGRAM})
          == Lines{"usage: page_rank_mpi EDGES OUTPUT_DIR [--iterations N]"});
}
