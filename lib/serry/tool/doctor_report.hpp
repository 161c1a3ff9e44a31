#pragma once

#include <vector>

#include "serry/tool/checkpoint_tool.hpp"
#include "serry/tool/doctor.hpp"

namespace serry {

/// What only shows among several ranks: nodes that differ from most of the others, or are slower.
std::vector<Finding> compare_nodes(std::vector<Examination> const& ranks);

/// What was found, for people or as a JSON object. Findings that are the same on all ranks are
/// told once. Good if nothing is bad.
ToolReport describe(std::vector<Examination> const& ranks, bool as_json);

}  // namespace serry
