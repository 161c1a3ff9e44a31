#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serry/context.hpp"
#include "serry/dataset.hpp"
#include "serry/source/json_parser.hpp"

namespace serry {

/// For read_json_lines: where the lines of its files come from.
std::shared_ptr<TextSource> open_json_lines(Context& context,
                                            std::vector<std::string> const& paths,
                                            JsonOptions const& options,
                                            CallSite at);

/// One object of JSON a line as records of T, a struct whose fields have names
/// (serry::field_names), found by name in any order; members that T has no field for are passed
/// over.
///
/// Fields are numbers, bool, text (std::string_view or std::string), structs with names, and
/// std::vector and std::optional of these. A member that is null or missing is nothing; an error
/// where the field is not optional. Floating-point fields also take "NaN", "Infinity" and
/// "-Infinity", as write_json_lines writes them. Blank lines are passed over. Paths, partitions and
/// compression are as for read_text.
///
/// Order: that of the files and their lines.
/// Moves: nothing.
/// Memory: as read_text; a line must fit, three times.
/// Throws: InputError, from the first action, with BadLines::fail for a line that is no T.
///   UsageError if the folder of BadLines::keep exists, unless --overwrite was given.
template <JsonRow T>
Dataset<T> read_json_lines(Context& context,
                           std::vector<std::string> const& paths,
                           JsonOptions const& options = {},
                           CallSite at = CallSite::here()) {
    using Step = ParseTransformation<T, JsonParser<T>, JsonOptions>;
    auto source = open_json_lines(context, paths, options, at);
    return {context.session(), std::make_shared<Step>(context.session().lineage(), "parse_json", at,
                                                      std::move(source), options)};
}
template <JsonRow T>
Dataset<T> read_json_lines(Context& context,
                           std::string const& path,
                           JsonOptions const& options = {},
                           CallSite at = CallSite::here()) {
    return read_json_lines<T>(context, std::vector<std::string>{path}, options, at);
}

}  // namespace serry
