#include "serry/tool/scale_page.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "serry/base/units.hpp"
#include "serry/tool/scale_fit.hpp"
#include "serry/tool/svg_plot.hpp"

namespace serry {
namespace {

std::string as_html(TextTable const& rows) {
    std::string html = "<table>\n<tr>";
    for (std::string const& name : rows[0]) html += "<th>" + html_text(name) + "</th>";
    html += "</tr>\n";
    for (std::size_t i = 1; i < rows.size(); ++i) {
        html += "<tr>";
        for (std::string const& cell : rows[i]) html += "<td>" + html_text(cell) + "</td>";
        html += "</tr>\n";
    }
    return html + "</table>\n";
}

/// What point_of(figures) says of each shape, at its ranks.
template <typename PointOf>
PlotSeries measured(ScaleSeries const& series, PointOf const& point_of) {
    PlotSeries points{"measured", {}, PlotSeries::Look::points};
    for (std::size_t i = 0; i < series.shapes.size(); ++i) {
        PlotPoint point = point_of(series.figures[i]);
        point.x = series.shapes[i].shape.ranks();
        point.is_hollow = series.shapes[i].is_oversubscribed;
        points.points.push_back(point);
    }
    return points;
}

/// f over the ranks from the first to the last shape.
template <typename F>
PlotSeries curve(std::string name,
                 PlotSeries::Look look,
                 std::vector<ShapeRuns> const& over,
                 F const& f) {
    PlotSeries line{std::move(name), {}, look};
    double const begin = over.front().shape.ranks(), end = over.back().shape.ranks();
    constexpr int piece_count = 32;
    for (int i = 0; i <= piece_count; ++i) {
        double const ranks = begin * std::pow(end / begin, static_cast<double>(i) / piece_count);
        double const y = f(ranks);
        line.points.push_back({ranks, y, y, y, false});
    }
    return line;
}

struct Fits {
    std::optional<ScalingLaw> amdahl, universal;
    std::optional<Prediction> prediction;
};

std::string time_plot(ScaleSeries const& series, Fits const& fits) {
    double const base = series.figures[0].seconds.median;
    double const first_ranks = series.first().shape.ranks();
    Plot plot{"Time", "ranks", "seconds", true, {}};
    plot.series.push_back(measured(series, [](ShapeFigures const& figures) {
        Timing const& seconds = figures.seconds;
        return PlotPoint{0, seconds.median, seconds.smallest, seconds.largest, false};
    }));
    plot.series.push_back(
        curve("ideal", PlotSeries::Look::dashes, series.shapes,
              [&](double ranks) { return series.is_weak ? base : base * first_ranks / ranks; }));
    if (fits.amdahl)
        plot.series.push_back(curve("Amdahl", PlotSeries::Look::line, series.fitted,
                                    [&](double ranks) { return fits.amdahl->seconds_at(ranks); }));
    if (fits.universal)
        plot.series.push_back(
            curve("universal law", PlotSeries::Look::line, series.fitted,
                  [&](double ranks) { return fits.universal->seconds_at(ranks); }));
    return xy_plot(plot);
}

std::string speed_up_plot(ScaleSeries const& series) {
    Plot plot{series.is_weak ? "Scaled speed-up" : "Speed-up",
              "ranks",
              "times " + series.first().shape.name(),
              true,
              {}};
    std::vector<double> times;
    for (ShapeRuns const& shape : series.shapes)
        times.push_back(static_cast<double>(shape.shape.ranks()) / series.first().shape.ranks());
    std::size_t at = 0;
    plot.series.push_back(measured(series, [&](ShapeFigures const& figures) {
        double const p = times[at++];
        return PlotPoint{0, figures.speed_up, figures.least_efficiency * p,
                         figures.most_efficiency * p, false};
    }));
    double const first_ranks = series.first().shape.ranks();
    plot.series.push_back(curve("ideal", PlotSeries::Look::dashes, series.shapes,
                                [&](double ranks) { return ranks / first_ranks; }));
    return xy_plot(plot);
}

std::string efficiency_plot(ScaleSeries const& series) {
    Plot plot{"Efficiency", "ranks", "speed-up over ranks", false, {}};
    plot.series.push_back(measured(series, [](ShapeFigures const& figures) {
        return PlotPoint{0, figures.efficiency, figures.least_efficiency, figures.most_efficiency,
                         false};
    }));
    plot.series.push_back(
        curve("ideal", PlotSeries::Look::dashes, series.shapes, [](double) { return 1.0; }));
    return xy_plot(plot);
}

std::string serial_fraction_plot(ScaleSeries const& series) {
    Plot plot{"Serial fraction (Karp-Flatt)", "ranks", "fraction", false, {}};
    plot.series.push_back(measured(series, [](ShapeFigures const& figures) {
        double const fraction =
            figures.serial_fraction ? std::max(0.0, *figures.serial_fraction) : NAN;
        return PlotPoint{0, fraction, fraction, fraction, false};
    }));
    return xy_plot(plot);
}

std::string parts_plot(ScaleSeries const& series) {
    BarPlot plot{"Where the time goes", "shape", "seconds, mean over ranks", {}, {}, {}};
    plot.parts = {"tasks", "exchange", "wait", "checkpoint", "other"};
    for (ShapeRuns const& shape : series.shapes) {
        TimeParts const parts = parts_of(middle_run(shape));
        plot.labels.push_back(shape.shape.name());
        plot.values.push_back(
            {parts.tasks, parts.exchange, parts.wait, parts.checkpoint, parts.other});
    }
    return bar_plot(plot);
}

std::string bytes_plot(ScaleSeries const& series) {
    Plot plot{"Bytes that a rank sends to each", "ranks", "bytes a peer", true, {}};
    PlotSeries points{"middle run", {}, PlotSeries::Look::points};
    for (ShapeRuns const& shape : series.shapes) {
        double const bytes = bytes_a_peer(middle_run(shape));
        points.points.push_back({static_cast<double>(shape.shape.ranks()), bytes, bytes, bytes,
                                 shape.is_oversubscribed});
    }
    plot.series.push_back(std::move(points));
    return xy_plot(plot);
}

/// Stages with the same steps, as a loop has them, are one row.
TextTable stages_of(ScaleRun const& run) {
    struct Row {
        std::uint64_t count = 0;
        ScaleStage sum;
    };
    std::map<std::string, Row> rows;
    std::vector<std::string> order;
    for (ScaleStage const& stage : run.stages) {
        Row& row = rows[stage.steps];
        if (row.count++ == 0) order.push_back(stage.steps);
        row.sum.seconds += stage.seconds;
        row.sum.task_seconds += stage.task_seconds;
        row.sum.exchange_seconds += stage.exchange_seconds;
        row.sum.wait_seconds += stage.wait_seconds;
        row.sum.checkpoint_seconds += stage.checkpoint_seconds;
        row.sum.bytes_sent += stage.bytes_sent;
    }
    TextTable table{{"steps", "stages", "seconds", "tasks", "exchange", "wait", "checkpoint",
                     "sent by all", "sent a peer"}};
    auto const ranks = static_cast<std::uint64_t>(run.shape().ranks());
    for (std::string const& steps : order) {
        Row const& row = rows[steps];
        table.push_back({steps, std::to_string(row.count), fmt::format("{:.3f}", row.sum.seconds),
                         fmt::format("{:.3f}", row.sum.task_seconds),
                         fmt::format("{:.3f}", row.sum.exchange_seconds),
                         fmt::format("{:.3f}", row.sum.wait_seconds),
                         fmt::format("{:.3f}", row.sum.checkpoint_seconds),
                         format_bytes(row.sum.bytes_sent),
                         format_bytes(row.sum.bytes_sent / ranks / ranks)});
    }
    return table;
}

std::string stages_html(ScaleSeries const& series) {
    std::string html =
        "<p>Of each shape the run in the middle. Seconds of a stage are the slowest rank's; its "
        "parts "
        "are means over the ranks. Stages with the same steps are one row. A peer is any of the "
        "ranks, oneself among them.</p>\n";
    for (ShapeRuns const& shape : series.shapes) {
        ScaleRun const& run = middle_run(shape);
        if (run.stages.empty()) continue;
        html += fmt::format("<details{}><summary>{}</summary>\n{}</details>\n",
                            &shape == &series.shapes.back() ? " open" : "", shape.shape.name(),
                            as_html(stages_of(run)));
    }
    return html;
}

std::string with_range(Estimate const& estimate) {
    return fmt::format("{:.4g} ({:.4g} to {:.4g})", estimate.value, estimate.low, estimate.high);
}

std::vector<std::string> law_row(std::string const& name, ScalingLaw const& law) {
    return {name, with_range(law.first_seconds), with_range(law.contention),
            with_range(law.coherency)};
}

std::string fits_html(ScaleSeries const& series, Fits const& fits) {
    if (!fits.amdahl)
        return fmt::format(
            "<p>Nothing is fitted: that takes three shapes that have no more ranks than cores, and "
            "here are {}.</p>\n",
            series.fitted.size());
    TextTable laws{{"law", "seconds of " + series.fitted.front().shape.name(),
                    series.is_weak ? "contention" : "contention (serial fraction)", "coherency"}};
    laws.push_back(law_row("Amdahl", *fits.amdahl));
    if (fits.universal) laws.push_back(law_row("universal scalability", *fits.universal));
    return fmt::format(
               "<p>To the medians of {} shapes; in brackets nine of ten resamplings of the "
               "runs.</p>\n",
               series.fitted.size())
           + as_html(laws);
}

std::string prediction_html(ScaleSeries const& series, Fits const& fits) {
    if (!fits.prediction)
        return fmt::format(
            "<p>Nothing is predicted: that takes four shapes of a program of serry's that have no "
            "more ranks than cores, one of them to be held out, and here are {}.</p>\n",
            series.fitted.size());
    std::string html =
        "<p>Task seconds, of which a part does not shrink, a start-up, a latency for each step of "
        "each stage's trees and a gap for each byte sent (in the manner of LogGP), fitted to the "
        "smaller shapes and tried on larger ones that the model had not seen:</p>\n";
    TextTable held_out{{"held out", "predicted", "measured", "error"}};
    for (Prediction::HeldOut const& one : fits.prediction->held_out)
        held_out.push_back({one.shape.name(), fmt::format("{:.3f}", one.predicted),
                            fmt::format("{:.3f}", one.measured),
                            fmt::format("{:.0f} %", 100 * one.error())});
    html += as_html(held_out);
    if (!fits.prediction->is_fit_to_print)
        return html
               + "<p>An error above 25 %: this model does not hold here, and nothing is "
                 "predicted.</p>\n";
    TextTable points{{"ranks", "seconds, predicted", "off by, if as on the held out"}};
    for (Prediction::Point const& point : fits.prediction->points)
        points.push_back({fmt::format("{:.0f}", point.ranks), fmt::format("{:.3f}", point.seconds),
                          fmt::format("{:.0f} %", 100 * fits.prediction->largest_error)});
    return html + as_html(points);
}

std::string joined(std::vector<std::string> const& words) {
    return fmt::format("{}", fmt::join(words, " "));
}

/// What differs between the runs of a series that should be alike.
std::string differences_html(std::vector<ScaleRun> const& runs) {
    std::string html;
    auto const check = [&](char const* what, auto const& of) {
        std::set<std::string> seen;
        for (ScaleRun const& run : runs)
            if (std::string const text = of(run); !text.empty()) seen.insert(text);
        if (seen.size() > 1)
            html += fmt::format("<p class=\"warning\">The runs have not one {}: {}</p>\n", what,
                                html_text(fmt::format("{}", fmt::join(seen, "; "))));
    };
    check("program", [](ScaleRun const& run) { return run.program_hash; });
    check("revision", [](ScaleRun const& run) { return run.revision; });
    check("build", [](ScaleRun const& run) { return run.build; });
    check("MPI", [](ScaleRun const& run) { return run.mpi; });
    check("system", [](ScaleRun const& run) { return run.system; });
    return html;
}

std::string repeat_html(std::vector<ScaleRun> const& runs, ScaleSeries const& series) {
    ScaleRun const& run = middle_run(series.shapes.back());
    TextTable rows{{"what", "as it was"},
                   {"program", joined(run.program)},
                   {"launched as", joined(run.launched)},
                   {"revision", run.revision.empty() ? "not in git" : run.revision},
                   {"program's hash", run.program_hash},
                   {"serry", run.build},
                   {"MPI", run.mpi},
                   {"system", run.system},
                   {"cores of a node", std::to_string(run.cores)},
                   {"memory of a rank", format_bytes(run.memory_bytes)},
                   {"first run", runs.front().started_at},
                   {"last run", runs.back().started_at}};
    std::set<std::string> const hosts(run.hosts.begin(), run.hosts.end());
    rows.push_back({"hosts", fmt::format("{}", fmt::join(hosts, " "))});
    for (EnvironmentVariable const& variable : run.environment)
        rows.push_back({variable.name, variable.value});
    return as_html(rows) + differences_html(runs);
}

constexpr char const* style = R"(
:root { --page: #ffffff; --ink: #1f2328; --faint: #d0d7de; --soft: #57606a;
  --c1: #0969da; --c2: #bf5b00; --c3: #1a7f37; --c4: #8250df; --c5: #8c959f; }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --ink: #e6edf3; --faint: #30363d;
  --soft: #9198a1; --c1: #4493f8; --c2: #db8b3a; --c3: #3fb950; --c4: #ab7df8; --c5: #7d8590; } }
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 1rem; }
.wide, details { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid var(--faint); text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
.warning { color: var(--c2); } code { overflow-wrap: anywhere; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 12px; }
svg .plot-title { font-size: 14px; font-weight: 600; } svg .tick-y { text-anchor: end; }
svg .tick-x, svg .axis { text-anchor: middle; } svg .axis, svg .tick-x, svg .tick-y {
  fill: var(--soft); } svg .grid { stroke: var(--faint); stroke-width: 1; }
svg .stroke { fill: none; stroke-width: 2; } svg .dashed { stroke-dasharray: 5 4; }
svg .hollow { fill: var(--page); stroke-width: 2; }
)";

std::string style_of_page() {
    std::string css = style;
    for (int i = 1; i <= 5; ++i)
        css += fmt::format(
            ".plot-{0}.fill {{ fill: var(--c{0}); }} .plot-{0}.stroke, .plot-{0}.hollow {{ stroke: "
            "var(--c{0}); }}\n",
            i);
    return css;
}

}  // namespace

std::string scale_page(std::vector<ScaleRun> const& runs,
                       ScaleSeries const& series,
                       TextTable const& summary) {
    Fits const fits{fit_law(series.fitted, series.is_weak, false),
                    fit_law(series.fitted, series.is_weak, true),
                    predict(series.fitted, series.is_weak)};
    std::string const program = joined(series.first().runs[0].program);
    bool const has_crowd = series.fitted.size() < series.shapes.size();
    std::string html = fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>How {0} scales</title>\n"
        "<style>{1}</style>\n</head>\n<body>\n<h1>How it scales: <code>{0}</code></h1>\n",
        html_text(program), style_of_page());
    html += fmt::format(
        "<p>{} scaling{}, {} runs. Times are medians, whiskers the fastest and the slowest run. "
        "{}</p>\n",
        series.is_weak ? "Weak" : "Strong",
        series.is_weak ? " (the work grows with the ranks)" : " (the work stays the same)",
        std::count_if(runs.begin(), runs.end(), [](ScaleRun const& run) { return run.round > 0; }),
        has_crowd ? "Hollow points have more ranks on a node than it has cores: they show that it "
                    "runs, not how fast, and are never fitted."
                  : "");
    html += "<div class=\"wide\">\n" + as_html(summary) + "</div>\n";
    html += "<div class=\"plots\">\n" + time_plot(series, fits) + speed_up_plot(series)
            + efficiency_plot(series) + serial_fraction_plot(series) + parts_plot(series)
            + bytes_plot(series) + "</div>\n";
    html += "<h2>Stages</h2>\n" + stages_html(series);
    html += "<h2>What fits</h2>\n<div class=\"wide\">\n" + fits_html(series, fits) + "</div>\n";
    html += "<h2>What it says for more ranks</h2>\n<div class=\"wide\">\n"
            + prediction_html(series, fits) + "</div>\n";
    html += "<h2>To repeat it</h2>\n<div class=\"wide\">\n" + repeat_html(runs, series)
            + "</div>\n<p>runs.jsonl beside this page has every run.</p>\n</body>\n</html>\n";
    return html;
}

}  // namespace serry
