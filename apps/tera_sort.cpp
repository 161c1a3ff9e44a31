#include <array>
#include <string>
#include <string_view>

#include <serry/binary.hpp>
#include <serry/serry.hpp>

using Record = std::array<char, 100>;

std::string_view key_of(Record const& record) { return {record.data(), 10}; }

void tera_sort(serry::Context& context) {
    auto const sorted = serry::read_binary<Record>(context, context.arguments())
                            .sort_by(key_of, {.descending = context.has("--descending")});

    if (auto const output = context.option("--output"))
        serry::write_binary(sorted, *output);
    else
        context.print(std::to_string(sorted.count()) + " records\n");
}

int main(int argc, char** argv) {
    return serry::run(argc, argv, tera_sort,
                      {.summary = "Sort records of 100 bytes by their first 10, as unsigned bytes.",
                       .arguments = "INPUT...",
                       .options = {{"--output DIR", "write the records, a file for each partition"},
                                   {"--descending", "the largest key first"}}});
}
