#pragma once

#include <charconv>
#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "serry/serde/codec.hpp"

namespace serry::csv {

/// Numbers and bool; not the character types, which are letters to some and numbers to others.
template <typename T>
concept Number =
    std::is_arithmetic_v<T> && !std::same_as<
        T,
        char> && !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;
template <typename T>
concept Text = std::same_as<T, std::string> || std::same_as<T, std::string_view>;

template <typename T>
struct Unwrapped {
    using type = T;
};
template <typename T>
struct Unwrapped<std::optional<T>> {
    using type = T;
};

/// What a field of a table can be.
template <typename T>
concept Value = Number<typename Unwrapped<T>::type> || Text<typename Unwrapped<T>::type>;

/// Without the blanks around it.
inline std::string_view trimmed(std::string_view text) {
    auto const is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}
bool parse_bool(std::string_view text, bool& value);

/// Parse digits with a point among them, if any, and no exponent, whose value is a quotient of two
/// numbers that a double holds, and so rounded once (Clinger, 1990): what tables are full of. False
/// for all else, numbers or not.
bool parse_short_decimal(std::string_view text, double& value);

/// Parse all of `text`, blanks around it aside; false if it is no number, or none that T holds.
template <Number T>
bool parse_number(std::string_view text, T& value) {
    text = trimmed(text);
    if constexpr (std::same_as<T, bool>) {
        return parse_bool(text, value);
    } else {
        if constexpr (std::same_as<T, double>)
            if (parse_short_decimal(text, value)) return true;
        if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc() && end == text.data() + text.size() && !text.empty();
    }
}

/// What parse_number<T> expects, for messages: "a whole number from 0 to 255".
template <Number T>
std::string expectation() {
    if constexpr (std::same_as<T, bool>)
        return "true or false";
    else if constexpr (std::integral<T>)
        return "a whole number from " + std::to_string(std::numeric_limits<T>::min()) + " to "
               + std::to_string(std::numeric_limits<T>::max());
    else
        return "a number";
}

}  // namespace serry::csv
