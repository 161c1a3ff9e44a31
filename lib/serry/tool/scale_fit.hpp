#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "serry/tool/scale_run.hpp"

namespace serry {

/// Of several runs of one shape: what one would call its time, and how it varied.
struct Timing {
    double median = 0;
    double smallest = 0;
    double largest = 0;
};
/// Of at least one.
Timing timing_of(std::vector<double> seconds);

/// The runs of one shape that went well.
struct ShapeRuns {
    Shape shape;
    bool is_oversubscribed = false;
    int failed = 0;  ///< runs that are not in here
    std::vector<ScaleRun> runs;

    std::vector<double> seconds() const;
};

/// By shape, ascending by ranks, and nodes among equals; runs to warm up left out.
std::vector<ShapeRuns> by_shape(std::vector<ScaleRun> const& runs);

/// What is said of one shape, against the first one.
struct ShapeFigures {
    Timing seconds;
    double speed_up = 1;    ///< strong: t0 / t; weak: p / p0 as much of it, as the work grew
    double efficiency = 1;  ///< speed-up over p / p0
    double least_efficiency = 1, most_efficiency = 1;  ///< of its slowest and fastest run
    /// The serial fraction that the speed-up shows (Karp and Flatt, 1990). Nothing for the first.
    std::optional<double> serial_fraction;
};
ShapeFigures figures_of(ShapeRuns const& of, ShapeRuns const& first, bool is_weak);

/// A number, and between which two nine of ten resamplings of the runs had it.
struct Estimate {
    double value = 0;
    double low = 0;
    double high = 0;
};

/// The universal scalability law (Gunther, 1993): with P times the first shape's ranks, a job takes
/// first (1 + contention (P - 1) + coherency P (P - 1)), over P if the work stays the same. Without
/// the last term it is Amdahl's law (1967), and contention his serial fraction.
struct ScalingLaw {
    bool is_weak = false;
    double first_ranks = 1;
    Estimate first_seconds, contention, coherency;

    double seconds_at(double ranks) const;
};

/// The law that fits the shapes best, by relative least squares with no parameter below 0, and its
/// uncertainty by bootstrap (Efron, 1979). Without coherency it takes three shapes, with it four;
/// nothing if there are fewer.
std::optional<ScalingLaw> fit_law(std::vector<ShapeRuns> const& shapes,
                                  bool is_weak,
                                  bool has_coherency);

/// A model in the manner of LogGP (Alexandrov et al., 1995): seconds in tasks, of which a part does
/// not shrink with the ranks, and the rest, made of a start-up, a latency for each step of each
/// stage's trees, and a gap for each byte that a rank sends.
struct CostModel {
    bool is_weak = false;
    double fixed_task_seconds = 0;
    double shared_task_seconds = 0;  ///< over the ranks, or each rank's if the work grows with them
    double start_seconds = 0;
    double latency_seconds = 0;
    double seconds_a_byte = 0;
    double stage_count = 0;
    double largest_ranks = 1;  ///< of the shapes it was made from
    double bytes_sent = 0;     ///< by all ranks there

    double seconds_at(double ranks) const;
};
std::optional<CostModel> fit_costs(std::vector<ShapeRuns> const& shapes, bool is_weak);

/// The model, tried out on shapes that it had not seen.
struct Prediction {
    struct HeldOut {
        Shape shape;
        double predicted = 0;
        double measured = 0;
        double error() const;  ///< relative
    };
    std::vector<HeldOut> held_out;
    double largest_error = 0;
    bool is_fit_to_print = false;  ///< as no error is above a quarter
    struct Point {
        double ranks = 0;
        double seconds = 0;
    };
    std::vector<Point> points;  ///< twice, four and eight times the largest shape
};
/// Of at least four shapes, the largest is held out, of five the largest two one after the other;
/// nothing of fewer.
std::optional<Prediction> predict(std::vector<ShapeRuns> const& shapes, bool is_weak);

}  // namespace serry
