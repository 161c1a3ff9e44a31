#include <array>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "programs/program.hpp"

using namespace serry::test;

namespace {

using Point = std::array<double, 3>;

std::vector<Point> make_points() {
    std::mt19937 random(4);
    std::vector<Point> points(3000);
    for (Point& point : points)
        for (double& x : point) x = random() % 1000 / 8.0;
    return points;
}

std::size_t nearest(Point const& point, std::vector<Point> const& centres) {
    std::size_t best = 0;
    double least = 1e300;
    for (std::size_t i = 0; i < centres.size(); ++i) {
        double sum = 0;
        for (std::size_t d = 0; d < 3; ++d)
            sum += (point[d] - centres[i][d]) * (point[d] - centres[i][d]);
        if (sum < least) least = sum, best = i;
    }
    return best;
}

std::vector<Point> centres_of(std::vector<Point> const& points, std::size_t k, int iterations) {
    std::vector<Point> centres(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(k));
    for (int i = 0; i < iterations; ++i) {
        std::vector<Point> sums(k, Point{});
        std::vector<double> sizes(k);
        for (Point const& point : points) {
            std::size_t const c = nearest(point, centres);
            for (std::size_t d = 0; d < 3; ++d) sums[c][d] += point[d];
            ++sizes[c];
        }
        for (std::size_t c = 0; c < k; ++c)
            if (sizes[c] > 0)
                for (std::size_t d = 0; d < 3; ++d) centres[c][d] = sums[c][d] / sizes[c];
    }
    return centres;
}

}  // namespace

TEST_CASE("centres are those of the definition, and the same bytes on any ranks") {
    TempDir const dir;
    auto const points = make_points();
    std::ostringstream text;
    for (Point const& p : points) text << p[0] << ' ' << p[1] << ' ' << p[2] << '\n';
    write_file(dir / "points", text.str());
    std::string first;
    for (int const ranks : {1, 2, 3, 4}) {
        auto const out = dir / ("out" + std::to_string(ranks));
        run_program(ranks, {K_MEANS_PROGRAM, dir / "points", "--k", "5", "--iterations", "4",
                            "--output", out, "--partitions", "7"});
        if (first.empty()) first = text_of(out);
        CHECK((text_of(out) == first));
    }
    std::istringstream numbers(first);
    for (Point const& centre : centres_of(points, 5, 4))
        for (double const expected : centre) {
            double got = 0;
            numbers >> got;
            CHECK(got == doctest::Approx(expected));
        }
}
