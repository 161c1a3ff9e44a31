#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include <serry/serry.hpp>

using Point = std::array<double, 3>;

struct Cluster {
    Point sum{};
    double size = 0;
};
using Assigned = serry::KeyValue<std::uint32_t, Cluster>;

/// "x y z"
Point parse_point(std::string_view line) {
    Point point;
    char const* at = line.data();
    char const* const end = at + line.size();
    for (double& coordinate : point) {
        while (at != end && *at == ' ') ++at;
        auto const parsed = std::from_chars(at, end, coordinate);
        if (parsed.ec != std::errc())
            throw serry::InputError("\"" + std::string(line)
                                    + "\" is no point; expected three numbers");
        at = parsed.ptr;
    }
    return point;
}

double squared_distance(Point const& a, Point const& b) {
    double const x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return x * x + y * y + z * z;
}

std::uint32_t nearest(Point const& point, std::vector<Point> const& centres) {
    std::uint32_t best = 0;
    for (std::uint32_t i = 1; i < centres.size(); ++i)
        if (squared_distance(point, centres[i]) < squared_distance(point, centres[best])) best = i;
    return best;
}

Cluster merged(Cluster const& a, Cluster const& b) {
    return {{a.sum[0] + b.sum[0], a.sum[1] + b.sum[1], a.sum[2] + b.sum[2]}, a.size + b.size};
}

void k_means(serry::Context& context) {
    auto const points = serry::read_text(context, context.arguments()).map(parse_point).persist();
    std::vector<Point> centres = points.take(context.count_option("--k", 10)).to_vector();

    for (std::uint64_t i = 0; i < context.count_option("--iterations", 10); ++i) {
        auto const clusters = points
                                  .map([centres](Point const& point) {
                                      return Assigned(nearest(point, centres), {point, 1});
                                  })
                                  .reduce_by_key(merged);
        for (auto const& [centre, cluster] : clusters.collect())
            for (std::size_t d = 0; d < 3; ++d) centres[centre][d] = cluster.sum[d] / cluster.size;
    }
    serry::parallelize(context, centres, 1)
        .map([](Point const& p) {
            return std::to_string(p[0]) + ' ' + std::to_string(p[1]) + ' ' + std::to_string(p[2]);
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
