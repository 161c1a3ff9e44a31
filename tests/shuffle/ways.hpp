#pragma once

#include <string>
#include <vector>

#include "serry/shuffle/exchange.hpp"

namespace serry::test {

/// A way for exchanges, with nodes as if they had so many ranks (0: as they are).
struct Way {
    RouteChoice choice;
    int ranks_per_node = 0;

    std::string name() const {
        return choice.way + " over nodes of " + std::to_string(ranks_per_node);
    }
};

/// Every route, over nodes of one size and of several, with large blocks and without.
inline std::vector<Way> all_ways() {
    return {{{.way = "flat"}},
            {{.way = "auto"}},
            {{.way = "two-hop"}, 2},
            {{.way = "two-hop"}, 1},
            {{.way = "three-hop"}, 3},
            {{.way = "three-hop"}, 2},
            {{.way = "direct"}, 2},
            {{.way = "sparse"}},
            {{.way = "auto", .direct_bytes = 100}, 2}};
}

/// A job's gear for one way.
struct WayGear {
    WayGear(comm::Communicator const& original, std::size_t round_bytes, Way const& way)
        : comm(original.handle()),
          nodes(comm, way.ranks_per_node),
          gear(comm, nodes, round_bytes, way.choice) {}

    comm::Communicator comm;
    comm::Nodes nodes;
    ExchangeGear gear;
};

}  // namespace serry::test
