#include "serry/tool/shape.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "serry/base/error.hpp"

namespace serry {
namespace {

constexpr int most_ranks = 1 << 24;

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
    Number number = 0;
    char const* const end = text.data() + text.size();
    auto const [at, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || at != end || number <= 0) return std::nullopt;
    return number;
}

/// What stands in braces: nothing if that is none of ours.
std::optional<std::string> value_in_braces(std::string_view inner, Shape shape, int round) {
    if (inner == "round") return std::to_string(round);
    std::size_t const star = inner.find('*');
    std::string_view const name = inner.substr(0, star);
    if (name != "nodes" && name != "ranks") return std::nullopt;
    std::int64_t const count = name == "nodes" ? shape.nodes : shape.ranks();
    if (star == std::string_view::npos) return std::to_string(count);
    auto const factor = number_in<std::int64_t>(inner.substr(star + 1));
    std::int64_t product = 0;
    if (!factor || __builtin_mul_overflow(count, *factor, &product))
        throw UsageError(fmt::format(
            "serry scale: {{{}}}: expected a whole number above 0 behind the *", inner));
    return std::to_string(product);
}

}  // namespace

std::string Shape::name() const { return fmt::format("{}x{}", nodes, ranks_a_node); }

Shape shape_option(std::string const& where, std::string_view text) {
    std::size_t const times = text.find('x');
    bool const has_nodes = times != std::string_view::npos;
    auto const nodes = has_nodes ? number_in<int>(text.substr(0, times)) : std::optional(1);
    auto const ranks = number_in<int>(has_nodes ? text.substr(times + 1) : text);
    if (!nodes || !ranks || *nodes > most_ranks / *ranks)
        throw UsageError(fmt::format(
            "{}: \"{}\" is no shape; expected NODESxRANKS_A_NODE such as 4x32, or RANKS", where,
            text));
    return {*nodes, *ranks};
}

std::string fill_in(std::string_view word, Shape shape, int round) {
    std::string filled;
    for (std::size_t at = 0; at < word.size();) {
        std::size_t const end = word[at] == '{' ? word.find('}', at) : std::string_view::npos;
        auto const value = end == std::string_view::npos
                               ? std::nullopt
                               : value_in_braces(word.substr(at + 1, end - at - 1), shape, round);
        filled += value ? *value : std::string(1, word[at]);
        at = value ? end + 1 : at + 1;
    }
    return filled;
}

bool depends_on_shape(std::vector<std::string> const& words) {
    for (std::string const& word : words)
        if (fill_in(word, {1, 1}, 1) != fill_in(word, {2, 1}, 1)) return true;
    return false;
}

}  // namespace serry
