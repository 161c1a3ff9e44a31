#pragma once

#include <vector>

#include "serry/tool/scale_fit.hpp"
#include "serry/tool/scale_run.hpp"

namespace serry {

/// The runs of a series by what is to be made of them.
struct ScaleSeries {
    std::vector<ShapeRuns> shapes;      ///< that have a run which went well
    std::vector<ShapeRuns> fitted;      ///< of these, not oversubscribed
    std::vector<ShapeRuns> failed;      ///< of which none went well
    std::vector<ShapeFigures> figures;  ///< of `shapes`
    bool is_weak = false;

    /// What the others are measured against.
    ShapeRuns const& first() const { return shapes.front(); }
};

/// Throws UsageError if no run went well.
ScaleSeries series_of(std::vector<ScaleRun> const& runs);

/// The run in the middle of those that went well: its parts belong together, which medians of parts
/// do not. There is at least one.
ScaleRun const& middle_run(ShapeRuns const& shape);

/// Means over the ranks, in seconds: where the time of a job went.
struct TimeParts {
    double tasks = 0, exchange = 0, wait = 0, checkpoint = 0, other = 0;
};

TimeParts parts_of(ScaleRun const& run);

/// Bytes that a rank sends to one rank, itself or another: mean over the pairs.
double bytes_a_peer(ScaleRun const& run);

}  // namespace serry
