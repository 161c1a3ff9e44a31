// resume_job KIND OUTPUT: jobs to be killed and gone on with. What they print and write tells of
// any step that was lost, done twice, or taken from elsewhere.
#include <cmath>
#include <string>
#include <vector>

#include "serry/accumulator.hpp"
#include "serry/broadcast.hpp"
#include "serry/serry.hpp"

namespace {

using serry::Context;
using Number = serry::KeyValue<std::int64_t, double>;
using Word = serry::KeyValue<std::string, std::int64_t>;

constexpr std::uint64_t number_count = 20'000;

/// Numbers so different in size that any other order of summing gives other bits.
double scattered(std::int64_t n) {
    return std::ldexp(static_cast<double>(n * 2654435761 % 1000003), static_cast<int>(n % 61) - 30);
}

std::string in_bits(double number) {
    return std::to_string(number) + ' ' + std::to_string(std::hash<double>{}(number));
}

/// A loop whose steps follow from the results of those before, as in k-means.
void iterate(Context& context) {
    serry::Accumulator<std::int64_t> seen(context);
    auto const numbers = serry::iota(context, number_count)
                             .map([seen](std::int64_t n) {
                                 seen.add(1);
                                 return Number(n * n % 997, scattered(n));
                             })
                             .persist();
    auto const salt = serry::broadcast(context, [] { return std::vector<double>{0.5, 2}; });
    double scale = 1;
    for (int i = 0; i < 4; ++i) {
        auto const sums =
            numbers.map_values([scale, salt](double value) { return value * scale + (*salt)[0]; })
                .reduce_by_key(std::plus{});
        double const largest = *sums.values().max();
        scale = 1 + 1 / (1 + std::abs(largest));
        context.print("step " + std::to_string(i) + ' ' + in_bits(largest) + ' '
                      + in_bits(*sums.values().reduce(std::plus{})) + '\n');
    }
    context.print("seen " + std::to_string(seen.value()) + '\n');
    numbers.reduce_by_key(std::plus{}).sort_by_key().write_text(context.argument(1));
}

/// A chain in which every step is the next one's input, and nothing asks for a result before the
/// end; and all that an exchange can leave behind.
void chain(Context& context) {
    auto const words = serry::iota(context, number_count).map([](std::int64_t n) {
        return Word("word " + std::to_string(n % 1009), n);
    });
    auto counts = words.reduce_by_key(std::plus{});
    for (int i = 0; i < 2; ++i)
        counts = counts.join(words.filter([](Word const& w) { return w.value % 7 == 0; }))
                     .map_values([](auto const& pair) { return pair.left + pair.right; })
                     .reduce_by_key(std::plus{});
    auto const both = counts
                          .union_with(words.group_by_key().map_values([](auto const& values) {
                              std::int64_t sum = 0;
                              for (std::int64_t const value : values) sum += value;
                              return sum;
                          }))
                          .checkpoint("both");
    auto const sorted = both.sort_by([](Word const& word) { return word.value; });
    auto const by_index = both.map([](Word const& word) {
                                  return serry::KeyValue<std::uint64_t, std::int64_t>(
                                      static_cast<std::uint64_t>(word.value) % 500, word.value);
                              })
                              .reduce_to_index(500, std::plus{});
    for (Word const& word : sorted.take(3))
        context.print(word.key + ' ' + std::to_string(word.value) + '\n');
    context.print(std::to_string(by_index.values().sum()) + '\n');
    sorted.zip_with_index()
        .map([](auto const& indexed) {
            return indexed.record.key + ' ' + std::to_string(indexed.index) + ' '
                   + std::to_string(indexed.record.value);
        })
        .write_text(context.argument(1));
}

/// Each step from the one before, and nothing else: a checkpoint makes all before it obsolete.
void generations(Context& context) {
    auto counts = serry::iota(context, number_count)
                      .map([](std::int64_t n) {
                          return serry::KeyValue<std::int64_t, std::int64_t>(n % 2003, n);
                      })
                      .reduce_by_key(std::plus{});
    for (int i = 0; i < 6; ++i) {
        context.print(std::to_string(counts.count()) + '\n');
        counts = counts
                     .map([](auto const& pair) {
                         using Pair = serry::KeyValue<std::int64_t, std::int64_t>;
                         return Pair((pair.key + pair.value) % 1999, pair.value + 1);
                     })
                     .reduce_by_key(std::plus{});
    }
    counts.write_text(context.argument(1));
}

void resume(Context& context) {
    if (context.argument(0) == "generations") return generations(context);
    if (context.argument(0) == "iterate") return iterate(context);
    if (context.argument(0) == "chain") return chain(context);
    throw serry::UsageError("no such job: " + context.argument(0));
}

}  // namespace

int main(int argc, char** argv) {
    return serry::run(argc, argv, resume, {.arguments = "KIND OUTPUT"});
}
