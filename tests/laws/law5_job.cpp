// law5_job OUTPUT: results whose bytes would tell of an order or of roundings that depend on the
// ranks.
#include <cmath>
#include <string>

#include "serry/serry.hpp"

namespace {

using Sum = serry::KeyValue<std::string_view, double>;

constexpr std::uint64_t number_count = 30'000;

/// Numbers so different in size that any other order of summing gives other bits.
double scattered(std::int64_t n) {
    return std::ldexp(static_cast<double>(n * 2654435761 % 1000003), static_cast<int>(n % 61) - 30);
}

Sum keyed(std::int64_t n, serry::Arena& arena) {
    std::string const key = "key of some length " + std::to_string(n * n % 1999);
    return {arena.copy(key), scattered(n)};
}

/// Left and right are told apart: associative, but not commutative.
std::string_view keep_last(std::string_view, std::string_view right) { return right; }

void law5(serry::Context& context) {
    auto const numbers = serry::iota(context, number_count);
    auto const sums = numbers.map(keyed).reduce_by_key(std::plus{});
    sums.write_text(context.argument(0));
    auto const in_bits = [](double number) {
        return std::to_string(number) + ' ' + std::to_string(std::hash<double>{}(number)) + '\n';
    };
    context.print(in_bits(*numbers.map(scattered).reduce(std::plus{})));
    context.print(in_bits(*sums.map([](Sum const& sum) { return sum.value; }).reduce(std::plus{})));
    for (Sum const& sum : sums.take(3))
        context.print(std::string(sum.key) + ' ' + in_bits(sum.value));
    auto const keys = numbers.map(
        [](std::int64_t n, serry::Arena& arena) { return arena.copy(std::to_string(n)); });
    context.print(std::string(*keys.reduce(keep_last)) + '\n');
}

}  // namespace

int main(int argc, char** argv) { return serry::run(argc, argv, law5, {.arguments = "OUTPUT"}); }
