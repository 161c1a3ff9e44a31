#pragma once

#include <cstdint>
#include <string>

#include "serry/plan/lineage.hpp"

namespace serry {

/// The stages of an action on `target` as text, one line each with its steps and their call sites:
/// what would run. Looks at no input.
std::string explain(Transformation& target, std::uint64_t default_partitions);

}  // namespace serry
