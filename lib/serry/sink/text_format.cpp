#include "serry/sink/text_format.hpp"

#include <cmath>

namespace serry::printing {
namespace {

template <std::floating_point T>
void append_shortest(T value, ByteWriter& line) {
    if (std::isnan(value))
        return line.put(std::string_view("nan"));  // the sign of one means nothing
    // Shortest is at most max_digits10 digits with sign, point and exponent ("e-4951").
    constexpr std::size_t most_bytes = std::numeric_limits<T>::max_digits10 + 10;
    char* const to = line.reserve(most_bytes);
    char* const end = std::to_chars(to, to + most_bytes, value).ptr;
    line.set_size(line.size() + static_cast<std::size_t>(end - to));
}

}  // namespace

void append_number(float value, ByteWriter& line) { append_shortest(value, line); }
void append_number(double value, ByteWriter& line) { append_shortest(value, line); }
void append_number(long double value, ByteWriter& line) { append_shortest(value, line); }

}  // namespace serry::printing
