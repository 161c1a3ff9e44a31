// law4_job FOLDER: every kind of action. Every rank writes what they returned into FOLDER/<rank>.
#include <fstream>
#include <string>

#include "serry/serry.hpp"

namespace {

using Word = serry::KeyValue<std::string_view, std::int64_t>;

constexpr std::uint64_t number_count = 1000;

bool is_larger(Word const& a, Word const& b) { return a.value > b.value; }

std::string_view shorter(std::string_view left, std::string_view right) {
    return right.size() < left.size() ? right : left;
}

class Answers {
public:
    explicit Answers(std::string const& path) : file_(path) {}

    template <typename Value>
    void add(std::string const& name, Value const& value) {
        file_ << name << ' ' << value << '\n';
    }
    void add_numbers(std::string const& name, serry::Results<std::int64_t> const& numbers) {
        file_ << name;
        for (std::int64_t number : numbers) file_ << ' ' << number;
        file_ << '\n';
    }
    void add_words(std::string const& name, serry::Results<Word> const& words) {
        file_ << name;
        for (Word const& word : words) file_ << ' ' << word.key << '=' << word.value;
        file_ << '\n';
    }

private:
    std::ofstream file_;
};

void law4(serry::Context& context) {
    std::string const rank = std::to_string(context.session().comm().rank());
    Answers answers(context.argument(0) + '/' + rank);

    auto const numbers = serry::iota(context, number_count, 13);
    answers.add("count", numbers.count());
    answers.add_numbers("collect",
                        numbers.filter([](std::int64_t n) { return n % 100 == 7; }).collect());
    answers.add_numbers("take", numbers.take(5));
    answers.add_numbers("take_all",
                        numbers.filter([](std::int64_t n) { return n >= 997; }).take(5));
    answers.add("reduce", *numbers.reduce(std::plus{}));
    answers.add("reduce_nothing",
                numbers.filter([](std::int64_t) { return false; }).reduce(std::plus{}).has_value());
    answers.add("reduce_floating",
                *numbers.map([](std::int64_t n) { return 1.0 / static_cast<double>(n + 1); })
                     .reduce(std::plus{}));
    answers.add("reduce_view",
                *numbers
                     .map([](std::int64_t n, serry::Arena& arena) {
                         return arena.copy(std::string(2000 - static_cast<std::size_t>(n), 'x')
                                           + std::to_string(n));
                     })
                     .reduce(serry::exact(shorter)));
    auto const words = numbers.map([](std::int64_t n, serry::Arena& arena) {
        return Word(arena.copy("word" + std::to_string(n % 70)), n);
    });
    auto const sums = words.reduce_by_key(std::plus{});
    answers.add("keys", sums.count());
    answers.add_words("top", sums.top(3, is_larger));
    answers.add("explain", sums.explain());

    // What is done next depends on results, and so must be the same everywhere.
    auto some = numbers;
    int rounds = 0;
    while (some.count() > 10) {
        some = some.filter([rounds](std::int64_t n) { return (n >> rounds & 1) == 0; });
        ++rounds;
    }
    answers.add("rounds", rounds);
}

}  // namespace

int main(int argc, char** argv) { return serry::run(argc, argv, law4, {.arguments = "FOLDER"}); }
