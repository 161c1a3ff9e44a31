#include "serry/tool/scale_fit.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "tool/series.hpp"

using namespace serry;
using namespace serry::test;
using doctest::Approx;

TEST_CASE("runs are kept by shape, without those to warm up and those that failed") {
    std::vector<ScaleRun> runs{made_run({2, 2}, 1, 5), made_run({1, 2}, 0, 100),
                               made_run({1, 2}, 1, 8), made_run({1, 4}, 1, 4),
                               made_run({1, 2}, 2, 9), made_run({1, 2}, 3, 7)};
    runs[4].exit_code = 66;
    auto const shapes = by_shape(runs);
    REQUIRE(shapes.size() == 3);
    CHECK(shapes[0].shape == Shape{1, 2});
    CHECK(shapes[0].seconds() == std::vector<double>{8, 7});
    CHECK(shapes[0].failed == 1);
    CHECK(shapes[1].shape == Shape{1, 4});
    CHECK(shapes[2].shape == Shape{2, 2});
}

TEST_CASE("a time is a median, with the fastest and the slowest") {
    Timing const odd = timing_of({5, 1, 3});
    CHECK(odd.median == 3);
    CHECK(odd.smallest == 1);
    CHECK(odd.largest == 5);
    CHECK(timing_of({4, 1, 2, 3}).median == 2.5);
    CHECK(timing_of({2}).median == 2);
}

TEST_CASE("speed-up, efficiency and serial fraction against the first shape") {
    auto const shapes = by_shape({made_run({1, 2}, 1, 8), made_run({1, 8}, 1, 4),
                                  made_run({1, 8}, 2, 2), made_run({1, 8}, 3, 5)});
    ShapeFigures const first = figures_of(shapes[0], shapes[0], false);
    CHECK(first.speed_up == 1);
    CHECK(first.efficiency == 1);
    CHECK_FALSE(first.serial_fraction);
    // Four times the ranks, twice as fast.
    ShapeFigures const strong = figures_of(shapes[1], shapes[0], false);
    CHECK(strong.speed_up == Approx(2));
    CHECK(strong.efficiency == Approx(0.5));
    CHECK(strong.least_efficiency == Approx(0.4));
    CHECK(strong.most_efficiency == Approx(1));
    CHECK(*strong.serial_fraction == Approx((1 / 2.0 - 1 / 4.0) / (1 - 1 / 4.0)));
    // Four times the work in half the time.
    ShapeFigures const weak = figures_of(shapes[1], shapes[0], true);
    CHECK(weak.efficiency == Approx(2));
    CHECK(weak.speed_up == Approx(8));
}

TEST_CASE("Amdahl's law is found where it holds") {
    auto const seconds_at = [](double ranks) { return 20 * (0.1 + 0.9 / ranks); };
    auto const law = fit_law(by_shape(made_series(5, seconds_at)), false, false);
    REQUIRE(law);
    CHECK(law->first_seconds.value == Approx(20));
    CHECK(law->contention.value == Approx(0.1));
    CHECK(law->contention.low <= 0.1);
    CHECK(law->contention.high >= 0.1);
    CHECK(law->contention.high - law->contention.low > 0);
    CHECK(law->contention.high - law->contention.low < 0.02);
    CHECK(law->seconds_at(64) == Approx(seconds_at(64)));
}

TEST_CASE("the universal law is found where it holds, strong and weak") {
    auto const grown = [](double p) { return 3 * (1 + 0.05 * (p - 1) + 0.002 * p * (p - 1)); };
    auto const strong_at = [&](double p) { return grown(p) / p; };
    auto const strong = fit_law(by_shape(made_series(6, strong_at)), false, true);
    REQUIRE(strong);
    CHECK(strong->contention.value == Approx(0.05));
    CHECK(strong->coherency.value == Approx(0.002));
    CHECK(strong->seconds_at(128) == Approx(strong_at(128)));
    auto const weak = fit_law(by_shape(made_series(6, grown)), true, true);
    REQUIRE(weak);
    CHECK(weak->coherency.value == Approx(0.002));
    CHECK(weak->seconds_at(128) == Approx(grown(128)));
}

TEST_CASE("no parameter is below 0, and few shapes are not fitted") {
    // Faster than linear, as when the data fits into caches at last.
    auto const faster = [](double ranks) { return 10 / std::pow(ranks, 1.2); };
    auto const law = fit_law(by_shape(made_series(5, faster)), false, true);
    REQUIRE(law);
    CHECK(law->contention.value == 0);
    CHECK(law->coherency.value == 0);
    CHECK_FALSE(fit_law(by_shape(made_series(2, faster)), false, false));
    CHECK_FALSE(fit_law(by_shape(made_series(3, faster)), false, true));
}

TEST_CASE("costs are told apart, and what they say of larger shapes is tried out") {
    double const log_cost = 0.01, byte_cost = 1e-7;
    std::vector<ScaleRun> runs;
    for (int i = 0; i < 6; ++i) {
        Shape const shape{1, 1 << i};
        double const ranks = shape.ranks();
        double const tasks = 0.2 + 8 / ranks;
        double const seconds = tasks + 0.05 + log_cost * std::log2(ranks) + byte_cost * 1e6 / ranks;
        for (int round = 1; round <= 3; ++round)
            runs.push_back(made_run(shape, round, seconds, tasks));
    }
    auto const shapes = by_shape(runs);
    auto const model = fit_costs(shapes, false);
    REQUIRE(model);
    CHECK(model->shared_task_seconds == Approx(8));
    CHECK(model->fixed_task_seconds == Approx(0.2));
    CHECK(model->start_seconds == Approx(0.05));
    CHECK(model->latency_seconds == Approx(log_cost));
    CHECK(model->seconds_a_byte == Approx(byte_cost));
    auto const prediction = predict(shapes, false);
    REQUIRE(prediction);
    REQUIRE(prediction->held_out.size() == 2);
    CHECK(prediction->held_out[0].shape == Shape{1, 32});
    CHECK(prediction->held_out[1].shape == Shape{1, 16});
    CHECK(prediction->largest_error < 0.001);
    CHECK(prediction->is_fit_to_print);
    REQUIRE(prediction->points.size() == 3);
    CHECK(prediction->points[2].ranks == 256);
    CHECK(prediction->points[2].seconds
          == Approx(0.2 + 8 / 256.0 + 0.05 + log_cost * 8 + byte_cost * 1e6 / 256));
}

TEST_CASE("a model that fails on what it has not seen predicts nothing") {
    // All at once it does not scale any more.
    auto const cliff = [](double ranks) { return ranks < 16 ? 10 / ranks : 20.0; };
    auto const prediction = predict(by_shape(made_series(5, cliff)), false);
    REQUIRE(prediction);
    CHECK(prediction->largest_error > 0.25);
    CHECK_FALSE(prediction->is_fit_to_print);
    CHECK(prediction->points.empty());
    CHECK_FALSE(predict(by_shape(made_series(3, cliff)), false));
    auto foreign = made_series(5, cliff);
    for (ScaleRun& run : foreign) run.stages.clear();
    CHECK_FALSE(predict(by_shape(foreign), false));
}
