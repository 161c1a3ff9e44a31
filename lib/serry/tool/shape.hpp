#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace serry {

/// How many nodes a job has, and ranks on each of them.
struct Shape {
    int nodes = 1;
    int ranks_a_node = 1;

    int ranks() const { return nodes * ranks_a_node; }
    /// "4x32": 4 nodes with 32 ranks each.
    std::string name() const;

    friend bool operator==(Shape const&, Shape const&) = default;
    friend bool operator<(Shape const& a, Shape const& b) {
        return std::pair(a.nodes, a.ranks_a_node) < std::pair(b.nodes, b.ranks_a_node);
    }
};

/// "4x32" as above, or "8": 8 ranks on one node. Throws UsageError naming `where`.
Shape shape_option(std::string const& where, std::string_view text);

/// A word of a command with what stands in braces replaced: {nodes}, {ranks}, either of them times
/// a number ({ranks*1000000}), and {round}. Other braces stay. Throws UsageError for a number that
/// cannot be.
std::string fill_in(std::string_view word, Shape shape, int round);

/// Whether fill_in() makes different words for different shapes.
bool depends_on_shape(std::vector<std::string> const& words);

}  // namespace serry
