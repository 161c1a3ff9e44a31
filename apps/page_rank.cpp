#include <cstdint>

#include <serry/read_csv.hpp>
#include <serry/serry.hpp>

using Vertex = std::uint32_t;

struct Edge {
    Vertex from = 0, to = 0;
};
template <>
inline constexpr auto serry::field_names<Edge> = serry::names("from", "to");

using Link = serry::KeyValue<Vertex, Vertex>;
using Score = serry::KeyValue<Vertex, double>;
using Linked = serry::KeyValue<Vertex, serry::Joined<serry::Values<Vertex>, double>>;

/// A vertex's score goes to the vertices that it links to, in equal shares.
struct Share {
    using record_type = Score;

    void operator()(Linked const& vertex, auto const& emit) const {
        auto const& [targets, score] = vertex.value;
        double const share = score / static_cast<double>(targets.size());
        for (Vertex const target : targets) emit(Score(target, share));
    }
};

void page_rank(serry::Context& context) {
    auto const links =
        serry::read_csv<Edge>(context, context.arguments(), {.delimiter = ' ', .has_header = false})
            .map([](Edge e) { return Link(e.from, e.to); })
            .group_by_key();
    auto const both_ends = [](auto const& vertex, auto const& emit) {
        emit(Score(vertex.key, 1));
        for (Vertex const target : vertex.value) emit(Score(target, 1));
    };
    auto const vertices =
        links.flat_map<Score>(both_ends).reduce_by_key(serry::exact(serry::maximum));

    auto scores = vertices;
    for (std::uint64_t i = 0; i < context.count_option("--iterations", 10); ++i) {
        auto const sums = links.join(scores).flat_map(Share()).reduce_by_key(std::plus{});
        scores = vertices.left_outer_join(sums).map_values(
            [](auto const& joined) { return 0.15 + 0.85 * joined.right.value_or(0); });
    }
    scores.write_text(context.option("--output").value_or("scores"));
}

int main(int argc, char** argv) {
    return serry::run(argc, argv, page_rank,
                      {.summary = "Score the vertices of a graph (PageRank; Brin and Page, 1998).",
                       .arguments = "EDGES...",
                       .options = {{"--iterations N", "how often scores are passed on (10)"},
                                   {"--output DIR", "write vertex TAB score (scores)"}}});
}
