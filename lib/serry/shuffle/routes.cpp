#include "serry/shuffle/routes.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "serry/base/error.hpp"
#include "serry/base/options.hpp"
#include "serry/shuffle/node_route.hpp"
#include "serry/shuffle/sparse_route.hpp"

namespace serry {
namespace {

/// By three hops go exchanges of fewer bytes a pair of ranks; large blocks in them are these.
constexpr std::uint64_t few_bytes_a_pair = 512;
constexpr std::size_t three_hop_block_bytes = std::size_t{16} << 10;
/// Bundles pay up to so many bytes a block and rank of a node.
constexpr std::size_t direct_bytes_a_rank = std::size_t{64} << 10;

}  // namespace

Routes::Routes(comm::Communicator const& communicator,
               comm::Nodes& nodes,
               std::size_t outbox_bytes,
               RouteChoice choice)
    : comm_(communicator),
      nodes_(nodes),
      outbox_bytes_(std::max(outbox_bytes, static_cast<std::size_t>(communicator.rank_count()))),
      choice_(std::move(choice)),
      chosen_(way_of(word_option("--route", choice_.way, route_words))) {}

Routes::Way Routes::way_of(std::string const& word) {
    return static_cast<Way>(std::find(route_words.begin(), route_words.end(), word)
                            - route_words.begin());
}

void Routes::prepare() {
    if (std::exchange(is_prepared_, true)) return;
    map_ = &nodes_.map(comm_);
    if (chosen_ == Way::flat || chosen_ == Way::sparse) return;
    auto const ranks = static_cast<std::size_t>(comm_.rank_count());
    pages_ = comm::NodePages::allocate(comm_, nodes_, NodeRoute::pages_bytes(ranks, outbox_bytes_));
    if (!pages_ && chosen_ != Way::automatic)
        throw UsageError("--route " + choice_.way
                         + ": the ranks of a node cannot share memory here; expected /proc of the "
                           "node and room in its memory; take auto or flat");
}

Route& Routes::choose(Outgoing::Load const& load) {
    prepare();
    return take(chosen_ == Way::automatic ? automatic(load) : chosen_);
}

/// The way with the fewest messages that is fast for blocks of such a size.
Routes::Way Routes::automatic(Outgoing::Load own) const {
    auto const nodes = static_cast<std::uint64_t>(map_->node_count());
    auto const ranks = static_cast<std::uint64_t>(comm_.rank_count());
    if (nodes == 1) return pages_ ? Way::two_hop : Way::flat;
    std::uint64_t most[] = {own.receivers, own.byte_count};
    comm_.all_reduce_max(most);
    std::uint64_t const consensus = std::bit_width(ranks);
    if (most[0] + consensus < (nodes - 1) / 2) return Way::sparse;
    if (!pages_) return Way::flat;
    return most[1] / ranks < few_bytes_a_pair ? Way::three_hop : Way::two_hop;
}

Route& Routes::take(Way way) {
    if (route_ && way == way_) return *route_;
    counted_ = counters();
    route_.reset();
    route_ = make(way);
    way_ = way;
    return *route_;
}

std::unique_ptr<Route> Routes::make(Way way) const {
    if (way == Way::flat) return std::make_unique<FlatRoute>(comm_, *map_, outbox_bytes_);
    if (way == Way::sparse) return std::make_unique<SparseRoute>(comm_, *map_, outbox_bytes_);
    NodeRoute::Settings const settings{
        .hops = way == Way::three_hop ? NodeRoute::Hops::three : NodeRoute::Hops::two,
        .direct_bytes = direct_bytes(way)};
    return std::make_unique<NodeRoute>(comm_, *map_, *pages_, settings);
}

std::size_t Routes::direct_bytes(Way way) const {
    if (way == Way::direct) return 1;
    if (choice_.direct_bytes > 0) return choice_.direct_bytes;
    if (chosen_ != Way::automatic) return std::numeric_limits<std::size_t>::max();
    if (way == Way::three_hop) return three_hop_block_bytes;
    return direct_bytes_a_rank * map_->ranks_of(map_->node_of(comm_.rank())).size();
}

RouteCounters Routes::counters() const {
    RouteCounters all = counted_;
    if (route_) all.add(route_->counters(), {});
    return all;
}

}  // namespace serry
