#include "serry/source/csv_value.hpp"

#include <cstdint>

namespace serry::csv {

bool parse_short_decimal(std::string_view text, double& value) {
    constexpr std::size_t most_bytes = 18;  // no more digits than 64 bits hold
    constexpr std::uint64_t most_exact = std::uint64_t{1} << 53;
    static constexpr double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                               1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                               1e14, 1e15, 1e16, 1e17, 1e18};
    bool const is_negative = !text.empty() && text.front() == '-';
    if (is_negative) text.remove_prefix(1);
    if (text.empty() || text.size() > most_bytes) return false;
    std::uint64_t digits = 0;
    std::size_t digit_count = 0, whole_digits = most_bytes + 1;
    for (char const c : text) {
        auto const digit = static_cast<unsigned>(c - '0');
        if (digit < 10) {
            digits = digits * 10 + digit;
            ++digit_count;
        } else if (c == '.' && whole_digits > most_bytes) {
            whole_digits = digit_count;
        } else {
            return false;
        }
    }
    if (digit_count == 0 || digits > most_exact) return false;
    std::size_t const decimals = whole_digits > most_bytes ? 0 : digit_count - whole_digits;
    double const quotient = static_cast<double>(digits) / powers_of_ten[decimals];
    value = is_negative ? -quotient : quotient;
    return true;
}

bool parse_bool(std::string_view text, bool& value) {
    value = text == "true" || text == "True" || text == "TRUE" || text == "1";
    return value || text == "false" || text == "False" || text == "FALSE" || text == "0";
}

}  // namespace serry::csv
