#include "serry/source/json_value.hpp"

#include <bit>
#include <type_traits>

#include <fmt/format.h>
#include <simdjson.h>

#include "serry/source/bad_lines.hpp"

namespace serry {
namespace {

namespace dom = simdjson::dom;
using Raw = std::array<std::uint64_t, 2>;

static_assert(simdjson::SIMDJSON_PADDING <= JsonReader::padding);

/// simdjson's views are two words, whatever they are views of.
template <typename View>
View view_of(Raw const& raw) {
    static_assert(sizeof(View) == sizeof(Raw) && std::is_trivially_copyable_v<View>);
    return std::bit_cast<View>(raw);
}
template <typename View>
Raw raw_of(View const& view) {
    return std::bit_cast<Raw>(view);
}

dom::element element_of(JsonValue const& value) { return view_of<dom::element>(value.raw); }

/// Of a value that is known to be a T.
template <typename T>
T get(JsonValue const& value) {
    T result{};
    return element_of(value).get(result) == simdjson::SUCCESS ? result : T{};
}

template <typename Iterator>
bool is_at_end(JsonValue::Cursor const& cursor) {
    return !(view_of<Iterator>(cursor.at) != view_of<Iterator>(cursor.end));
}

}  // namespace

JsonValue::Kind JsonValue::kind() const {
    switch (element_of(*this).type()) {
        case dom::element_type::ARRAY:
            return Kind::array;
        case dom::element_type::OBJECT:
            return Kind::object;
        case dom::element_type::STRING:
            return Kind::text;
        case dom::element_type::BOOL:
            return Kind::boolean;
        case dom::element_type::NULL_VALUE:
            return Kind::null;
        default:
            return Kind::number;
    }
}

bool JsonValue::boolean() const { return get<bool>(*this); }
std::string_view JsonValue::text() const { return get<std::string_view>(*this); }
double JsonValue::real() const { return get<double>(*this); }

bool JsonValue::to(std::int64_t& value) const {
    return element_of(*this).get(value) == simdjson::SUCCESS;
}
bool JsonValue::to(std::uint64_t& value) const {
    return element_of(*this).get(value) == simdjson::SUCCESS;
}

JsonValue::Cursor JsonValue::walk() const {
    if (kind() == Kind::array) {
        dom::array const array = element_of(*this);
        return {raw_of(array.begin()), raw_of(array.end())};
    }
    dom::object const object = element_of(*this);
    return {raw_of(object.begin()), raw_of(object.end())};
}

bool JsonValue::next_element(Cursor& cursor, JsonValue& element) {
    using Iterator = dom::array::iterator;
    if (is_at_end<Iterator>(cursor)) return false;
    auto at = view_of<Iterator>(cursor.at);
    element.raw = raw_of(*at);
    cursor.at = raw_of(++at);
    return true;
}

bool JsonValue::next_member(Cursor& cursor, std::string_view& name, JsonValue& member) {
    using Iterator = dom::object::iterator;
    if (is_at_end<Iterator>(cursor)) return false;
    auto at = view_of<Iterator>(cursor.at);
    name = at.key();
    member.raw = raw_of(at.value());
    cursor.at = raw_of(++at);
    return true;
}

std::string JsonValue::describe() const {
    switch (kind()) {
        case Kind::array:
            return "an array";
        case Kind::object:
            return "an object";
        case Kind::text:
            return "the text " + excerpt(text());
        case Kind::boolean:
            return boolean() ? "true" : "false";
        case Kind::null:
            return "null";
        case Kind::number:
            break;
    }
    std::int64_t whole = 0;
    std::uint64_t large = 0;
    if (to(whole)) return fmt::format("{}", whole);
    if (to(large)) return fmt::format("{}", large);
    return fmt::format("{}", real());
}

struct JsonReader::Parser {
    dom::parser parser;
};

JsonReader::JsonReader() : parser_(std::make_unique<Parser>()) {}
JsonReader::~JsonReader() = default;

JsonValue const* JsonReader::read(std::string_view text) {
    dom::element element;
    auto const error = parser_->parser.parse(text.data(), text.size(), false).get(element);
    if (error) {
        problem_ = fmt::format("no JSON: {}", simdjson::error_message(error));
        return nullptr;
    }
    value_.raw = raw_of(element);
    return &value_;
}

}  // namespace serry
