// What a stage costs when it has nothing to do: 1,000 actions of one empty stage each (agreement,
// plan, broadcast, vote, report), and 1,000 that end in an exchange as well. Prints microseconds a
// stage.

#include <chrono>

#include <fmt/core.h>
#include <serry/serry.hpp>

namespace {

using Pair = serry::KeyValue<std::int64_t, std::int64_t>;
using Clock = std::chrono::steady_clock;

double microseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

void measure(serry::Context& context) {
    std::uint64_t const repetitions = context.count_option("--repetitions", 1000);
    auto const empty = serry::parallelize<Pair>(context, {});
    empty.count();  // brings up what is made once a job

    auto start = Clock::now();
    for (std::uint64_t i = 0; i < repetitions; ++i) empty.count();
    double const of_stage = microseconds_since(start) / static_cast<double>(repetitions);

    start = Clock::now();
    for (std::uint64_t i = 0; i < repetitions; ++i) empty.reduce_by_key(std::plus{}).count();
    double const with_exchange = microseconds_since(start) / static_cast<double>(repetitions);

    context.print(
        fmt::format("{} ranks: {:.1f} us a stage; {:.1f} us a stage that ends in an exchange\n",
                    context.rank_count(), of_stage, with_exchange - of_stage));
}

}  // namespace

int main(int argc, char** argv) {
    return serry::run(argc, argv, measure,
                      {.summary = "Measure what an empty stage costs.",
                       .options = {{"--repetitions N", "stages of each kind (1,000)"}}});
}
