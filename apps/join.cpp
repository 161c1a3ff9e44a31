#include <cstdint>
#include <tuple>

#include <serry/binary.hpp>
#include <serry/serry.hpp>

struct Pair {
    std::int64_t key, value;
};
using Keyed = serry::KeyValue<std::int64_t, std::int64_t>;
using Match = serry::KeyValue<std::int64_t, serry::Joined<std::int64_t, std::int64_t>>;

serry::Dataset<Keyed> read_pairs(serry::Context& context, std::string const& path) {
    return serry::read_binary<Pair>(context, path).map([](Pair const& pair) {
        return Keyed(pair.key, pair.value);
    });
}

void join(serry::Context& context) {
    auto const left = read_pairs(context, context.argument(0));
    auto const right = read_pairs(context, context.argument(1));
    auto const rows = left.join(right).map([](Match const& match) {
        return std::tuple(match.key, match.value.left, match.value.right);
    });
    if (auto const output = context.option("--output"))
        rows.write_text(*output);
    else
        context.print(std::to_string(rows.count()) + " rows\n");
}

int main(int argc, char** argv) {
    return serry::run(
        argc, argv, join,
        {.summary = "Join two files of pairs (key, value) of 64-bit integers by their keys.",
         .arguments = "LEFT RIGHT",
         .options = {
             {"--output DIR", "write key TAB left TAB right (counts the rows if not given)"}}});
}
