#include <serry/read_csv.hpp>
#include <serry/serry.hpp>

struct Point {
    double x = 0, y = 0, z = 0;
};
template <>
inline constexpr auto serry::field_names<Point> = serry::names("x", "y", "z");

struct Cluster {
    Point sum;
    double size = 0;
};
using Numbered = serry::KeyValue<std::uint32_t, Cluster>;

Cluster merged(Cluster const& a, Cluster const& b) {
    return {{a.sum.x + b.sum.x, a.sum.y + b.sum.y, a.sum.z + b.sum.z}, a.size + b.size};
}

double squared_distance(Point const& a, Point const& b) {
    double const x = a.x - b.x, y = a.y - b.y, z = a.z - b.z;
    return x * x + y * y + z * z;
}

/// Each point as a cluster of one, with the number of the centre nearest to it.
auto assign_to(std::vector<Point> centres) {
    return [centres = std::move(centres)](Point const& point) {
        std::uint32_t nearest = 0;
        for (std::uint32_t i = 1; i < centres.size(); ++i)
            if (squared_distance(point, centres[i]) < squared_distance(point, centres[nearest]))
                nearest = i;
        return Numbered(nearest, {point, 1});
    };
}

void k_means(serry::Context& context) {
    auto const points = serry::read_csv<Point>(context, context.arguments(),
                                               {.delimiter = ' ', .has_header = false})
                            .persist();
    std::vector<Point> centres = points.take(context.count_option("--k", 10)).to_vector();
    for (std::uint64_t i = 0; i < context.count_option("--iterations", 10); ++i)
        for (auto const& [number, c] :
             points.map(assign_to(centres)).reduce_by_key(merged).collect())
            centres[number] = {c.sum.x / c.size, c.sum.y / c.size, c.sum.z / c.size};
    serry::parallelize(context, centres, 1)
        .map([](Point const& centre) {
            return std::vector{centre.x, centre.y, centre.z};
        })
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
