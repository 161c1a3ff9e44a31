#include <charconv>
#include <string_view>

#include <serry/serry.hpp>

using Vertex = std::uint32_t;
using Edge = serry::KeyValue<Vertex, Vertex>;
using Score = serry::KeyValue<Vertex, double>;
using Linked = serry::KeyValue<Vertex, serry::Joined<serry::Values<Vertex>, double>>;

/// "from to"
Edge parse_edge(std::string_view line) {
    char const* const end = line.data() + line.size();
    Edge edge;
    auto const from = std::from_chars(line.data(), end, edge.key);
    auto const to = from.ptr == end ? from : std::from_chars(from.ptr + 1, end, edge.value);
    if (from.ec != std::errc() || to.ec != std::errc() || from.ptr == end || to.ptr != end)
        throw serry::InputError("\"" + std::string(line)
                                + "\" is no edge; expected two vertex numbers below 2^32");
    return edge;
}

/// A vertex's score goes to the vertices it links to, in equal shares.
struct Share {
    using record_type = Score;

    template <typename Emit>
    void operator()(Linked const& vertex, Emit&& emit) const {
        auto const& [targets, score] = vertex.value;
        double const share = score / static_cast<double>(targets.size());
        for (Vertex const target : targets) emit(Score(target, share));
    }
};

void page_rank(serry::Context& context) {
    auto const edges = serry::read_text(context, context.arguments()).map(parse_edge);
    auto const links = edges.group_by_key();
    auto const vertices =
        edges.flat_map([](Edge const& edge) { return std::array{edge.key, edge.value}; })
            .map([](Vertex vertex) { return Score(vertex, 1); })
            .reduce_by_key(serry::exact(serry::maximum));

    auto scores = vertices;
    for (std::uint64_t i = 0; i < context.count_option("--iterations", 10); ++i) {
        auto const sums = links.join(scores).flat_map(Share()).reduce_by_key(std::plus{});
        scores = vertices.left_outer_join(sums).map_values(
            [](auto const& joined) { return 0.15 + 0.85 * joined.right.value_or(0); });
    }
    if (auto const output = context.option("--output"))
        scores.write_text(*output);
    else
        for (auto const& [vertex, score] :
             scores.top(20, [](Score const& a, Score const& b) { return a.value > b.value; }))
            context.print(std::to_string(vertex) + '\t' + std::to_string(score) + '\n');
}

int main(int argc, char** argv) {
    return serry::run(argc, argv, page_rank,
                      {.summary = "Score the vertices of a graph (PageRank; Brin and Page, 1998).",
                       .arguments = "EDGES...",
                       .options = {{"--iterations N", "how often scores are passed on (10)"},
                                   {"--output DIR", "write vertex TAB score"}}});
}
