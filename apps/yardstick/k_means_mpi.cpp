// Find the centres of clusters by hand on plain MPI: the bar that serry's k-means is held against.
//
//   mpirun -np P k_means_mpi POINTS OUTPUT_DIR [--k K] [--iterations N]
//
// POINTS has lines `x y z`. The first K points are the centres at first. In an iteration each point
// goes to its nearest centre, the first of equally near ones, and the mean of its points is the new
// centre; one without points stays. Rank 0 writes OUTPUT_DIR/part-00000, a line `x y z` a centre,
// and prints how long loading and iterating took. K is 10 and N 10 unless given.
//
// Points lie in memory as columns. Eight of them are compared with all centres at a time. Sums of
// points are made in blocks, and those of the ranks added up in the order of ranks, so that the
// result depends on nothing but the points and the number of ranks.
#include <array>
#include <cmath>
#include <optional>

#include "plain_mpi.hpp"
#include "text.hpp"

namespace {

using namespace yardstick;

/// Four numbers, or four masks or indices, in one register.
using Four = double __attribute__((vector_size(32)));
using FourWhole = std::int64_t __attribute__((vector_size(32)));

constexpr std::size_t at_a_time = 8;

Four load(double const* at) {
    Four four;
    std::memcpy(&four, at, sizeof four);
    return four;
}

Four all(double number) { return Four{number, number, number, number}; }

// ---- points -------------------------------------------------------------------------------------

using Point = std::array<double, 3>;

constexpr std::array<double, 9> powers_of_ten{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};

/// Parse a number; return its end, or null if there is none.
char const* parse_any_number(char const* at, char const* end, double& number) {
    auto const parsed = std::from_chars(at + (*at == '+'), end, number);
    return parsed.ec == std::errc() && std::isfinite(number) ? parsed.ptr : nullptr;
}

/// The same. A short decimal is an exact number over an exact power of ten, so that one division
/// gives the nearest double.
char const* parse_number(char const* at, char const* end, double& number) {
    char const* const begin = at;
    bool const negative = *at == '-';
    at += negative;
    Digits const whole = leading_digits(at);
    at += whole.count;
    Digits fraction;
    if (*at == '.') {
        fraction = leading_digits(++at);
        at += fraction.count;
    }
    int const digit_count = whole.count + fraction.count;
    bool const ended = is_blank(*at) || *at == '\n';
    if (!ended || digit_count == 0 || digit_count > 15) [[unlikely]]
        return parse_any_number(begin, end, number);
    double const power = powers_of_ten[std::size_t(fraction.count)];
    double const size = (double(whole.value) * power + double(fraction.value)) / power;
    number = negative ? -size : size;
    return at;
}

/// The points of one rank.
class Points {
public:
    /// Read the points that begin in the rank's range of the file.
    Points(InputFile const& file, Ranks ranks) {
        constexpr std::uint64_t shortest_line = 6;
        std::uint64_t const most = file.byte_count() / shortest_line + 1;
        for (auto& column : columns_) column = Array<double>(most + 1);
        for_each_lines(file, ranks, [&](std::string_view text, std::uint64_t place) {
            char const* const end = text.data() + text.size();
            for (char const* line = text.data(); line < end;) {
                char const* const next = add(line, end);
                if (next == nullptr) fail_at_line(file, text, place, line, "three numbers `x y z`");
                line = next;
            }
        });
    }

    std::uint64_t count() const { return count_; }
    double const* column(std::size_t axis) const { return columns_[axis].data(); }
    Point operator[](std::uint64_t i) const {
        return {columns_[0][i], columns_[1][i], columns_[2][i]};
    }

private:
    /// Add the point of a line, if it is not empty; return the next line.
    char const* add(char const* at, char const* end) {
        while (is_blank(*at)) ++at;
        if (*at == '\n') return at + 1;
        for (auto& column : columns_) {
            while (is_blank(*at)) ++at;
            at = parse_number(at, end, column[count_]);
            if (at == nullptr || !(is_blank(*at) || *at == '\n')) return nullptr;
        }
        while (is_blank(*at)) ++at;
        ++count_;
        return *at == '\n' ? at + 1 : nullptr;
    }

    std::array<Array<double>, 3> columns_;
    std::uint64_t count_ = 0;
};

/// Collective. The first `k` points of all.
std::vector<Point> first_points(Points const& points, std::uint64_t k, Ranks ranks) {
    std::uint64_t const own = std::min(points.count(), k);
    std::vector<std::uint64_t> counts(std::size_t(ranks.count));
    MPI_Allgather(&own, 1, MPI_UINT64_T, counts.data(), 1, MPI_UINT64_T, MPI_COMM_WORLD);
    std::vector<Point> first;
    for (int rank = 0; rank < ranks.count && first.size() < k; ++rank) {
        std::vector<Point> some(std::min(counts[std::size_t(rank)], k - first.size()));
        for (std::size_t i = 0; rank == ranks.rank && i < some.size(); ++i) some[i] = points[i];
        MPI_Bcast(some.data(), int(3 * some.size()), MPI_DOUBLE, rank, MPI_COMM_WORLD);
        first.insert(first.end(), some.begin(), some.end());
    }
    return first;
}

// ---- an iteration -------------------------------------------------------------------------------

/// The sum of points, and how many they are.
using Sum = Four;

/// Adds points up by their nearest centre.
class Summation {
public:
    explicit Summation(std::vector<Point> const& centres)
        : centres_(centres), block_(4 * centres.size()), sums_(centres.size()) {
        for (Point const& centre : centres)
            wide_centres_.push_back({all(centre[0]), all(centre[1]), all(centre[2])});
    }

    void add(Points const& points) {
        constexpr std::uint64_t block_points = 8192;
        for (std::uint64_t i = 0; i < points.count(); i += block_points)
            add_block(points, {i, std::min(i + block_points, points.count())});
    }

    std::vector<Sum> const& sums() const { return sums_; }

private:
    struct Nearest {
        Four distance;
        FourWhole centre;
    };

    void add_block(Points const& points, Range range) {
        std::fill(block_.begin(), block_.end(), Sum{});
        std::uint64_t i = range.begin;
        for (; i + at_a_time <= range.end; i += at_a_time) add_eight(points, i);
        for (; i < range.end; ++i) add_one(points[i]);
        for (std::size_t c = 0; c < sums_.size(); ++c)
            sums_[c] +=
                (block_[4 * c] + block_[4 * c + 1]) + (block_[4 * c + 2] + block_[4 * c + 3]);
    }

    void add_eight(Points const& points, std::uint64_t i) {
        Four const x0 = load(points.column(0) + i);
        Four const y0 = load(points.column(1) + i);
        Four const z0 = load(points.column(2) + i);
        Four const x1 = load(points.column(0) + i + 4);
        Four const y1 = load(points.column(1) + i + 4);
        Four const z1 = load(points.column(2) + i + 4);
        Nearest near0{all(HUGE_VAL), FourWhole{}};
        Nearest near1 = near0;
        FourWhole index{};
        for (WideCentre const& centre : wide_centres_) {
            consider(centre, x0, y0, z0, index, near0);
            consider(centre, x1, y1, z1, index, near1);
            index += 1;
        }
        add_four(x0, y0, z0, near0.centre);
        add_four(x1, y1, z1, near1.centre);
    }

    struct WideCentre {
        Four x;
        Four y;
        Four z;
    };

    static void consider(WideCentre const& centre,
                         Four x,
                         Four y,
                         Four z,
                         FourWhole index,
                         Nearest& nearest) {
        Four const dx = x - centre.x;
        Four const dy = y - centre.y;
        Four const dz = z - centre.z;
        Four const distance = dx * dx + dy * dy + dz * dz;
        FourWhole const nearer = distance < nearest.distance;
        nearest.distance = nearer ? distance : nearest.distance;
        nearest.centre = nearer ? index : nearest.centre;
    }

    /// Each of the four points has sums of its own, so that none waits for the one before it.
    void add_four(Four x, Four y, Four z, FourWhole centre) {
        Four const ones = all(1);
        Four const xy_low = __builtin_shufflevector(x, y, 0, 4, 2, 6);
        Four const xy_high = __builtin_shufflevector(x, y, 1, 5, 3, 7);
        Four const z1_low = __builtin_shufflevector(z, ones, 0, 4, 2, 6);
        Four const z1_high = __builtin_shufflevector(z, ones, 1, 5, 3, 7);
        block_[4 * std::size_t(centre[0])] += __builtin_shufflevector(xy_low, z1_low, 0, 1, 4, 5);
        block_[4 * std::size_t(centre[1]) + 1] +=
            __builtin_shufflevector(xy_high, z1_high, 0, 1, 4, 5);
        block_[4 * std::size_t(centre[2]) + 2] +=
            __builtin_shufflevector(xy_low, z1_low, 2, 3, 6, 7);
        block_[4 * std::size_t(centre[3]) + 3] +=
            __builtin_shufflevector(xy_high, z1_high, 2, 3, 6, 7);
    }

    void add_one(Point const& point) {
        std::size_t nearest = 0;
        double least = HUGE_VAL;
        for (std::size_t c = 0; c < centres_.size(); ++c) {
            double const dx = point[0] - centres_[c][0];
            double const dy = point[1] - centres_[c][1];
            double const dz = point[2] - centres_[c][2];
            double const distance = dx * dx + dy * dy + dz * dz;
            if (distance < least) {
                least = distance;
                nearest = c;
            }
        }
        block_[4 * nearest] += Sum{point[0], point[1], point[2], 1};
    }

    std::vector<Point> const& centres_;
    std::vector<WideCentre> wide_centres_;
    std::vector<Sum> block_;
    std::vector<Sum> sums_;
};

/// Collective. Move the centres to the means of their points.
void move_centres(std::vector<Point>& centres, Points const& points, Ranks ranks) {
    Summation summation(centres);
    summation.add(points);
    std::size_t const k = centres.size();
    std::vector<Sum> of_ranks(k * std::size_t(ranks.count));
    MPI_Allgather(summation.sums().data(), int(4 * k), MPI_DOUBLE, of_ranks.data(), int(4 * k),
                  MPI_DOUBLE, MPI_COMM_WORLD);
    for (std::size_t c = 0; c < k; ++c) {
        Sum sum{};
        for (std::size_t i = c; i < of_ranks.size(); i += k) sum += of_ranks[i];
        if (sum[3] > 0) centres[c] = {sum[0] / sum[3], sum[1] / sum[3], sum[2] / sum[3]};
    }
}

// ---- program ------------------------------------------------------------------------------------

struct Options {
    std::string output_dir;
    std::uint64_t k = 10;
    std::uint64_t iterations = 10;
};

void write_centres(std::vector<Point> const& centres, std::string const& output_dir) {
    PartFile part(output_dir, 0);
    for (Point const& centre : centres) {
        char* to = part.room();
        for (double const number : centre) {
            to = put_number(to, number);
            *to++ = ' ';
        }
        to[-1] = '\n';
        part.advance_to(to);
    }
    part.finish();
}

void find_centres(InputFile const& input, Options const& options, Ranks ranks) {
    Phases phases;
    std::optional<Points> points;
    agree(ranks, [&] { points.emplace(input, ranks); });
    std::vector<Point> centres = first_points(*points, options.k, ranks);
    agree(ranks, [&] {
        if (centres.size() < options.k)
            throw std::runtime_error(input.path() + " has " + std::to_string(centres.size())
                                     + " points, expected at least " + std::to_string(options.k)
                                     + "; lower --k");
    });
    phases.end("load");
    for (std::uint64_t i = 0; i < options.iterations; ++i) move_centres(centres, *points, ranks);
    phases.end("iterate");
    if (ranks.rank == 0) write_centres(centres, options.output_dir);
    phases.end("write");
    phases.print(ranks);
}

void program(Arguments const& given, Ranks ranks) {
    std::optional<InputFile> input;
    Options options;
    agree(ranks, [&] {
        Arguments arguments = given;
        options.k = take_count_option(arguments, "--k", 10);
        options.iterations = take_count_option(arguments, "--iterations", 10);
        if (arguments.size() != 2)
            throw std::invalid_argument(
                "usage: k_means_mpi POINTS OUTPUT_DIR [--k K] [--iterations N]");
        options.output_dir = arguments[1];
        input.emplace(arguments[0]);
        if (ranks.rank == 0) prepare_output_dir(options.output_dir);
    });
    find_centres(*input, options, ranks);
}

}  // namespace

int main(int argc, char** argv) { return run_program(argc, argv, "k_means_mpi", program); }
