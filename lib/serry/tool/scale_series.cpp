#include "serry/tool/scale_series.hpp"

#include <algorithm>
#include <utility>

#include "serry/base/error.hpp"

namespace serry {

ScaleSeries series_of(std::vector<ScaleRun> const& runs) {
    ScaleSeries series;
    for (ShapeRuns& shape : by_shape(runs)) {
        if (shape.runs.empty()) {
            series.failed.push_back(std::move(shape));
            continue;
        }
        series.is_weak = shape.runs[0].is_weak;
        if (!shape.is_oversubscribed) series.fitted.push_back(shape);
        series.shapes.push_back(std::move(shape));
    }
    if (series.shapes.empty())
        throw UsageError(
            "serry scale: no run went well, so that there is nothing to report; the logs beside "
            "runs.jsonl say why");
    for (ShapeRuns const& shape : series.shapes)
        series.figures.push_back(figures_of(shape, series.first(), series.is_weak));
    return series;
}

ScaleRun const& middle_run(ShapeRuns const& shape) {
    std::vector<ScaleRun const*> sorted;
    for (ScaleRun const& run : shape.runs) sorted.push_back(&run);
    std::sort(sorted.begin(), sorted.end(),
              [](ScaleRun const* a, ScaleRun const* b) { return a->seconds() < b->seconds(); });
    return *sorted[(sorted.size() - 1) / 2];
}

TimeParts parts_of(ScaleRun const& run) {
    TimeParts parts;
    for (ScaleStage const& stage : run.stages) {
        parts.tasks += stage.task_seconds;
        parts.exchange += stage.exchange_seconds;
        parts.wait += stage.wait_seconds;
        parts.checkpoint += stage.checkpoint_seconds;
    }
    parts.other =
        std::max(0.0, run.seconds() - parts.tasks - parts.exchange - parts.wait - parts.checkpoint);
    return parts;
}

double bytes_a_peer(ScaleRun const& run) {
    double const ranks = run.shape().ranks();
    return run.bytes_sent() / ranks / ranks;
}

}  // namespace serry
