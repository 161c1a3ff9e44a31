#include "serry/tool/scale_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <utility>

namespace serry {
namespace {

double median_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    std::size_t const half = values.size() / 2;
    return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Equations for least squares: a row for each observation.
struct Observations {
    std::vector<std::vector<double>> rows;
    std::vector<double> values;
};

/// Gauss-Jordan with partial pivoting; nothing if the matrix, [A | b], is singular.
std::optional<std::vector<double>> solve(std::vector<std::vector<double>> matrix) {
    std::size_t const size = matrix.size();
    for (std::size_t column = 0; column < size; ++column) {
        std::size_t pivot = column;
        for (std::size_t row = column; row < size; ++row)
            if (std::abs(matrix[row][column]) > std::abs(matrix[pivot][column])) pivot = row;
        if (std::abs(matrix[pivot][column]) < 1e-12) return std::nullopt;
        std::swap(matrix[column], matrix[pivot]);
        for (std::size_t row = 0; row < size; ++row) {
            double const factor = matrix[row][column] / matrix[column][column];
            if (row == column) continue;
            for (std::size_t i = column; i <= size; ++i)
                matrix[row][i] -= factor * matrix[column][i];
        }
    }
    std::vector<double> solution(size);
    for (std::size_t row = 0; row < size; ++row)
        solution[row] = matrix[row][size] / matrix[row][row];
    return solution;
}

/// Least squares with the columns of `used` alone. Each column is scaled to 1 first, as bytes and
/// ranks are far apart.
std::optional<std::vector<double>> least_squares(Observations const& data, unsigned used) {
    std::vector<std::size_t> columns;
    for (std::size_t i = 0; i < data.rows[0].size(); ++i)
        if (used >> i & 1) columns.push_back(i);
    std::vector<double> scale;
    for (std::size_t const column : columns) {
        double largest = 0;
        for (auto const& row : data.rows) largest = std::max(largest, std::abs(row[column]));
        if (largest == 0) return std::nullopt;
        scale.push_back(largest);
    }
    std::size_t const size = columns.size();
    std::vector<std::vector<double>> normal(size, std::vector<double>(size + 1, 0));
    for (std::size_t n = 0; n < data.rows.size(); ++n)
        for (std::size_t i = 0; i < size; ++i) {
            double const left = data.rows[n][columns[i]] / scale[i];
            for (std::size_t j = 0; j < size; ++j)
                normal[i][j] += left * data.rows[n][columns[j]] / scale[j];
            normal[i][size] += left * data.values[n];
        }
    auto const solved = solve(std::move(normal));
    if (!solved) return std::nullopt;
    std::vector<double> solution(data.rows[0].size(), 0);
    for (std::size_t i = 0; i < size; ++i) solution[columns[i]] = (*solved)[i] / scale[i];
    return solution;
}

double squares_left(Observations const& data, std::vector<double> const& solution) {
    double sum = 0;
    for (std::size_t n = 0; n < data.rows.size(); ++n) {
        double left = data.values[n];
        for (std::size_t i = 0; i < solution.size(); ++i) left -= solution[i] * data.rows[n][i];
        sum += left * left;
    }
    return sum;
}

/// Least squares with no coefficient below 0 (Lawson and Hanson, 1974): of so few columns every set
/// can be tried. No set has more columns than there are observations less `spare`.
std::vector<double> non_negative_fit(Observations const& data, std::size_t spare) {
    std::size_t const column_count = data.rows[0].size();
    std::vector<double> best(column_count, 0);
    double least = squares_left(data, best);
    for (unsigned used = 1; used < 1U << column_count; ++used) {
        auto const count = static_cast<std::size_t>(__builtin_popcount(used));
        if (count + spare > data.rows.size()) continue;
        auto const solution = least_squares(data, used);
        if (!solution) continue;
        if (*std::min_element(solution->begin(), solution->end()) < 0) continue;
        double const left = squares_left(data, *solution);
        if (left >= least) continue;
        least = left;
        best = *solution;
    }
    return best;
}

struct LawValues {
    double first_seconds = 0, contention = 0, coherency = 0;
};

/// `seconds`: one a shape. Relative errors count.
LawValues law_of(std::vector<double> const& ranks,
                 std::vector<double> const& seconds,
                 bool is_weak,
                 bool has_coherency) {
    Observations data;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
        double const times = ranks[i] / ranks[0];
        double const weight = (is_weak ? 1 : 1 / times) / seconds[i];
        std::vector<double> row{weight, weight * (times - 1)};
        if (has_coherency) row.push_back(weight * times * (times - 1));
        data.rows.push_back(std::move(row));
        data.values.push_back(1);
    }
    auto const found = non_negative_fit(data, 0);
    if (found[0] <= 0) return {};
    return {found[0], found[1] / found[0], has_coherency ? found[2] / found[0] : 0};
}

Estimate estimate(double value, std::vector<double> resampled) {
    std::sort(resampled.begin(), resampled.end());
    auto const at = [&](double part) {
        return resampled[static_cast<std::size_t>(part
                                                  * static_cast<double>(resampled.size() - 1))];
    };
    return {value, at(0.05), at(0.95)};
}

double task_seconds_of(ScaleRun const& run) {
    double sum = 0;
    for (ScaleStage const& stage : run.stages) sum += stage.longest_task_seconds;
    return sum;
}

double bytes_sent_by(ScaleRun const& run) { return run.bytes_sent(); }

template <typename Figure>
double median_over(std::vector<ScaleRun> const& runs, Figure const& figure) {
    std::vector<double> values;
    values.reserve(runs.size());
    for (ScaleRun const& run : runs) values.push_back(figure(run));
    return median_of(std::move(values));
}

double ranks_of(ShapeRuns const& shape) { return shape.shape.ranks(); }

}  // namespace

Timing timing_of(std::vector<double> seconds) {
    auto const [smallest, largest] = std::minmax_element(seconds.begin(), seconds.end());
    double const least = *smallest, most = *largest;
    return {median_of(std::move(seconds)), least, most};
}

std::vector<double> ShapeRuns::seconds() const {
    std::vector<double> all;
    all.reserve(runs.size());
    for (ScaleRun const& run : runs) all.push_back(run.seconds());
    return all;
}

std::vector<ShapeRuns> by_shape(std::vector<ScaleRun> const& runs) {
    std::map<std::pair<int, Shape>, ShapeRuns> shapes;
    for (ScaleRun const& run : runs) {
        if (run.round == 0) continue;
        ShapeRuns& shape = shapes[{run.shape().ranks(), run.shape()}];
        shape.shape = run.shape();
        shape.is_oversubscribed = run.is_oversubscribed;
        if (run.is_good())
            shape.runs.push_back(run);
        else
            ++shape.failed;
    }
    std::vector<ShapeRuns> sorted;
    sorted.reserve(shapes.size());
    for (auto& [key, shape] : shapes) sorted.push_back(std::move(shape));
    return sorted;
}

ShapeFigures figures_of(ShapeRuns const& of, ShapeRuns const& first, bool is_weak) {
    ShapeFigures figures;
    figures.seconds = timing_of(of.seconds());
    double const base = timing_of(first.seconds()).median;
    double const times = ranks_of(of) / ranks_of(first);
    auto const efficiency_at = [&](double seconds) {
        return is_weak ? base / seconds : base / seconds / times;
    };
    figures.efficiency = efficiency_at(figures.seconds.median);
    figures.least_efficiency = efficiency_at(figures.seconds.largest);
    figures.most_efficiency = efficiency_at(figures.seconds.smallest);
    figures.speed_up = figures.efficiency * times;
    if (times > 1) figures.serial_fraction = (1 / figures.speed_up - 1 / times) / (1 - 1 / times);
    return figures;
}

double ScalingLaw::seconds_at(double ranks) const {
    double const times = ranks / first_ranks;
    double const grown =
        first_seconds.value
        * (1 + contention.value * (times - 1) + coherency.value * times * (times - 1));
    return is_weak ? grown : grown / times;
}

std::optional<ScalingLaw> fit_law(std::vector<ShapeRuns> const& shapes,
                                  bool is_weak,
                                  bool has_coherency) {
    if (shapes.size() < (has_coherency ? 4 : 3)) return std::nullopt;
    std::vector<double> ranks, medians;
    for (ShapeRuns const& shape : shapes) {
        ranks.push_back(ranks_of(shape));
        medians.push_back(median_of(shape.seconds()));
    }
    LawValues const law = law_of(ranks, medians, is_weak, has_coherency);
    if (law.first_seconds <= 0) return std::nullopt;
    constexpr int resampling_count = 500;
    std::mt19937_64 random(20'261'127);  // so that a report is the same each time it is made
    std::vector<double> first, contention, coherency;
    for (int n = 0; n < resampling_count; ++n) {
        std::vector<double> resampled;
        for (ShapeRuns const& shape : shapes) {
            auto const seconds = shape.seconds();
            std::vector<double> drawn(seconds.size());
            for (double& one : drawn) one = seconds[random() % seconds.size()];
            resampled.push_back(median_of(std::move(drawn)));
        }
        LawValues const other = law_of(ranks, resampled, is_weak, has_coherency);
        first.push_back(other.first_seconds);
        contention.push_back(other.contention);
        coherency.push_back(other.coherency);
    }
    return ScalingLaw{is_weak, ranks[0], estimate(law.first_seconds, std::move(first)),
                      estimate(law.contention, std::move(contention)),
                      estimate(law.coherency, std::move(coherency))};
}

double CostModel::seconds_at(double ranks) const {
    double const total_bytes = is_weak ? bytes_sent * ranks / largest_ranks : bytes_sent;
    return fixed_task_seconds + shared_task_seconds / (is_weak ? 1 : ranks) + start_seconds
           + latency_seconds * stage_count * std::log2(ranks)
           + seconds_a_byte * total_bytes / ranks;
}

std::optional<CostModel> fit_costs(std::vector<ShapeRuns> const& shapes, bool is_weak) {
    if (shapes.size() < 3) return std::nullopt;
    CostModel model;
    model.is_weak = is_weak;
    ShapeRuns const& largest = shapes.back();
    model.stage_count = static_cast<double>(largest.runs[0].stages.size());
    if (model.stage_count == 0) return std::nullopt;
    model.largest_ranks = ranks_of(largest);
    model.bytes_sent = median_over(largest.runs, bytes_sent_by);
    Observations tasks, others;
    for (ShapeRuns const& shape : shapes) {
        double const ranks = ranks_of(shape);
        double const in_tasks = median_over(shape.runs, task_seconds_of);
        double const other = median_over(
            shape.runs, [](ScaleRun const& run) { return run.seconds() - task_seconds_of(run); });
        // Relative to all of the time, of which both are parts.
        double const weight = 1 / std::max(in_tasks + other, 1e-9);
        if (is_weak)
            tasks.rows.push_back({weight, 0});
        else
            tasks.rows.push_back({weight / ranks, weight});
        tasks.values.push_back(in_tasks * weight);
        others.rows.push_back({weight, weight * model.stage_count * std::log2(ranks),
                               weight * median_over(shape.runs, bytes_sent_by) / ranks});
        others.values.push_back(other * weight);
    }
    auto const task_costs = non_negative_fit(tasks, 1);
    auto const other_costs = non_negative_fit(others, 1);
    model.shared_task_seconds = task_costs[0];
    model.fixed_task_seconds = task_costs[1];
    model.start_seconds = other_costs[0];
    model.latency_seconds = other_costs[1];
    model.seconds_a_byte = other_costs[2];
    return model;
}

double Prediction::HeldOut::error() const { return std::abs(predicted - measured) / measured; }

std::optional<Prediction> predict(std::vector<ShapeRuns> const& shapes, bool is_weak) {
    constexpr std::size_t least_shapes = 3;
    constexpr double largest_error_printed = 0.25;
    if (shapes.size() <= least_shapes) return std::nullopt;
    Prediction prediction;
    std::size_t const most_held_out = std::min<std::size_t>(2, shapes.size() - least_shapes);
    for (std::size_t n = 1; n <= most_held_out; ++n) {
        // What is larger than the held out shape is not shown to the model either.
        std::vector<ShapeRuns> const seen(shapes.begin(),
                                          shapes.end() - static_cast<std::ptrdiff_t>(n));
        ShapeRuns const& hidden = shapes[shapes.size() - n];
        auto const model = fit_costs(seen, is_weak);
        if (!model) return std::nullopt;
        prediction.held_out.push_back(
            {hidden.shape, model->seconds_at(ranks_of(hidden)), median_of(hidden.seconds())});
        prediction.largest_error =
            std::max(prediction.largest_error, prediction.held_out.back().error());
    }
    prediction.is_fit_to_print = prediction.largest_error <= largest_error_printed;
    if (!prediction.is_fit_to_print) return prediction;
    auto const model = fit_costs(shapes, is_weak);
    for (double const times : {2.0, 4.0, 8.0}) {
        double const ranks = times * ranks_of(shapes.back());
        prediction.points.push_back({ranks, model->seconds_at(ranks)});
    }
    return prediction;
}

}  // namespace serry
