#include "serry/tool/scale_report.hpp"

#include <fmt/format.h>

#include "serry/base/text_table.hpp"
#include "serry/tool/scale_page.hpp"
#include "serry/tool/scale_series.hpp"

namespace serry {
namespace {

std::string marks_of(ShapeRuns const& shape) {
    std::string marks;
    if (shape.is_oversubscribed) marks += "more ranks than cores";
    if (shape.failed) marks += fmt::format("{}{} failed", marks.empty() ? "" : ", ", shape.failed);
    return marks;
}

TextTable summary_of(ScaleSeries const& series) {
    TextTable rows{{"shape", "ranks", "runs", "seconds", "fastest", "slowest", "speed-up",
                    "efficiency", "serial fraction", ""}};
    for (std::size_t i = 0; i < series.shapes.size(); ++i) {
        ShapeRuns const& shape = series.shapes[i];
        ShapeFigures const& figures = series.figures[i];
        rows.push_back(
            {shape.shape.name(), std::to_string(shape.shape.ranks()),
             std::to_string(shape.runs.size()), fmt::format("{:.3f}", figures.seconds.median),
             fmt::format("{:.3f}", figures.seconds.smallest),
             fmt::format("{:.3f}", figures.seconds.largest),
             fmt::format("{:.2f}", figures.speed_up), fmt::format("{:.2f}", figures.efficiency),
             figures.serial_fraction ? fmt::format("{:.3f}", *figures.serial_fraction) : "-",
             marks_of(shape)});
    }
    for (ShapeRuns const& shape : series.failed)
        rows.push_back({shape.shape.name(), std::to_string(shape.shape.ranks()), "0", "-", "-", "-",
                        "-", "-", "-", marks_of(shape)});
    return rows;
}

std::string csv_of(ScaleSeries const& series) {
    std::string csv =
        "shape,nodes,ranks_a_node,ranks,oversubscribed,runs,failed,median_seconds,smallest_seconds,"
        "largest_seconds,speed_up,efficiency,least_efficiency,most_efficiency,serial_fraction,"
        "task_seconds,exchange_seconds,wait_seconds,checkpoint_seconds,other_seconds,bytes_sent_a_"
        "peer\n";
    for (std::size_t i = 0; i < series.shapes.size(); ++i) {
        ShapeRuns const& shape = series.shapes[i];
        ShapeFigures const& figures = series.figures[i];
        TimeParts const parts = parts_of(middle_run(shape));
        csv += fmt::format(
            "{},{},{},{},{},{},{},{:.6f},{:.6f},{:.6f},{:.6f},{:.6f},{:.6f},{:.6f},{},{:.6f},"
            "{:.6f},{:.6f},{:.6f},{:.6f},{:.0f}\n",
            shape.shape.name(), shape.shape.nodes, shape.shape.ranks_a_node, shape.shape.ranks(),
            shape.is_oversubscribed, shape.runs.size(), shape.failed, figures.seconds.median,
            figures.seconds.smallest, figures.seconds.largest, figures.speed_up, figures.efficiency,
            figures.least_efficiency, figures.most_efficiency,
            figures.serial_fraction ? fmt::format("{:.6f}", *figures.serial_fraction) : "",
            parts.tasks, parts.exchange, parts.wait, parts.checkpoint, parts.other,
            bytes_a_peer(middle_run(shape)));
    }
    for (ShapeRuns const& shape : series.failed)
        csv += fmt::format("{},{},{},{},{},0,{},,,,,,,,,,,,,,\n", shape.shape.name(),
                           shape.shape.nodes, shape.shape.ranks_a_node, shape.shape.ranks(),
                           shape.is_oversubscribed, shape.failed);
    return csv;
}

}  // namespace

ScaleReport report_of(std::vector<ScaleRun> const& runs) {
    ScaleSeries const series = series_of(runs);
    TextTable const summary = summary_of(series);
    return {to_text(summary), csv_of(series), scale_page(runs, series, summary)};
}

}  // namespace serry
