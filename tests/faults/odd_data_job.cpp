// odd_data_job: records of no bytes, records of 10 MB, and no records.
#include <string>
#include <vector>

#include "serry/serry.hpp"

namespace {

using serry::Context;
using Pair = serry::KeyValue<std::string, std::string>;

std::string const large(10'000'000, 'x');

void large_values(Context& context) {
    auto const texts =
        serry::parallelize(context, std::vector<std::string>{"", large, "", large + 'y'});
    std::string line;
    for (std::string const& text : texts.collect()) line += std::to_string(text.size()) + ' ';
    line.back() = '\n';
    context.print(line);
}

void large_keys(Context& context) {
    std::vector<Pair> pairs;
    for (int i = 0; i < 6; ++i) pairs.emplace_back(i % 2 ? large : "", i % 3 ? "" : large);
    auto const longer = [](std::string const& left, std::string const& right) {
        return right.size() > left.size() ? right : left;
    };
    auto const sums = serry::parallelize(context, pairs).reduce_by_key(longer);
    auto const sizes = sums.map([](Pair const& pair) {
        return serry::KeyValue<std::uint64_t, std::uint64_t>(pair.key.size(), pair.value.size());
    });
    std::uint64_t smallest = ~std::uint64_t{0}, largest = 0;
    for (auto const& size : sizes.collect()) {
        smallest = std::min(smallest, size.key);
        largest = std::max(largest, size.key);
        if (size.value != large.size()) context.print("a value was lost\n");
    }
    context.print(std::to_string(sums.count()) + " keys of " + std::to_string(smallest) + " to "
                  + std::to_string(largest) + " bytes\n");
}

void nothing(Context& context) {
    auto const none = serry::parallelize(context, std::vector<Pair>{});
    auto const first = [](Pair const& left, Pair const&) { return left; };
    auto const join = [](std::string const& left, std::string const&) { return left; };
    context.print("nothing: " + std::to_string(none.count()) + " records, "
                  + std::to_string(none.reduce_by_key(join).count()) + " keys, "
                  + (none.reduce(first) ? "one" : "none") + " reduced\n");
}

void odd_data(Context& context) {
    large_values(context);
    large_keys(context);
    nothing(context);
}

}  // namespace

int main(int argc, char** argv) { return serry::run(argc, argv, odd_data); }
