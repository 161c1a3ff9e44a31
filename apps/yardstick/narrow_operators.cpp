// What narrow operators cost: five maps and three filters over numbers, by serry and by one loop
// that has all eight written into it. Prints nanoseconds a record and operator for both.

#include <chrono>
#include <cstdint>
#include <cstdlib>

#include <fmt/core.h>
#include <serry/serry.hpp>

namespace {

using Number = std::int64_t;

Number multiply(Number x) {
    return static_cast<Number>(static_cast<std::uint64_t>(x) * 0x9e3779b97f4a7c15U);
}
Number shift_left(Number x) { return x ^ static_cast<Number>(static_cast<std::uint64_t>(x) << 13); }
Number shift_right(Number x) { return x ^ static_cast<Number>(static_cast<std::uint64_t>(x) >> 7); }

/// Each keeps about seven eighths.
bool is_kept_by_low_bits(Number x) { return (x & 7) != 0; }
bool is_kept_by_middle_bits(Number x) { return (x >> 20 & 7) != 0; }
bool is_kept_by_high_bits(Number x) { return (x >> 40 & 7) != 0; }

constexpr int operator_count = 8;

template <typename Run>
double seconds_of(Run const& run) {
    auto const start = std::chrono::steady_clock::now();
    run();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Number fused(std::uint64_t record_count) {
    Number sum = 0;
    for (std::uint64_t i = 0; i < record_count; ++i) {
        Number x = multiply(static_cast<Number>(i));
        if (!is_kept_by_low_bits(x)) continue;
        x = shift_left(x);
        x = shift_right(x);
        if (!is_kept_by_middle_bits(x)) continue;
        x = multiply(x);
        if (!is_kept_by_high_bits(x)) continue;
        sum ^= shift_left(x);
    }
    return sum;
}

/// The same with serry, at the given number of records.
Number by_operators(serry::Context& context, std::uint64_t record_count) {
    auto const result = serry::iota(context, record_count)
                            .map([](Number x) { return multiply(x); })
                            .filter([](Number x) { return is_kept_by_low_bits(x); })
                            .map([](Number x) { return shift_left(x); })
                            .map([](Number x) { return shift_right(x); })
                            .filter([](Number x) { return is_kept_by_middle_bits(x); })
                            .map([](Number x) { return multiply(x); })
                            .filter([](Number x) { return is_kept_by_high_bits(x); })
                            .map([](Number x) { return shift_left(x); })
                            .reduce(serry::exact(std::bit_xor{}));
    return result.value_or(0);
}

void compare(serry::Context& context) {
    std::uint64_t const records = context.count_option("--records", 100'000'000);
    Number expected = 0;
    Number seen = 0;
    double const by_hand = seconds_of([&] { expected = fused(records); });
    double const by_serry = seconds_of([&] { seen = by_operators(context, records); });
    if (seen != expected) throw serry::UsageError("the two results differ");
    double const steps = static_cast<double>(records) * operator_count / context.rank_count();
    context.print(
        fmt::format("serry {:.3f} ns a record and operator; fused loop {:.3f} ns (one rank's "
                    "loop over all records: {:.3f} s); serry took {:.2f} times the loop\n",
                    by_serry / steps * 1e9, by_hand / steps * 1e9 / context.rank_count(), by_hand,
                    by_serry * context.rank_count() / by_hand));
}

}  // namespace

int main(int argc, char** argv) {
    return serry::run(argc, argv, compare,
                      {.summary = "Compare narrow operators with a loop written by hand.",
                       .options = {{"--records N", "numbers to work on (100,000,000)"}}});
}
