#pragma once

#include <cstdint>
#include <string>

#include "serry/source/bad_lines.hpp"

namespace serry {

/// How a file of separated values is written. The defaults are what pandas and most others write.
struct CsvOptions {
    /// Between the fields: '\t' for TSV, ';' where the comma is the decimal sign.
    char delimiter = ',';
    /// Whether every file begins with a line of the columns' names. Columns are then found by name,
    /// in any order, and those that the struct has no field for are passed over. Without it, the
    /// columns are the struct's fields in their order.
    bool has_header = true;
    /// Around fields that hold delimiters or quotes, where it is written twice. 0: there are none,
    /// and a quote is a character as any other.
    char quote = '"';
    /// Whether quoted fields may hold line ends. Files that several tasks read are then read twice:
    /// where quotes open and close has to be known before any of them can be read from its middle.
    bool quoted_newlines = false;
    /// Lines that begin with it are passed over. 0: there are none. With quoted_newlines, quotes in
    /// such a line count as others do.
    char comment = 0;
    /// What else than an empty field stands for nothing: "NA", "\\N". Not in quotes.
    std::string null_text = {};
    /// What is done about a line that does not fit; see BadLines.
    BadLines bad_lines = BadLines::fail;
    /// Where BadLines::keep puts them: a folder that does not exist yet.
    std::string bad_lines_folder = {};
    /// 0: from the input's bytes.
    std::uint64_t partition_count = 0;
};

/// Throws UsageError unless delimiter, quote, comment and line end differ. `reader` is named in the
/// message.
void check_options(CsvOptions const& options, std::string const& reader);

}  // namespace serry
