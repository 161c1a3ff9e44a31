#pragma once

#include <string>
#include <vector>

#include "serry/tool/scale_run.hpp"

namespace serry {

/// Everything that a series shows, made from its raw runs alone. At least one of them went well.
struct ScaleReport {
    std::string text;  ///< a table for the terminal
    std::string csv;   ///< a line a shape, with a header
    std::string html;  ///< one page that needs nothing else: tables, plots, how to repeat it
};
/// Throws UsageError if no run went well.
ScaleReport report_of(std::vector<ScaleRun> const& runs);

}  // namespace serry
