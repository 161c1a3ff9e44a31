#pragma once

#include <string>
#include <vector>

#include "serry/base/text_table.hpp"
#include "serry/tool/scale_series.hpp"

namespace serry {

/// A page of HTML that needs nothing else: `summary`, plots, stages, fits, a prediction, and how to
/// repeat the runs.
std::string scale_page(std::vector<ScaleRun> const& runs,
                       ScaleSeries const& series,
                       TextTable const& summary);

}  // namespace serry
