// The clustering by hand, against a sequential one.
#include <array>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "yardstick/by_hand.hpp"

using namespace serry::test;

namespace {

using Point = std::array<double, 3>;

std::vector<Point> points_of(std::string const& text) {
    std::vector<Point> points;
    std::istringstream in(text);
    for (Point p; in >> p[0] >> p[1] >> p[2];) points.push_back(p);
    return points;
}

/// The oracle: in long double.
std::vector<Point> centres_of(std::vector<Point> const& points, std::size_t k, int iterations) {
    std::vector<Point> centres(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(k));
    for (int i = 0; i < iterations; ++i) {
        std::vector<std::array<long double, 4>> sums(k);
        for (Point const& p : points) {
            std::size_t nearest = 0;
            double least = HUGE_VAL;
            for (std::size_t c = 0; c < k; ++c) {
                double distance = 0;
                for (std::size_t j = 0; j < 3; ++j)
                    distance += (p[j] - centres[c][j]) * (p[j] - centres[c][j]);
                if (distance < least) nearest = c, least = distance;
            }
            for (std::size_t j = 0; j < 3; ++j) sums[nearest][j] += p[j];
            sums[nearest][3] += 1;
        }
        for (std::size_t c = 0; c < k; ++c)
            for (std::size_t j = 0; sums[c][3] > 0 && j < 3; ++j)
                centres[c][j] = static_cast<double>(sums[c][j] / sums[c][3]);
    }
    return centres;
}

void check_near(std::vector<Point> const& centres, std::vector<Point> const& expected) {
    REQUIRE(centres.size() == expected.size());
    for (std::size_t c = 0; c < centres.size(); ++c)
        for (std::size_t j = 0; j < 3; ++j)
            CHECK(std::abs(centres[c][j] - expected[c][j])
                  <= 1e-11 * std::abs(expected[c][j]) + 1e-300);
}

std::vector<Point> run_k_means(int ranks, TempDir const& dir, std::vector<std::string> options) {
    std::vector<std::string> command = {K_MEANS_MPI_PROGRAM, dir / "in", dir / "out"};
    command.insert(command.end(), options.begin(), options.end());
    std::filesystem::remove_all(dir / "out");
    std::string const printed = run_by_hand(ranks, command);
    CHECK(printed.find("load ") != std::string::npos);
    CHECK(printed.find("iterate ") != std::string::npos);
    return points_of(parts_of(dir / "out"));
}

}  // namespace

TEST_CASE("the centres are the oracle's, at any rank count") {
    TempDir const dir;
    REQUIRE(run_tool({MAKE_RECORDS_PROGRAM, "points", "30011", dir / "in"}).exit_code == 0);
    auto const points = points_of(read_file(dir / "in"));
    REQUIRE(points.size() == 30'011);
    for (int const ranks : rank_counts)
        check_near(run_k_means(ranks, dir, {}), centres_of(points, 10, 10));
    check_near(run_k_means(2, dir, {"--k", "1"}), centres_of(points, 1, 10));
    check_near(run_k_means(3, dir, {"--k", "37", "--iterations", "2"}), centres_of(points, 37, 2));
}

TEST_CASE("numbers in all forms are read, and centres without points stay") {
    TempDir const dir;
    std::string const text =
        "1 2 3\r\n 1\t2.0 3e0 \n\n1000000000000 -0.000000000001 +5\n"
        "0.1234567890123456789 12345678.12345678 -1e-300\n.5 5. 123456789\n1e300 0 99999999";
    write_file(dir / "in", text);
    auto const points = points_of(text);
    REQUIRE(points.size() == 6);
    for (int const ranks : {1, 2, 7})
        check_near(run_k_means(ranks, dir, {"--k", "6", "--iterations", "1"}),
                   centres_of(points, 6, 1));
    // The two equal points are the first one's; the second centre stays where it is.
    CHECK(run_k_means(2, dir, {"--k", "2"})[1] == centres_of(points, 2, 10)[1]);
}

TEST_CASE("what cannot be read is refused in one line") {
    TempDir const dir;
    std::string const in = dir / "in";
    std::string const out = dir / "out";
    auto const said = [&](std::string const& text, std::vector<std::string> const& options = {}) {
        write_file(in, text);
        std::vector<std::string> command = {K_MEANS_MPI_PROGRAM, in, out};
        command.insert(command.end(), options.begin(), options.end());
        return complaints(3, command);
    };
    std::string const expected = ", expected three numbers `x y z`";
    CHECK(said("1 2 3\n1 2\n") == Lines{in + ", byte 6: \"1 2\"" + expected});
    CHECK(said("1 2 3 4\n") == Lines{in + ", byte 0: \"1 2 3 4\"" + expected});
    CHECK(said("1 2 3\n1 2 x3\n") == Lines{in + ", byte 6: \"1 2 x3\"" + expected});
    CHECK(said("1 2 nan\n") == Lines{in + ", byte 0: \"1 2 nan\"" + expected});
    CHECK(said("1 2 3\n4 5 6\n") == Lines{in + " has 2 points, expected at least 10; lower --k"});
    CHECK(said("", {"--k", "1"}) == Lines{in + " has 0 points, expected at least 1; lower --k"});
    CHECK(said("", {"--k", "0"}) == Lines{"--k is \"0\", expected a whole number above 0"});
    CHECK(said("", {"--iterations"})
          == Lines{"--iterations is \"\", expected a whole number above 0"});
    CHECK(said("", {"--j", "1"})
          == Lines{"usage: k_means_mpi POINTS OUTPUT_DIR [--k K] [--iterations N]"});
}
