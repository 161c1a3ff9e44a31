#include <algorithm>
#include <limits>

#include <serry/read_csv.hpp>
#include <serry/serry.hpp>

struct Point {
    double x = 0, y = 0, z = 0;
};
template <>
inline constexpr auto serry::field_names<Point> = serry::names("x", "y", "z");

using Sums = std::vector<std::array<double, 4>>;  ///< of each cluster: x, y, z, and how many points

std::size_t nearest_of(std::vector<Point> const& centres, Point const& point) {
    std::size_t nearest = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < centres.size(); ++i) {
        auto const& [x, y, z] = centres[i];
        double const dx = point.x - x, dy = point.y - y, dz = point.z - z;
        double const distance = dx * dx + dy * dy + dz * dz;
        nearest = distance < least ? i : nearest;  // no branch: it could not be predicted
        least = std::min(distance, least);
    }
    return nearest;
}

void k_means(serry::Context& context) {
    auto const points = serry::read_csv<Point>(context, context.arguments(),
                                               {.delimiter = ' ', .has_header = false})
                            .persist();
    auto centres = points.take(context.count_option("--k", 10)).to_vector();
    for (std::uint64_t n = 0; n < context.count_option("--iterations", 10); ++n) {
        auto const assign = [centres](Sums& sums, Point const& point) {
            auto& [x, y, z, count] = sums[nearest_of(centres, point)];
            x += point.x, y += point.y, z += point.z, count += 1;
        };
        auto const merge = [](Sums& left, Sums const& right) {
            for (std::size_t i = 0; i < 4 * left.size(); ++i)
                left[i / 4][i % 4] += right[i / 4][i % 4];
        };
        Sums const sums = points.aggregate(Sums(centres.size()), assign, merge);
        for (std::size_t i = 0; i < centres.size(); ++i)
            if (auto const& [x, y, z, count] = sums[i]; count > 0)
                centres[i] = {x / count, y / count, z / count};
    }
    auto const row = [](Point const& centre) { return std::array{centre.x, centre.y, centre.z}; };
    serry::parallelize(context, centres, 1)
        .map(row)
        .write_text(context.option("--output").value_or("centres"));
}

int main(int argc, char** argv) {
    return serry::run(argc, argv, k_means,
                      {.summary = "Find the centres of K clusters of points (Lloyd, 1982).",
                       .arguments = "POINTS...",
                       .options = {{"--k K", "how many (10)"},
                                   {"--iterations N", "how often centres move (10)"},
                                   {"--output DIR", "write x y z of each centre (centres)"}}});
}
