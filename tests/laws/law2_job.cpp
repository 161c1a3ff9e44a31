// law2_job: stages that fail at many places while the ranks exchange, each followed by one that
// must succeed, in one job. Prints what went otherwise than it should, and at last how many stages
// failed.
#include <cstdint>
#include <stdexcept>
#include <string>

#include "serry/serry.hpp"

namespace {

using Count = serry::KeyValue<std::int64_t, std::int64_t>;

constexpr std::int64_t number_count = 4000;
constexpr std::int64_t key_count = 500;

Count keyed(std::int64_t number) { return {number % key_count, number}; }

/// What a key's values add up to.
std::int64_t total_of(std::int64_t key) {
    constexpr std::int64_t values = number_count / key_count;
    return values * key + key_count * values * (values - 1) / 2;
}

serry::Dataset<Count> sums(serry::Context& context, std::int64_t bad_number, std::int64_t bad_sum) {
    auto const checked = [bad_number](std::int64_t number) {
        if (number == bad_number) throw std::runtime_error("bad number");
        return number;
    };
    auto const add = [bad_sum](std::int64_t left, std::int64_t right) {
        if (left + right == bad_sum) throw std::runtime_error("bad sum");
        return left + right;
    };
    return serry::iota(context, number_count, 8)
        .map(checked)
        .map(keyed)
        .reduce_by_key(serry::exact(add), 5);
}

/// Whether the stage failed by a StageError.
bool fails(serry::Context& context, std::int64_t bad_number, std::int64_t bad_sum) {
    try {
        sums(context, bad_number, bad_sum).count();
    } catch (serry::StageError const&) {
        return true;
    }
    return false;
}

void check_good_stage(serry::Context& context) {
    auto const is_wrong = [](Count const& sum) { return sum.value != total_of(sum.key); };
    auto const all = sums(context, -1, -1);
    if (all.count() != key_count || all.filter(is_wrong).count() != 0)
        context.print("wrong sums after a failed stage\n");
}

void law2(serry::Context& context) {
    int failed = 0;
    for (std::int64_t at : {0, 1, 499, 500, 1999, 2000, 3998, 3999}) {
        failed += fails(context, at, -1);
        check_good_stage(context);
    }
    // On the receiving side of the last exchange, but for one rank, and in the sender's table.
    for (std::int64_t sum : {total_of(0), total_of(250), total_of(499), std::int64_t{500 + 0}}) {
        failed += fails(context, -1, sum);
        check_good_stage(context);
    }
    context.print(std::to_string(failed) + " stages failed\n");
}

}  // namespace

int main(int argc, char** argv) { return serry::run(argc, argv, law2); }
