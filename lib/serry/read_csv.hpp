#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serry/context.hpp"
#include "serry/dataset.hpp"
#include "serry/source/csv_options.hpp"
#include "serry/source/csv_parser.hpp"

namespace serry {

/// For read_csv: where the lines of its files come from.
std::shared_ptr<TextSource> open_csv(Context& context,
                                     std::vector<std::string> const& paths,
                                     CsvOptions const& options,
                                     CallSite at);

/// The rows of CSV (TSV) files as records of T, a struct whose fields have the columns' names:
///
///     struct User { std::int64_t id; std::string_view country; std::optional<double> score; };
///     template <>
///     inline constexpr auto serry::field_names<User> = serry::names("id", "country", "score");
///
///     auto users = serry::read_csv<User>(context, "users/*.csv", {.delimiter = ';'});
///
/// Fields are whole numbers, floating-point numbers, bool (true, True, TRUE, 1 and so on), text
/// (std::string_view, a view of what was read, or std::string), or std::optional of these: an empty
/// field is nothing then. Blanks around numbers are passed over, and so are a byte order mark and
/// blank lines (which are an empty field where there is one column). Paths, partitions and
/// compression are as for read_text.
///
/// Order: that of the files and their lines.
/// Moves: nothing. With quoted_newlines this is an action, which counts the quotes of files that
///   are cut: one bit of each split goes to every rank.
/// Memory: as read_text; a row must fit.
/// Throws: InputError, from the first action, for a column that is missing, and with BadLines::fail
///   for a line that is no T. UsageError if the folder of BadLines::keep exists, unless --overwrite
///   was given.
template <CsvRow T>
Dataset<T> read_csv(Context& context,
                    std::vector<std::string> const& paths,
                    CsvOptions const& options = {},
                    CallSite at = CallSite::here()) {
    using Step = ParseTransformation<T, CsvParser<T>, CsvOptions>;
    auto source = open_csv(context, paths, options, at);
    return {context.session(), std::make_shared<Step>(context.session().lineage(), "parse_csv", at,
                                                      std::move(source), options)};
}
template <CsvRow T>
Dataset<T> read_csv(Context& context,
                    std::string const& path,
                    CsvOptions const& options = {},
                    CallSite at = CallSite::here()) {
    return read_csv<T>(context, std::vector<std::string>{path}, options, at);
}

}  // namespace serry
