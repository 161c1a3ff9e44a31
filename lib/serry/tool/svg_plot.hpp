#pragma once

#include <string>
#include <vector>

namespace serry {

/// A point of a plot with how far it may be off.
struct PlotPoint {
    double x = 0;
    double y = 0;
    double low = 0;  ///< equal to y: no whisker
    double high = 0;
    bool is_hollow = false;
};

struct PlotSeries {
    std::string name;
    std::vector<PlotPoint> points;
    enum class Look { points, line, dashes } look = Look::points;
};

struct Plot {
    std::string title;
    std::string x_label;
    std::string y_label;
    bool is_logarithmic = true;  ///< both axes, to base 2; else the y axis begins at 0
    std::vector<PlotSeries> series;
};

/// Points and lines over an x axis to base 2, as an <svg> element; it takes its colours from the
/// page: classes plot-1, plot-2, ... by series. x must be above 0; what is not finite, or not
/// above 0 on a logarithmic axis, is left out.
std::string xy_plot(Plot const& plot);

/// Bars that are made of parts, one a label.
struct BarPlot {
    std::string title;
    std::string x_label;
    std::string y_label;
    std::vector<std::string> labels;
    std::vector<std::string> parts;
    std::vector<std::vector<double>> values;  ///< by label, then part
};
std::string bar_plot(BarPlot const& plot);

/// Text for a page of HTML.
std::string html_text(std::string const& text);

}  // namespace serry
