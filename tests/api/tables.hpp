#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "serry/serde/field_names.hpp"

namespace serry::test {

/// A row of a table, with all kinds of fields that CSV and JSON have.
struct Order {
    std::int64_t id = 0;
    std::string customer;
    std::optional<double> price;
    bool is_paid = false;
    std::optional<std::string> note;
    float weight = 0;

    friend bool operator==(Order const&, Order const&) = default;
};

/// Rows whose text is as nasty as it may be: separators, quotes, line ends, NUL, UTF-8.
inline std::vector<Order> nasty_orders(std::size_t count, bool with_line_ends = true) {
    std::mt19937 random(20261);
    std::vector<std::string> const bits{
        ",", "\"", "a",  "\t",   " ", std::string(1, '\0'), "\u00e4", "\U0001f600",
        "'", "\\", "\n", "\r\n", "\r"};
    auto const text = [&] {
        std::string made;
        for (unsigned i = random() % 6; i > 0; --i)
            made += bits[random() % (bits.size() - (with_line_ends ? 0 : 3))];
        return made;
    };
    std::vector<Order> orders(count);
    for (Order& order : orders) {
        order.id = static_cast<std::int64_t>((std::uint64_t{random()} << 32) + random());
        order.customer = text();
        if (random() % 3)
            order.price = std::ldexp(static_cast<double>(random()), random() % 60 - 40);
        if (random() % 50 == 0) order.price = HUGE_VAL;
        order.is_paid = random() % 2;
        if (random() % 2) order.note = text();
        order.weight = static_cast<float>(random()) / 3;
    }
    return orders;
}

}  // namespace serry::test

template <>
inline constexpr auto serry::field_names<serry::test::Order> =
    serry::names("id", "customer", "price", "paid", "note", "weight");
