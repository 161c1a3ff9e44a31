#pragma once

#include <charconv>
#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "serry/base/key_value.hpp"
#include "serry/serde/byte_buffer.hpp"
#include "serry/serde/codec.hpp"

namespace serry {

/// How a type of yours becomes text: specialise with `static void append(T const&, ByteWriter&)`.
/// It wins over the rules of append_text. What it appends must follow from the value alone, and
/// should hold no line break, which would make two lines of one record.
template <typename T>
struct TextFormat;

namespace printing {

template <typename T>
concept HasTextFormat = requires(T const& value, ByteWriter& line) {
    TextFormat<T>::append(value, line);
};

template <typename T, typename... Others>
concept AnyOf = (std::same_as<T, Others> || ...);

template <typename T>
concept Text = AnyOf<T, std::string, std::string_view>;

/// Numbers, bool and char. Not the character types of other encodings: a file holds bytes.
template <typename T>
concept Scalar = std::is_arithmetic_v<T> && !AnyOf<T, wchar_t, char8_t, char16_t, char32_t>;

template <typename T>
concept Elements = codec::IsVector<T>::value || codec::IsArray<T>::value;

template <typename T>
consteval bool has_text_format();

template <typename Tuple>
struct AllHaveTextFormat;
template <template <typename...> typename Tuple, typename... T>
struct AllHaveTextFormat<Tuple<T...>> {
    static constexpr bool value = (has_text_format<T>() && ...);
};

template <typename T>
consteval bool has_text_format() {
    if constexpr (HasTextFormat<T> || Text<T> || Scalar<T>)
        return true;
    else if constexpr (Elements<T> || codec::IsOptional<T>::value)
        return has_text_format<typename T::value_type>();
    else if constexpr (codec::IsKeyValue<T>::value || codec::IsTuple<T>::value)
        return AllHaveTextFormat<T>::value;
    else
        return false;
}

/// The shortest text that reads back as the same number; every NaN is "nan".
void append_number(float value, ByteWriter& line);
void append_number(double value, ByteWriter& line);
void append_number(long double value, ByteWriter& line);

template <std::integral T>
void append_number(T value, ByteWriter& line) {
    constexpr std::size_t most_digits = std::numeric_limits<T>::digits10 + 2;
    char* const to = line.reserve(most_digits);
    char* const end = std::to_chars(to, to + most_digits, value).ptr;
    line.set_size(line.size() + static_cast<std::size_t>(end - to));
}

template <typename T>
void append(T const& value, ByteWriter& line);

inline void append_byte(char byte, ByteWriter& line) { *line.extend(1) = byte; }

template <typename First, typename... Others>
void append_tabbed(ByteWriter& line, First const& first, Others const&... others) {
    append(first, line);
    ((append_byte('\t', line), append(others, line)), ...);
}

template <typename T>
void append_elements(T const& elements, ByteWriter& line) {
    using Element = typename T::value_type;
    if constexpr (std::same_as<Element, char>) {
        line.put(elements.data(), elements.size());
    } else {
        bool is_first = true;
        for (Element const& element : elements) {
            if (!is_first) append_byte(' ', line);
            append(element, line);
            is_first = false;
        }
    }
}

template <typename T>
void append(T const& value, ByteWriter& line) {
    if constexpr (HasTextFormat<T>) {
        TextFormat<T>::append(value, line);
    } else if constexpr (Text<T>) {
        line.put(value);
    } else if constexpr (std::same_as<T, bool>) {
        line.put(value ? std::string_view("true") : std::string_view("false"));
    } else if constexpr (std::same_as<T, char>) {
        append_byte(value, line);
    } else if constexpr (Scalar<T>) {
        append_number(value, line);
    } else if constexpr (codec::IsKeyValue<T>::value) {
        append_tabbed(line, value.key, value.value);
    } else if constexpr (std::same_as<T, std::tuple<>>) {
        // no fields, no text
    } else if constexpr (codec::IsTuple<T>::value) {
        std::apply([&](auto const&... parts) { append_tabbed(line, parts...); }, value);
    } else if constexpr (codec::IsOptional<T>::value) {
        if (value) append(*value, line);
    } else {
        append_elements(value, line);
    }
}

}  // namespace printing

/// Types whose values can be written as a line of text: strings, numbers, bool, char, and KeyValue,
/// pair, tuple, vector, array and optional of these. A type of your own needs a TextFormat<T>.
template <typename T>
concept Printable = printing::has_text_format<T>();

/// Append `value` as text, without a line break at the end.
///
/// - string, string_view, and vectors and arrays of char: their bytes as they are
/// - integers, of one byte too: decimal; bool: true or false; char: the character
/// - floating point: the shortest decimal that reads back as the same value; inf, -inf, nan
/// - KeyValue: key TAB value; pair, tuple: parts with a TAB between
/// - vector, array: elements with a space between, nothing for an empty one
/// - optional: its value, or nothing
///
/// Nesting leaves no mark: KeyValue<K, pair<A, B>> is three columns. Nothing is quoted or escaped.
/// Throws what a TextFormat throws.
template <Printable T>
void append_text(T const& value, ByteWriter& line) {
    printing::append(value, line);
}

}  // namespace serry
