#pragma once

#include <string>
#include <vector>

#include "serry/plan/split.hpp"

namespace serry {

/// The files that `patterns` name, as they are now. Each pattern is a file, a directory (its
/// regular files, not those of directories below it), or a pattern of glob(3) with {a,b} that
/// matches files and directories. Files come in the order of the patterns, those of one pattern
/// sorted by path; a file that is named twice is listed twice. In directories and among the matches
/// of a pattern, names that begin with '.' or '_' are left out, as Spark does: markers such as
/// _SUCCESS are no input.
///
/// Every file was opened once. Throws InputError for what is missing, unreadable, empty of files or
/// not a regular file.
std::vector<InputFile> list_files(std::vector<std::string> const& patterns);

}  // namespace serry
