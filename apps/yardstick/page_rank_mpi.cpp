// Score the vertices of a graph by hand on plain MPI: the bar that serry's page rank is held
// against.
//
//   mpirun -np P page_rank_mpi EDGES OUTPUT_DIR [--iterations N]
//
// EDGES has lines `from to`, numbers below 2^32; one that comes twice counts twice. Every number
// that occurs is a vertex. All scores are 1 at first, and in an iteration become 0.15 + 0.85 * the
// sum of score / out-degree over the edges that lead to the vertex; the score of a vertex without
// edges out is dropped. Rank R writes the vertices it owns to OUTPUT_DIR/part-0000R, lines `vertex
// TAB score`. Rank 0 prints how long loading and iterating took, and the bytes sent.
//
// Vertices are dealt out in groups of P, one to each rank by a hash of the group: this balances the
// edges, and keeps the frequent vertices of an R-MAT graph close together in memory. An edge lives
// on the rank of its target. In an iteration a rank sends each other rank only the shares that it
// needs, and every vertex adds up its own from one array; in it the most used ones come first.
#include <array>
#include <bit>
#include <optional>

#include "exchange.hpp"
#include "plain_mpi.hpp"
#include "text.hpp"

namespace {

using namespace yardstick;

using Vertex = std::uint32_t;
using Local = std::uint32_t;  // a vertex's number on the rank that owns it

// ---- who owns what ------------------------------------------------------------------------------

class Owners {
public:
    explicit Owners(Ranks ranks)
        : rank_count_(Vertex(ranks.count)), reciprocal_(~std::uint64_t{0} / rank_count_ + 1) {}

    Local local(Vertex vertex) const {
        if (rank_count_ == 1) return vertex;
        return Local((static_cast<unsigned __int128>(vertex) * reciprocal_) >> 64);
    }

    Vertex owner(Vertex vertex) const {
        Local const group = local(vertex);
        Vertex const shifted = vertex - group * rank_count_ + shift(group);
        return shifted >= rank_count_ ? shifted - rank_count_ : shifted;
    }

    Vertex vertex(Vertex owner, Local local) const {
        Vertex const by = shift(local);
        return local * rank_count_ + (owner >= by ? owner - by : owner + rank_count_ - by);
    }

private:
    Vertex shift(Local group) const {
        std::uint32_t const hash = (group ^ (group >> 7)) * 0x9e3779b1U;
        return Vertex((std::uint64_t(hash) * rank_count_) >> 32);
    }

    Vertex rank_count_;
    std::uint64_t reciprocal_;
};

// ---- edges --------------------------------------------------------------------------------------

struct Edge {
    Vertex source;
    Local target;
};

/// Parse a vertex and the blanks before it; return its end, or null.
char const* parse_vertex(char const* at, Vertex& vertex) {
    while (is_blank(*at)) ++at;
    Digits const digits = leading_digits(at);
    std::uint64_t value = digits.value;
    at += digits.count;
    if (digits.count == 8) [[unlikely]]
        for (; is_digit(*at) && value < ~Vertex{0}; ++at) value = 10 * value + unsigned(*at - '0');
    if (digits.count == 0 || value > ~Vertex{0}) return nullptr;
    vertex = Vertex(value);
    return at;
}

/// The next line, if this one is empty; else null.
char const* empty_line_end(char const* at) {
    while (is_blank(*at)) ++at;
    return *at == '\n' ? at + 1 : nullptr;
}

/// Parse an edge; return the next line, or null.
char const* parse_edge(char const* at, Vertex& source, Vertex& target) {
    at = parse_vertex(at, source);
    if (at == nullptr || !is_blank(*at)) return nullptr;
    at = parse_vertex(at, target);
    if (at == nullptr) return nullptr;
    while (is_blank(*at)) ++at;
    return *at == '\n' ? at + 1 : nullptr;
}

/// Collective. Send the edges in the rank's range of the file to the owners of their targets.
void send_edges(InputFile const& input, Owners owners, Ranks ranks, Exchange<Edge>& exchange) {
    for_each_lines(input, ranks, [&](std::string_view text, std::uint64_t place) {
        char const* const end = text.data() + text.size();
        for (char const* line = text.data(); line < end;) {
            if (char const* const blank = empty_line_end(line)) {
                line = blank;
                continue;
            }
            Vertex source = 0;
            Vertex target = 0;
            char const* const next = parse_edge(line, source, target);
            if (next == nullptr)
                fail_at_line(input, text, place, line, "two numbers `from to` below 2^32");
            exchange.send(int(owners.owner(target)), {source, owners.local(target)});
            line = next;
        }
    });
    exchange.finish();
}

/// How often each number was counted.
class Histogram {
public:
    void make_room_for(std::uint64_t number) {
        if (number < counts_.size()) return;
        Array<std::uint32_t> wider(std::max(number + 1, 2 * counts_.size()), Access::random);
        if (counts_.size() > 0)
            std::memcpy(wider.data(), counts_.data(), counts_.size() * sizeof(std::uint32_t));
        counts_ = std::move(wider);
    }
    void add(std::uint64_t number) { ++counts_[number]; }
    Array<std::uint32_t> const& counts() const { return counts_; }

private:
    Array<std::uint32_t> counts_;
};

// ---- graph --------------------------------------------------------------------------------------

/// A vertex of another rank whose share is needed, and by how many edges.
struct Need {
    Local vertex;
    std::uint32_t edge_count;
};

/// The vertices that a rank owns, and the edges that lead to them.
class Graph {
public:
    /// Collective.
    Graph(InputFile const& input, Ranks ranks) : ranks_(ranks), owners_(ranks) {
        std::vector<std::uint64_t> most_from;
        for (int rank = 0; rank < ranks.count; ++rank)
            most_from.push_back(part_of(input.byte_count(), rank, ranks.count).size() / 4 + 1);
        Histogram sources;
        Histogram targets;
        Exchange<Edge> edges(ranks, most_from, [&](std::span<Edge const> block) {
            Edge most{};
            for (Edge const& edge : block)
                most = {std::max(most.source, edge.source), std::max(most.target, edge.target)};
            sources.make_room_for(most.source);
            targets.make_room_for(most.target);
            for (Edge const& edge : block) {
                sources.add(edge.source);
                targets.add(edge.target);
            }
        });
        send_edges(input, owners_, ranks, edges);
        make_vertices(sources, targets);
        tell_needs(sources.counts());
        build_rows(edges, sources.counts(), targets.counts());
        sent_bytes_ += edges.sent_bytes();
    }

    Graph(Graph const&) = delete;
    Graph& operator=(Graph const&) = delete;

    /// Collective.
    void iterate() {
        for (std::size_t v = 0; v < scores_.size(); ++v) shares_[v] = scores_[v] / degrees_[v];
        exchange_shares();
        for (std::size_t v = 0; v < scores_.size(); ++v) {
            double sum = 0;
            for (std::uint64_t i = row_ends_[v]; i < row_ends_[v + 1]; ++i)
                sum += incoming_[slots_[i]];
            scores_[v] = 0.15 + 0.85 * sum;
        }
    }

    /// Visit the vertices and their scores.
    template <typename Visit>
    void for_each_score(Visit visit) const {
        for (std::size_t v = 0; v < scores_.size(); ++v)
            if (occurs_[v]) visit(owners_.vertex(Vertex(ranks_.rank), Local(v)), scores_[v]);
    }

    /// Bytes sent to other ranks, from the start.
    std::uint64_t sent_bytes() const { return sent_bytes_; }

private:
    /// Collective. Give all ranks room for the same number of vertices.
    void make_vertices(Histogram& sources, Histogram& targets) {
        std::uint64_t count = targets.counts().size();
        if (std::uint64_t const source_count = sources.counts().size(); source_count > 0)
            count = std::max(count, std::uint64_t{owners_.local(Vertex(source_count - 1))} + 1);
        MPI_Allreduce(MPI_IN_PLACE, &count, 1, MPI_UINT64_T, MPI_MAX, MPI_COMM_WORLD);
        if (count == 0) return;
        targets.make_room_for(count - 1);
        sources.make_room_for(count * std::uint64_t(ranks_.count) - 1);
        scores_.assign(count, 1.0);
        shares_ = Array<double>(count, Access::random);
        degrees_.assign(count, 0.0);
        occurs_.assign(count, 0);
    }

    /// Collective. Tell the owners of all sources that their shares are needed. Then `sources`
    /// holds where in `incoming_` each of them will be.
    void tell_needs(Array<std::uint32_t> const& sources) {
        std::vector<std::vector<Vertex>> needed = needed_sources(sources);
        Exchange<Need> needs(ranks_,
                             std::vector<std::uint64_t>(std::size_t(ranks_.count), scores_.size()));
        std::uint32_t slot = 0;
        for (std::size_t rank = 0; rank < needed.size(); ++rank) {
            first_slots_.push_back(slot);
            for (Vertex const source : needed[rank]) {
                needs.send(int(rank), {owners_.local(source), sources[source]});
                sources[source] = slot++;
            }
        }
        first_slots_.push_back(slot);
        needs.finish();
        sent_bytes_ += needs.sent_bytes();
        incoming_ = Array<double>(slot, Access::random);
        for (int rank = 0; rank < ranks_.count; ++rank) {
            wanted_.emplace_back();
            for (Need const& need : needs.from(rank)) {
                wanted_.back().push_back(need.vertex);
                degrees_[need.vertex] += need.edge_count;
                occurs_[need.vertex] = 1;
            }
            outgoing_.emplace_back(wanted_.back().size());
        }
    }

    /// The sources of this rank's edges by owner, those of many edges first.
    std::vector<std::vector<Vertex>> needed_sources(Array<std::uint32_t> const& counts) const {
        std::array<std::vector<Vertex>, 33> by_size;
        for (std::size_t v = 0; v < counts.size(); ++v)
            if (counts[v] > 0) by_size[std::size_t(std::bit_width(counts[v]))].push_back(Vertex(v));
        std::vector<std::vector<Vertex>> needed(std::size_t(ranks_.count));
        for (std::size_t size = by_size.size(); size-- > 0;)
            for (Vertex const v : by_size[size]) needed[owners_.owner(v)].push_back(v);
        return needed;
    }

    /// Sort the edges by target, as the slots of their sources.
    void build_rows(Exchange<Edge> const& edges,
                    Array<std::uint32_t> const& slot_of,
                    Array<std::uint32_t> const& counts) {
        row_ends_.assign(scores_.size() + 1, 0);
        for (std::size_t v = 0; v < scores_.size(); ++v) {
            row_ends_[v + 1] = row_ends_[v] + counts[v];
            if (counts[v] > 0) occurs_[v] = 1;
        }
        slots_ = Array<std::uint32_t>(row_ends_.back());
        Array<std::uint64_t> const next(row_ends_.size(), Access::random);
        std::copy(row_ends_.begin(), row_ends_.end(), next.data());
        for (int rank = 0; rank < ranks_.count; ++rank)
            for (Edge const& edge : edges.from(rank))
                slots_[next[edge.target]++] = slot_of[edge.source];
    }

    void exchange_shares() {
        std::vector<MPI_Request> requests;
        for (int step = 1; step < ranks_.count; ++step) {
            int const from = (ranks_.rank + ranks_.count - step) % ranks_.count;
            std::uint32_t const first = first_slots_[std::size_t(from)];
            MPI_Irecv(incoming_.data() + first, int(first_slots_[std::size_t(from) + 1] - first),
                      MPI_DOUBLE, from, 1, MPI_COMM_WORLD, &requests.emplace_back());
        }
        for (int step = 1; step < ranks_.count; ++step) {
            auto const to = std::size_t((ranks_.rank + step) % ranks_.count);
            gather_shares(wanted_[to], outgoing_[to].data());
            MPI_Isend(outgoing_[to].data(), int(outgoing_[to].size()), MPI_DOUBLE, int(to), 1,
                      MPI_COMM_WORLD, &requests.emplace_back());
            sent_bytes_ += outgoing_[to].size() * sizeof(double);
        }
        auto const own = std::size_t(ranks_.rank);
        gather_shares(wanted_[own], incoming_.data() + first_slots_[own]);
        MPI_Waitall(int(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
    }

    void gather_shares(std::vector<Local> const& vertices, double* to) const {
        for (Local const vertex : vertices) *to++ = shares_[vertex];
    }

    Ranks ranks_;
    Owners owners_;
    std::uint64_t sent_bytes_ = 0;

    // By vertex.
    std::vector<double> scores_;
    Array<double> shares_;
    std::vector<double> degrees_;
    std::vector<char> occurs_;
    std::vector<std::uint64_t> row_ends_;

    Array<std::uint32_t> slots_;              // of the sources, row by row
    Array<double> incoming_;                  // shares by slot, and
    std::vector<std::uint32_t> first_slots_;  // where those of each rank begin
    std::vector<std::vector<Local>> wanted_;  // whose shares each rank wants
    std::vector<std::vector<double>> outgoing_;
};

// ---- program ------------------------------------------------------------------------------------

struct Options {
    std::string output_dir;
    std::uint64_t iterations = 10;
};

void write_scores(Graph const& graph, std::string const& output_dir, Ranks ranks) {
    PartFile part(output_dir, ranks.rank);
    graph.for_each_score([&](Vertex vertex, double score) {
        char* to = put_number(part.room(), vertex);
        *to++ = '\t';
        to = put_number(to, score);
        *to++ = '\n';
        part.advance_to(to);
    });
    part.finish();
}

/// Collective. Rank 0 prints the sum over all ranks.
void print_bytes(char const* what, std::uint64_t bytes, Ranks ranks) {
    std::uint64_t total = 0;
    MPI_Reduce(&bytes, &total, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    if (ranks.rank == 0)
        std::printf("%-20s %llu bytes sent\n", what, static_cast<unsigned long long>(total));
}

void score_vertices(InputFile const& input, Options const& options, Ranks ranks) {
    Phases phases;
    Graph graph(input, ranks);
    std::uint64_t const bytes_to_load = graph.sent_bytes();
    MPI_Barrier(MPI_COMM_WORLD);
    phases.end("load");
    for (std::uint64_t i = 0; i < options.iterations; ++i) graph.iterate();
    phases.end("iterate");
    write_scores(graph, options.output_dir, ranks);
    phases.end("write");
    phases.print(ranks);
    print_bytes("load", bytes_to_load, ranks);
    print_bytes("iterate", graph.sent_bytes() - bytes_to_load, ranks);
}

void program(Arguments const& given, Ranks ranks) {
    std::optional<InputFile> input;
    Options options;
    agree(ranks, [&] {
        Arguments arguments = given;
        options.iterations = take_count_option(arguments, "--iterations", 10);
        if (arguments.size() != 2)
            throw std::invalid_argument("usage: page_rank_mpi EDGES OUTPUT_DIR [--iterations N]");
        options.output_dir = arguments[1];
        input.emplace(arguments[0]);
        if (ranks.rank == 0) prepare_output_dir(options.output_dir);
    });
    score_vertices(*input, options, ranks);
}

}  // namespace

int main(int argc, char** argv) { return run_program(argc, argv, "page_rank_mpi", program); }
