#include "serry/tool/scale_series.hpp"

#include <doctest/doctest.h>

#include "tool/series.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("shapes are those to show, those to fit, and those that failed") {
    auto runs = made_series(3, [](double ranks) { return 8 / ranks; });
    for (ScaleRun& run : runs) run.is_oversubscribed = run.ranks_a_node == 4;
    runs.push_back(made_run({2, 4}, 1, 1));
    runs.back().exit_code = 1;
    ScaleSeries const series = series_of(runs);
    CHECK(series.shapes.size() == 3);
    CHECK(series.fitted.size() == 2);
    CHECK(series.failed.size() == 1);
    CHECK(series.figures[2].speed_up == doctest::Approx(4));
    CHECK(series.first().shape == Shape{1, 1});
}

TEST_CASE("the parts of a run are those of the one in the middle, and add up") {
    auto const shapes = by_shape({made_run({1, 2}, 1, 9), made_run({1, 2}, 2, 5, 3),
                                  made_run({1, 2}, 3, 1), made_run({1, 2}, 4, 10)});
    ScaleRun const& middle = middle_run(shapes[0]);
    CHECK(middle.round == 2);
    TimeParts const parts = parts_of(middle);
    CHECK(parts.tasks == 3);
    CHECK(parts.other == 2);
    CHECK(bytes_a_peer(middle) == 250'000);
}
