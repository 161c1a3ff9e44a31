#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "serry/base/arena.hpp"

namespace serry {

/// A line of separated values, cut into fields. Its memory is kept from line to line.
class CsvLine {
public:
    /// Bytes behind a line that must be readable.
    static constexpr std::size_t padding = 64;

    struct Field {
        std::string_view text;  ///< without the quotes around it
        bool is_quoted = false;
        bool has_escapes = false;  ///< quotes in it are still written twice
    };

    /// `quote` 0: there are no quotes.
    CsvLine(char delimiter, char quote) : delimiter_(delimiter), quote_(quote) {}

    /// Cut `line`; false if its quotes are wrong, and problem() says how. Requires `padding`
    /// readable bytes behind it. The fields are views of it.
    bool split(std::string_view line);

    /// One at least.
    std::size_t field_count() const { return ends_.size(); }
    Field field(std::size_t index) const;
    std::string_view line() const { return line_; }
    std::string const& problem() const { return problem_; }

private:
    void cut_chunk(std::size_t begin, std::size_t byte_count);
    bool check_quotes();
    bool check_field(std::size_t index);

    char delimiter_;
    char quote_;
    std::string_view line_;
    std::vector<std::size_t> ends_;  ///< of the fields, in the line
    bool has_quotes_ = false;
    bool is_quoted_ = false;  ///< where the next chunk begins
    std::string problem_;
};

/// The text of a field as it was meant: a view of the line, or of `arena` if it had escapes.
std::string_view unescaped(CsvLine::Field const& field, char quote, Arena& arena);

}  // namespace serry
