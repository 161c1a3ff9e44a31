#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/pfr/core.hpp>

#include "serry/serde/codec.hpp"
#include "serry/serde/field_names.hpp"

namespace serry {

/// What HDF5 knows of a value in memory.
enum class Hdf5Kind : std::uint8_t {
    int8,
    uint8,
    int16,
    uint16,
    int32,
    uint32,
    int64,
    uint64,
    float32,
    float64,
    boolean,
    text,
};

/// "int64".
char const* to_string(Hdf5Kind kind);

struct Hdf5Field {
    std::string name;  ///< empty where the record is the value
    Hdf5Kind kind = Hdf5Kind::int64;
    std::size_t offset = 0;  ///< in a row in memory
};

/// How a type of records lies in memory, in rows, when HDF5 reads or writes it.
struct Hdf5Record {
    enum class Shape : std::uint8_t {
        element,  ///< a value: of a dataset of one dimension
        array,    ///< a fixed number of values: a row of one of two dimensions
        slab,     ///< all values with the same first index
        table,    ///< named fields: of a compound type
    };

    Shape shape = Shape::element;
    std::vector<Hdf5Field> fields;   ///< one, unless it is a table
    std::uint64_t column_count = 1;  ///< of an array
    std::size_t row_bytes = 0;       ///< in memory; of a slab, those of a value
};

/// "1 dimension of int64", for messages.
std::string to_string(Hdf5Record const& record);

namespace hdf5 {

template <typename T>
concept Number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8;
template <typename T>
concept Text = std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>;
template <typename T>
concept Value = Number<T> || Text<T> || std::is_same_v<T, bool>;

template <typename T>
struct IsNumbers : std::false_type {};
template <Number T, std::size_t n>
struct IsNumbers<std::array<T, n>> : std::bool_constant<(n > 0)> {};

template <typename T>
struct IsSlab : std::false_type {};
template <Number T>
struct IsSlab<std::vector<T>> : std::true_type {};

template <typename Tuple>
struct AllValues;
template <typename... T>
struct AllValues<std::tuple<T...>> {
    static constexpr bool are_values = (Value<T> && ...);
    static constexpr bool are_numbers = (Number<T> && ...);
};

template <typename T>
concept Table = NamedFields<T> && AllValues<codec::fields_of<T>>::are_values;
template <typename T>
concept TableOfNumbers = Table<T> && AllValues<codec::fields_of<T>>::are_numbers;

/// Records that HDF5 reads and writes where they are.
template <typename T>
concept Direct = Number<T> || IsNumbers<T>::value || TableOfNumbers<T>;

template <Value T>
constexpr Hdf5Kind kind_of() {
    if constexpr (Text<T>)
        return Hdf5Kind::text;
    else if constexpr (std::is_same_v<T, bool>)
        return Hdf5Kind::boolean;
    else if constexpr (std::is_floating_point_v<T>)
        return sizeof(T) == 4 ? Hdf5Kind::float32 : Hdf5Kind::float64;
    else {
        constexpr int log = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
        return static_cast<Hdf5Kind>(2 * log + std::is_unsigned_v<T>);
    }
}

/// Bytes of a field in a row that is not the record itself: a text is a pointer to its bytes.
template <Value T>
inline constexpr std::size_t row_bytes_of = Text<T> ? sizeof(char const*) : sizeof(T);

template <Table T>
Hdf5Record record_of_table() {
    Hdf5Record record{.shape = Hdf5Record::Shape::table, .fields = {}, .row_bytes = 0};
    T const sample{};
    boost::pfr::for_each_field(sample, [&](auto const& field, std::size_t i) {
        using Field = std::remove_cvref_t<decltype(field)>;
        std::size_t offset = record.row_bytes;
        if constexpr (TableOfNumbers<T>)
            offset = static_cast<std::size_t>(reinterpret_cast<char const*>(&field)
                                              - reinterpret_cast<char const*>(&sample));
        record.fields.push_back({std::string(field_names<T>[i]), kind_of<Field>(), offset});
        record.row_bytes += row_bytes_of<Field>;
    });
    if constexpr (TableOfNumbers<T>) record.row_bytes = sizeof(T);
    return record;
}

}  // namespace hdf5

/// What write_hdf5 takes: numbers, bool and text; std::array of numbers; structs of numbers, bool
/// and text whose fields have names.
template <typename T>
concept Hdf5Writable = hdf5::Value<T> || hdf5::IsNumbers<T>::value || hdf5::Table<T>;
/// What read_hdf5 makes: the same, and std::vector of numbers.
template <typename T>
concept Hdf5Readable = Hdf5Writable<T> || hdf5::IsSlab<T>::value;

template <Hdf5Readable T>
Hdf5Record hdf5_record() {
    using enum Hdf5Record::Shape;
    if constexpr (hdf5::Table<T>) {
        return hdf5::record_of_table<T>();
    } else if constexpr (hdf5::Value<T>) {
        return {element, {{"", hdf5::kind_of<T>(), 0}}, 1, hdf5::row_bytes_of<T>};
    } else {
        using Number = typename T::value_type;
        Hdf5Record record{slab, {{"", hdf5::kind_of<Number>(), 0}}, 1, sizeof(Number)};
        if constexpr (hdf5::IsNumbers<T>::value)
            record = {array, record.fields, std::tuple_size_v<T>, sizeof(T)};
        return record;
    }
}

}  // namespace serry
