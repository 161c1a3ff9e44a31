#include <array>
#include <string_view>

#include <serry/binary.hpp>
#include <serry/serry.hpp>

using Line = std::array<char, 100>;

std::string_view key_of_line(Line const& line) { return {line.data(), 10}; }

void tera_sort(serry::Context& context) {
    auto const sorted = serry::read_binary<Line>(context, context.arguments()).sort_by(key_of_line);
    serry::write_binary(sorted, context.option("--output").value_or("sorted"));
}

int main(int argc, char** argv) {
    return serry::run(
        argc, argv, tera_sort,
        {.summary = "Sort records of 100 bytes by their first 10, as the sort benchmark asks.",
         .arguments = "INPUT...",
         .options = {{"--output DIR", "write the records in order, a file a partition (sorted)"}}});
}
