#include "serry/tool/svg_plot.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace serry {
namespace {

constexpr double width = 560, height = 340;
constexpr double left = 70, right = 16, top = 52, bottom = 52;
constexpr double legend_column = 96;

/// A number as a reader of a plot wants it.
std::string label_of(double value) {
    if (value >= 1e9) return fmt::format("{:.4g}G", value / 1e9);
    if (value >= 1e6) return fmt::format("{:.4g}M", value / 1e6);
    if (value >= 1e4) return fmt::format("{:.4g}k", value / 1e3);
    return fmt::format("{:.4g}", value);
}

/// Values on one axis, and where they lie in the picture.
class Axis {
public:
    Axis(double begin, double end, bool is_logarithmic)
        : is_logarithmic_(is_logarithmic), begin_(begin), end_(end) {}

    void include(double value) {
        if (!has(value)) return;
        least_ = std::min(least_, value);
        most_ = std::max(most_, value);
    }
    void settle() {
        if (least_ > most_) least_ = most_ = 1;
        if (is_logarithmic_) {
            least_ = std::exp2(std::floor(std::log2(least_) + 1e-9));
            most_ = std::exp2(std::ceil(std::log2(most_) - 1e-9));
            if (least_ == most_) most_ *= 2;
            return;
        }
        least_ = 0;
        if (most_ <= 0) most_ = 1;
        step_ = std::pow(10, std::floor(std::log10(most_)));
        if (most_ / step_ < 2.5)
            step_ /= 5;
        else if (most_ / step_ < 5)
            step_ /= 2;
        most_ = std::ceil(most_ / step_ - 1e-9) * step_;
    }
    bool has(double value) const { return std::isfinite(value) && (!is_logarithmic_ || value > 0); }
    double place_of(double value) const {
        double const part = is_logarithmic_ ? std::log2(value / least_) / std::log2(most_ / least_)
                                            : (value - least_) / (most_ - least_);
        return begin_ + part * (end_ - begin_);
    }
    std::vector<double> ticks() const {
        std::vector<double> found;
        if (is_logarithmic_) {
            double const octaves = std::log2(most_ / least_);
            double const factor = std::exp2(std::max(1.0, std::ceil(octaves / 10)));
            for (double at = least_; at <= most_ * 1.001; at *= factor) found.push_back(at);
        } else {
            for (double at = 0; at <= most_ * 1.001; at += step_) found.push_back(at);
        }
        return found;
    }

private:
    bool is_logarithmic_;
    double begin_, end_;
    double least_ = std::numeric_limits<double>::max();
    double most_ = std::numeric_limits<double>::lowest();
    double step_ = 1;
};

std::string text_at(double x, double y, std::string const& look, std::string const& text) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, look,
                       html_text(text));
}

std::string frame_of(std::string const& title,
                     std::string const& x_label,
                     std::string const& y_label,
                     Axis const& y) {
    std::string svg = fmt::format(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n<title>{}</title>\n", width,
        height, html_text(title), html_text(title));
    svg += text_at(left, 18, "plot-title", title);
    for (double const tick : y.ticks()) {
        svg += fmt::format(
            "<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" class=\"grid\"/>\n", left,
            width - right, y.place_of(tick));
        svg += text_at(left - 6, y.place_of(tick) + 4, "tick-y", label_of(tick));
    }
    svg += text_at((left + width - right) / 2, height - 10, "axis", x_label);
    double const middle = (top + height - bottom) / 2;
    svg += fmt::format(
        "<text transform=\"translate(16 {:.1f}) rotate(-90)\" class=\"axis\">{}</text>\n", middle,
        html_text(y_label));
    return svg;
}

/// In a row below the title.
std::string legend_of(std::vector<std::string> const& names) {
    std::string svg;
    for (std::size_t i = 0; i < names.size(); ++i) {
        double const x = left + legend_column * static_cast<double>(i);
        svg += fmt::format(
            "<rect x=\"{:.1f}\" y=\"29\" width=\"10\" height=\"10\" class=\"plot-{} fill\"/>\n", x,
            i + 1);
        svg += text_at(x + 15, 38, "legend", names[i]);
    }
    return svg;
}

std::string points_of(PlotSeries const& series, std::size_t number, Axis const& x, Axis const& y) {
    std::string svg;
    for (PlotPoint const& point : series.points) {
        if (!x.has(point.x) || !y.has(point.y)) continue;
        double const at = x.place_of(point.x);
        if (point.low < point.high && y.has(point.low) && y.has(point.high))
            svg += fmt::format(
                "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" "
                "class=\"plot-{3} "
                "stroke\"/>\n",
                at, y.place_of(point.low), y.place_of(point.high), number);
        svg += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" class=\"plot-{} {}\"><title>{}: {}, "
            "{}</title></circle>\n",
            at, y.place_of(point.y), number, point.is_hollow ? "hollow" : "fill",
            html_text(series.name), label_of(point.x), label_of(point.y));
    }
    return svg;
}

std::string line_of(PlotSeries const& series, std::size_t number, Axis const& x, Axis const& y) {
    std::string path;
    for (PlotPoint const& point : series.points)
        if (x.has(point.x) && y.has(point.y))
            path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : " L", x.place_of(point.x),
                                y.place_of(point.y));
    if (path.empty()) return "";
    return fmt::format("<path d=\"{}\" class=\"plot-{} stroke{}\"/>\n", path, number,
                       series.look == PlotSeries::Look::dashes ? " dashed" : "");
}

}  // namespace

std::string html_text(std::string const& text) {
    std::string escaped;
    for (char const c : text) switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            default:
                escaped += c;
        }
    return escaped;
}

std::string xy_plot(Plot const& plot) {
    Axis x(left, width - right, true), y(height - bottom, top, plot.is_logarithmic);
    for (PlotSeries const& series : plot.series)
        for (PlotPoint const& point : series.points) {
            x.include(point.x);
            for (double const value : {point.y, point.low, point.high}) y.include(value);
        }
    x.settle();
    y.settle();
    std::string svg = frame_of(plot.title, plot.x_label, plot.y_label, y);
    for (double const tick : x.ticks())
        svg += text_at(x.place_of(tick), height - bottom + 18, "tick-x", label_of(tick));
    std::vector<std::string> names;
    for (std::size_t i = 0; i < plot.series.size(); ++i) {
        PlotSeries const& series = plot.series[i];
        names.push_back(series.name);
        svg += series.look == PlotSeries::Look::points ? points_of(series, i + 1, x, y)
                                                       : line_of(series, i + 1, x, y);
    }
    return svg + legend_of(names) + "</svg>\n";
}

std::string bar_plot(BarPlot const& plot) {
    Axis y(height - bottom, top, false);
    for (auto const& parts : plot.values) {
        double sum = 0;
        for (double const part : parts) sum += std::max(0.0, part);
        y.include(sum);
    }
    y.settle();
    std::string svg = frame_of(plot.title, plot.x_label, plot.y_label, y);
    double const room = (width - left - right) / static_cast<double>(plot.labels.size());
    for (std::size_t i = 0; i < plot.labels.size(); ++i) {
        double const middle = left + room * (static_cast<double>(i) + 0.5);
        double sum = 0;
        for (std::size_t part = 0; part < plot.parts.size(); ++part) {
            double const value = std::max(0.0, plot.values[i][part]);
            double const upper = y.place_of(sum + value), lower = y.place_of(sum);
            sum += value;
            svg += fmt::format(
                "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
                "class=\"plot-{} "
                "fill\"><title>{}, {}: {} s</title></rect>\n",
                middle - room * 0.3, upper, room * 0.6, lower - upper, part + 1,
                html_text(plot.labels[i]), html_text(plot.parts[part]), label_of(value));
        }
        svg += text_at(middle, height - bottom + 18, "tick-x", plot.labels[i]);
    }
    return svg + legend_of(plot.parts) + "</svg>\n";
}

}  // namespace serry
