#include <string>

#include <serry/serry.hpp>

using Count = serry::KeyValue<std::string_view, long>;

bool is_more_frequent(Count const& a, Count const& b) {
    return a.value != b.value ? a.value > b.value : a.key < b.key;
}

void word_count(serry::Context& context) {
    auto lines = serry::read_text(context, context.arguments());
    if (context.has("--lowercase")) lines = lines.map(serry::lowercase);

    auto const counts = lines.flat_map(serry::split_words)
                            .map([](std::string_view word) { return Count(word, 1); })
                            .reduce_by_key(std::plus{});

    if (auto const output = context.option("--output")) counts.write_text(*output);

    auto const top = context.count_option("--top", context.has("--output") ? 0 : 20);
    if (top == 0) return;
    for (auto const& [word, count] : counts.top(top, is_more_frequent))
        context.print(std::to_string(count) + '\t' + std::string(word) + '\n');
}

int main(int argc, char** argv) {
    return serry::run(
        argc, argv, word_count,
        {.summary = "Count how often each word occurs in text files, folders of them or globs.",
         .arguments = "INPUT...",
         .options = {{"--output DIR", "write word TAB count, a file for each partition"},
                     {"--top N", "print the N most frequent words (20 without --output)"},
                     {"--lowercase", "count words in ASCII lower case"}}});
}
