#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace serry {

/// A value of a parsed JSON text, valid until its reader reads the next one. (A view of simdjson's,
/// which only json_value.cpp includes.)
class JsonValue {
public:
    enum class Kind : std::uint8_t { null, boolean, number, text, array, object };

    /// Where an array or an object is being walked.
    struct Cursor {
        std::array<std::uint64_t, 2> at{};
        std::array<std::uint64_t, 2> end{};
    };

    Kind kind() const;
    /// Of a boolean, a text; of the latter unescaped.
    bool boolean() const;
    std::string_view text() const;
    /// Of a number; false if it is not one of these, to the last digit.
    bool to(std::int64_t& value) const;
    bool to(std::uint64_t& value) const;
    /// Of a number, rounded to the nearest.
    double real() const;

    /// Of an array or an object.
    Cursor walk() const;
    static bool next_element(Cursor& cursor, JsonValue& element);
    static bool next_member(Cursor& cursor, std::string_view& name, JsonValue& member);

    /// "null", "text \"abc\"", "an array", for messages.
    std::string describe() const;

    std::array<std::uint64_t, 2> raw{};
};

/// Parses texts, one after the other, in memory that it keeps.
class JsonReader {
public:
    /// Bytes behind a text that must be readable.
    static constexpr std::size_t padding = 64;

    JsonReader();
    ~JsonReader();

    /// Parse `text`: one value (RFC 8259, UTF-8) with `padding` readable bytes behind it. Null if
    /// it is none, and problem() says why.
    JsonValue const* read(std::string_view text);
    std::string const& problem() const { return problem_; }

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    JsonValue value_;
    std::string problem_;
};

}  // namespace serry
