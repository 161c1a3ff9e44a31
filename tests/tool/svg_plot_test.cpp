#include "serry/tool/svg_plot.hpp"

#include <cmath>
#include <regex>

#include <doctest/doctest.h>

using namespace serry;

namespace {

int count_of(std::string const& text, std::string const& pattern) {
    std::regex const expression(pattern);
    auto const begin = std::sregex_iterator(text.begin(), text.end(), expression);
    return static_cast<int>(std::distance(begin, std::sregex_iterator()));
}

/// The numbers that the first group of a pattern finds.
std::vector<double> numbers(std::string const& text, std::string const& pattern) {
    std::regex const expression(pattern);
    std::vector<double> found;
    for (auto at = std::sregex_iterator(text.begin(), text.end(), expression);
         at != std::sregex_iterator(); ++at)
        found.push_back(std::stod((*at)[1]));
    return found;
}

}  // namespace

TEST_CASE("points lie evenly on axes to base 2, with their whiskers and labels") {
    Plot const plot{"Time & more",
                    "ranks",
                    "seconds",
                    true,
                    {{"measured", {{1, 8, 7, 9, false}, {2, 4, 4, 4, false}, {4, 2, 2, 2, true}}},
                     {"ideal", {{1, 8}, {4, 2}}, PlotSeries::Look::dashes}}};
    std::string const svg = xy_plot(plot);
    CHECK(svg.find("<title>Time &amp; more</title>") != std::string::npos);
    CHECK(svg.find(">ranks</text>") != std::string::npos);
    CHECK(svg.find(">seconds</text>") != std::string::npos);
    CHECK(svg.find(">ideal</text>") != std::string::npos);
    auto const x = numbers(svg, "<circle cx=\"([0-9.]+)\"");
    auto const y = numbers(svg, "<circle cx=\"[0-9.]+\" cy=\"([0-9.]+)\"");
    REQUIRE(x.size() == 3);
    CHECK(x[1] - x[0] == doctest::Approx(x[2] - x[1]).epsilon(0.01));
    CHECK(y[1] - y[0] == doctest::Approx(y[2] - y[1]).epsilon(0.01));
    CHECK(y[0] < y[2]);                                    // more is higher
    CHECK(count_of(svg, "class=\"plot-1 stroke\"") == 1);  // of the three only one has a range
    CHECK(count_of(svg, "hollow") == 1);
    CHECK(count_of(svg, "<path [^>]*dashed") == 1);
}

TEST_CASE("what cannot be shown is left out") {
    Plot const plot{
        "t", "x", "y", true, {{"s", {{1, NAN, 0, 0}, {2, 0, 0, 0}, {4, 3, 0, 3}, {8, INFINITY}}}}};
    std::string const svg = xy_plot(plot);
    CHECK(count_of(svg, "<circle") == 1);
    CHECK(svg.find("nan") == std::string::npos);
    CHECK(svg.find("inf") == std::string::npos);
    CHECK(count_of(xy_plot({"t", "x", "y", true, {}}), "nan|inf") == 0);
    CHECK(count_of(xy_plot({"t", "x", "y", false, {{"s", {{1, 0, 0, 0}}}}}), "nan|inf") == 0);
}

TEST_CASE("bars are as high as their parts") {
    std::string const svg =
        bar_plot({"b", "shape", "seconds", {"1x1", "1x2"}, {"tasks", "wait"}, {{3, 1}, {1, -1}}});
    auto const heights =
        numbers(svg, "<rect [^>]*height=\"([0-9.]+)\" class=\"plot-[12] fill\"><title>");
    REQUIRE(heights.size() == 4);
    CHECK(heights[0] == doctest::Approx(3 * heights[1]).epsilon(0.01));
    CHECK(heights[2] == doctest::Approx(heights[1]).epsilon(0.01));
    CHECK(heights[3] == 0);
    CHECK(svg.find("<title>1x1, tasks: 3 s</title>") != std::string::npos);
}

TEST_CASE("large numbers are short") {
    std::string const svg =
        xy_plot({"t", "x", "y", true, {{"s", {{1, 8192}, {2, 2e6}, {4, 5e9}}}}});
    CHECK(svg.find(">8192</text>") != std::string::npos);
    CHECK(svg.find(">32.77k</text>") != std::string::npos);
    CHECK(svg.find(">2.097M</text>") != std::string::npos);
    CHECK(svg.find(">8.59G</text>") != std::string::npos);
    CHECK(svg.find("e+") == std::string::npos);
}
