// Any bytes are a record or a problem.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serry/source/json_parser.hpp"

namespace {

struct Place {
    std::string street;
    std::optional<std::int8_t> number;
};
struct Row {
    std::uint32_t id = 0;
    std::string_view name;
    std::optional<Place> home;
    std::vector<double> scores;
    bool is_new = false;
};

}  // namespace

template <>
inline constexpr auto serry::field_names<Place> = serry::names("s", "n");
template <>
inline constexpr auto serry::field_names<Row> = serry::names("a", "b", "c", "d", "e");

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static serry::JsonParser<Row> parser{serry::JsonOptions()};
    std::vector<char> padded(data, data + size);
    padded.resize(size + serry::JsonReader::padding, '"');
    serry::Arena arena;
    Row row;
    auto const what = parser.parse({padded.data(), size}, row, arena);
    if (what == serry::ParsedLine::bad && parser.problem().empty()) std::abort();
    return 0;
}
