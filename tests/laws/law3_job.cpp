// law3_job CASE FOLDER [INPUT]: a stage that fails. Every rank writes what its action threw into
// FOLDER/<rank>, as "CODE TEXT".
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "serry/exec/session.hpp"
#include "serry/serry.hpp"
#include "serry/sink/action_end.hpp"
#include "serry/source/memory_source.hpp"

namespace {

using serry::Context;
using Count = serry::KeyValue<std::int64_t, std::int64_t>;

/// Numbers 0 to 79 in 8 partitions, of which those for which is_bad(number) throw.
template <typename IsBad>
auto checked_numbers(Context& context, IsBad is_bad) {
    auto const check = [is_bad](std::int64_t number) {
        if (is_bad(number)) throw std::out_of_range("number " + std::to_string(number));
        return number;
    };
    return serry::iota(context, 80, 8, {"job.cpp", 1}).map(check, {"job.cpp", 2});
}

void fail_in_one(Context& context) {
    checked_numbers(context, [](std::int64_t number) {
        return number == 73;
    }).count({"job.cpp", 3});
}

/// All ranks are inside the function when the first of them throws.
void fail_in_all(Context& context) {
    checked_numbers(context, [](std::int64_t) {
        std::this_thread::sleep_for(std::chrono::seconds(1));
        return true;
    }).count({"job.cpp", 3});
}

/// Key 3 is in one partition of the result; its last sum is made where that is merged.
void fail_in_merge(Context& context) {
    auto const add = [](std::int64_t left, std::int64_t right) {
        if (left + right == 8) throw std::overflow_error("8 is too much");
        return left + right;
    };
    serry::iota(context, 80, 8, {"job.cpp", 1})
        .map([](std::int64_t number) { return Count(number % 10, 1); }, {"job.cpp", 2})
        .filter([](Count const& count) { return count.key == 3; }, {"job.cpp", 3})
        .reduce_by_key(serry::exact(add), 5, {"job.cpp", 4})
        .count({"job.cpp", 5});
}

void fail_on_input(Context& context) {
    auto const check = [](std::string_view line) {
        if (line == "bad") throw std::runtime_error("a bad line");
        return line.size();
    };
    serry::read_text(context, context.argument(2), 4, {"job.cpp", 1})
        .map(check, {"job.cpp", 2})
        .count({"job.cpp", 3});
}

/// The end of a stage that says to have sent a record which nobody receives.
class LyingEnd final : public serry::ActionEnd<std::int64_t>,
                       public serry::Outgoing,
                       public serry::Incoming {
public:
    using ActionEnd::ActionEnd;

    Outgoing* outgoing() override { return this; }
    Incoming* incoming() override { return this; }

    bool is_full() const override { return false; }
    void open(bool) override {}
    Load load() const override { return {}; }
    Filled fill(int, std::span<char>) override { return {0, true}; }

    void open(bool, std::size_t) override {}
    std::size_t room(int) const override { return 1; }
    void take(int, std::span<char const>, bool) override {}
    void advance() override {}
    void close() override {}
    std::size_t waiting_bytes() const override { return 0; }

    std::uint64_t record_count() const override { return is_asked_first_-- > 0 ? 1 : 0; }

private:
    void use(std::span<std::int64_t const>) override {}

    mutable int is_asked_first_ = 1;  ///< by the sending side, then by the receiving one
};

void lose_a_record(Context& context) {
    serry::Session& session = context.session();
    serry::IotaSource numbers(session.lineage(), {"job.cpp", 1}, 80, 8);
    serry::Transformation const action(session.lineage(), {.name = "lie",
                                                           .at = {"job.cpp", 2},
                                                           .dependency = serry::Dependency::narrow,
                                                           .parents = {}});
    session.open_action(action);
    LyingEnd end(numbers);
    session.run(numbers, action, end);
}

void law3(Context& context) {
    std::string const name = context.argument(0);
    std::string const rank = std::to_string(context.session().comm().rank());
    std::ofstream file(context.argument(1) + '/' + rank);
    try {
        if (name == "one") fail_in_one(context);
        if (name == "all") fail_in_all(context);
        if (name == "merge") fail_in_merge(context);
        if (name == "input") fail_on_input(context);
        if (name == "conservation") lose_a_record(context);
    } catch (serry::StageError const& error) {
        file << static_cast<int>(error.exit_code()) << ' ' << error.what();
        throw;
    }
}

}  // namespace

int main(int argc, char** argv) {
    return serry::run(argc, argv, law3, {.arguments = "CASE FOLDER INPUT"});
}
