#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include "serry/base/arena.hpp"
#include "serry/serde/field_names.hpp"
#include "serry/source/csv_value.hpp"
#include "serry/source/json_value.hpp"
#include "serry/source/table_parser.hpp"

namespace serry {

/// How files of JSON lines are read.
struct JsonOptions {
    /// What is done about a line that is no object, or one that does not fit; see BadLines.
    BadLines bad_lines = BadLines::fail;
    /// Where BadLines::keep puts them: a folder that does not exist yet.
    std::string bad_lines_folder = {};
    /// 0: from the input's bytes.
    std::uint64_t partition_count = 0;
};

namespace json {

template <typename T>
consteval bool is_value();

template <typename T, typename Indices>
struct AllValues;
template <typename T, std::size_t... i>
struct AllValues<T, std::index_sequence<i...>> {
    static constexpr bool value = (is_value<boost::pfr::tuple_element_t<i, T>>() && ...);
};

template <typename T>
consteval bool is_value() {
    if constexpr (csv::Number<T> || csv::Text<T>)
        return true;
    else if constexpr (codec::IsOptional<T>::value || codec::IsVector<T>::value)
        return is_value<typename T::value_type>();
    else if constexpr (NamedFields<T>)
        return AllValues<T, std::make_index_sequence<boost::pfr::tuple_size_v<T>>>::value;
    else
        return false;
}

}  // namespace json

/// A struct that is an object of JSON: its fields have names (serry::field_names), and are numbers,
/// bool, text, such structs, or vectors or optionals of these.
template <typename T>
concept JsonRow = NamedFields<T> && json::is_value<T>();

namespace json {

/// Puts values of JSON into fields, and says what did not fit.
class FieldReader {
public:
    explicit FieldReader(Arena& arena) : arena_(arena) {}

    template <NamedFields T>
    bool read(JsonValue const& value, T& record) {
        if (value.kind() != JsonValue::Kind::object) return wrong(value, "an object");
        std::array<bool, boost::pfr::tuple_size_v<T>> seen{};
        JsonValue::Cursor cursor = value.walk();
        std::string_view name;
        JsonValue member;
        while (JsonValue::next_member(cursor, name, member)) {
            auto const found = std::find(field_names<T>.begin(), field_names<T>.end(), name);
            if (found == field_names<T>.end()) continue;
            auto const index = static_cast<std::size_t>(found - field_names<T>.begin());
            seen[index] = true;
            if (!read_field(index, member, record, indices<T>)) return within(name);
        }
        return require_all(seen, record, indices<T>);
    }

    template <csv::Text T>
    bool read(JsonValue const& value, T& text) {
        if (value.kind() != JsonValue::Kind::text) return wrong(value, "text");
        if constexpr (std::same_as<T, std::string_view>)
            text = arena_.copy(value.text());
        else
            text = value.text();
        return true;
    }

    bool read(JsonValue const& value, bool& boolean) {
        if (value.kind() != JsonValue::Kind::boolean) return wrong(value, "true or false");
        boolean = value.boolean();
        return true;
    }

    template <std::integral T>
    requires csv::Number<T>
    bool read(JsonValue const& value, T& number) {
        using Widest = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
        Widest wide = 0;
        if (value.kind() != JsonValue::Kind::number || !value.to(wide)
            || wide < Widest{std::numeric_limits<T>::min()}
            || wide > Widest{std::numeric_limits<T>::max()})
            return wrong(value, csv::expectation<T>());
        number = static_cast<T>(wide);
        return true;
    }

    template <std::floating_point T>
    bool read(JsonValue const& value, T& number) {
        if (value.kind() == JsonValue::Kind::number) {
            number = static_cast<T>(value.real());
            return true;
        }
        if (value.kind() == JsonValue::Kind::text && read_special(value.text(), number))
            return true;
        return wrong(value, "a number");
    }

    template <typename T>
    bool read(JsonValue const& value, std::optional<T>& field) {
        if (value.kind() == JsonValue::Kind::null) {
            field.reset();
            return true;
        }
        if (!field) field.emplace();
        return read(value, *field);
    }

    template <typename T>
    bool read(JsonValue const& value, std::vector<T>& elements) {
        if (value.kind() != JsonValue::Kind::array) return wrong(value, "an array");
        elements.clear();
        JsonValue::Cursor cursor = value.walk();
        JsonValue element;
        while (JsonValue::next_element(cursor, element)) {
            T parsed{};
            if (!read(element, parsed)) return within(std::to_string(elements.size()));
            elements.push_back(std::move(parsed));
        }
        return true;
    }

    /// "column \"address.street\" is null, expected text".
    std::string problem() const {
        if (path_.empty()) return "the line " + problem_;
        return "column \"" + path_ + "\" " + problem_;
    }

private:
    template <typename T>
    static constexpr auto indices = std::make_index_sequence<boost::pfr::tuple_size_v<T>>();

    template <typename T, std::size_t... i>
    bool read_field(std::size_t index,
                    JsonValue const& value,
                    T& record,
                    std::index_sequence<i...>) {
        bool is_right = true;
        static_cast<void>(
            ((i == index && (is_right = read(value, boost::pfr::get<i>(record)), true)) || ...));
        return is_right;
    }

    template <typename T, std::size_t... i>
    bool require_all(std::array<bool, sizeof...(i)> const& seen,
                     T& record,
                     std::index_sequence<i...>) {
        return ((seen[i] || make_missing(field_names<T>[i], boost::pfr::get<i>(record))) && ...);
    }

    template <typename T>
    bool make_missing(std::string_view name, T& field) {
        if constexpr (codec::IsOptional<T>::value) {
            field.reset();
            return true;
        } else {
            problem_ = "is missing; make the field std::optional if it may be";
            return within(name);
        }
    }

    template <std::floating_point T>
    static bool read_special(std::string_view text, T& number) {
        using Limits = std::numeric_limits<T>;
        if (text == "NaN") number = Limits::quiet_NaN();
        if (text == "Infinity") number = Limits::infinity();
        if (text == "-Infinity") number = -Limits::infinity();
        return text == "NaN" || text == "Infinity" || text == "-Infinity";
    }

    bool wrong(JsonValue const& seen, std::string const& expected) {
        problem_ = "is " + seen.describe() + ", expected " + expected;
        return false;
    }
    bool within(std::string_view name) {
        path_ = path_.empty() ? std::string(name) : std::string(name) + '.' + path_;
        return false;
    }

    Arena& arena_;
    std::string path_;
    std::string problem_;
};

}  // namespace json

/// Makes JSON lines into T's.
template <JsonRow T>
class JsonParser {
public:
    explicit JsonParser(JsonOptions const&) {}

    void begin_split(PinnedFile&, Split const&) {}
    void begin_text(std::string_view) {}

    /// Parse a line, which has JsonReader::padding readable bytes behind it. Views in `record` are
    /// views of `arena`.
    ParsedLine parse(std::string_view line, T& record, Arena& arena) {
        if (csv::trimmed(line).empty()) return ParsedLine::no_record;
        JsonValue const* const value = reader_.read(line);
        if (!value) {
            problem_ = reader_.problem();
            return ParsedLine::bad;
        }
        json::FieldReader fields(arena);
        if (fields.read(*value, record)) return ParsedLine::record;
        problem_ = fields.problem();
        return ParsedLine::bad;
    }

    /// What is wrong with the line that was bad.
    std::string const& problem() const { return problem_; }

private:
    JsonReader reader_;
    std::string problem_;
};

}  // namespace serry
