// One operator over pairs of which half have the same key.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <serry/serry.hpp>

#include "serry/base/hash.hpp"

namespace {

using Pair = serry::KeyValue<std::uint64_t, std::uint64_t>;

constexpr std::uint64_t heavy_key = 7;

serry::Dataset<std::uint64_t> numbers(serry::Context& context,
                                      std::uint64_t count,
                                      std::uint64_t partition_count) {
    return serry::iota(context, static_cast<std::int64_t>(count), partition_count)
        .map([](std::int64_t n) { return static_cast<std::uint64_t>(n); });
}

void run_operator(serry::Context& context) {
    std::string const name = context.argument(0);
    std::uint64_t const count = context.count_option("--records", 1'000'000);
    std::uint64_t const key_count = count / 10;
    auto const pairs = numbers(context, count, 64).map([key_count](std::uint64_t n) {
        return Pair(n % 2 ? heavy_key : serry::mix_fingerprint(1, n) % key_count, n);
    });
    auto const names =
        numbers(context, key_count, 8).map([](std::uint64_t key) { return Pair(key, key * key); });
    auto const print = [&](auto const& dataset) {
        context.print(std::to_string(dataset.count()) + " records\n");
    };
    if (name == "reduce")
        print(pairs.reduce_by_key(serry::exact(std::plus{})));
    else if (name == "sort")
        print(pairs.sort_by_key());
    else if (name == "group")
        print(pairs.group_by_key());
    else if (name == "join")
        print(pairs.join(names));
    else if (name == "broadcast_join")
        print(pairs.broadcast_join(names, std::uint64_t{1} << 30));
    else if (name == "skewed_join")
        print(pairs.skewed_join(names));
    else
        throw serry::UsageError("OPERATOR is \"" + name + "\"");
}

}  // namespace

int main(int argc, char** argv) {
    return serry::run(argc, argv, run_operator,
                      {.summary = "Run an operator over pairs of which half have the same key.",
                       .arguments = "OPERATOR",
                       .options = {{"--records N", "how many pairs (1000000)"}}});
}
