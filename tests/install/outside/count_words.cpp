#include <serry/serry.hpp>

void count_words(serry::Context& context) {
    serry::read_text(context, context.argument(0))
        .flat_map(serry::split_words)
        .map([](std::string_view word) { return serry::KeyValue(word, 1L); })
        .reduce_by_key(std::plus{})
        .write_text(context.argument(1));
}

int main(int argc, char** argv) {
    return serry::run(argc, argv, count_words, {.arguments = "INPUT OUTPUT"});
}
