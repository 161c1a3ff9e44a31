#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "serry/comm/node_pages.hpp"
#include "serry/shuffle/route.hpp"
#include "serry/stage/stage_end.hpp"

namespace serry {

/// How exchanges are to travel, as options say.
struct RouteChoice {
    /// One of route_words.
    std::string way = "auto";
    /// Blocks from so many bytes on travel by themselves in two hops and three. 0: none, and with
    /// auto 64 KiB for each rank of a node, as measured: the more ranks a bundle has, the larger
    /// the blocks for which it pays.
    std::size_t direct_bytes = 0;
};

/// The ways that a job's exchanges can take, and which one each takes. The last one is kept, with
/// its buffers, which are within the budget of one.
class Routes {
public:
    /// Throws UsageError when the choice is none of route_words.
    Routes(comm::Communicator const& communicator,
           comm::Nodes& nodes,
           std::size_t outbox_bytes,
           RouteChoice choice = {});

    /// Collective, before the first exchange: makes what all ways need. Throws UsageError on every
    /// rank alike when what was chosen cannot be had here.
    void prepare();

    /// Collective: for an exchange of which this rank has `load`. Prepares, if nobody did. Valid
    /// until the next call.
    Route& choose(Outgoing::Load const& load);

    /// Of all exchanges so far.
    RouteCounters counters() const;

private:
    /// In the order of route_words (base/options.hpp).
    enum class Way { automatic, flat, direct, two_hop, three_hop, sparse };

    static Way way_of(std::string const& word);
    Way automatic(Outgoing::Load own) const;
    Route& take(Way way);
    std::unique_ptr<Route> make(Way way) const;
    std::size_t direct_bytes(Way way) const;

    comm::Communicator const& comm_;
    comm::Nodes& nodes_;
    std::size_t outbox_bytes_;
    RouteChoice choice_;
    Way chosen_;
    bool is_prepared_ = false;
    comm::NodeMap const* map_ = nullptr;
    std::unique_ptr<comm::NodePages> pages_;
    std::unique_ptr<Route> route_;
    Way way_ = Way::flat;    ///< of route_
    RouteCounters counted_;  ///< of routes before
};

}  // namespace serry
