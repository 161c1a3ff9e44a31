#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "serry/exec/session.hpp"
#include "serry/source/bad_lines.hpp"
#include "serry/source/text_source.hpp"

namespace serry {

/// The lines of text files, as the step `name`, no longer than this rank can hold.
std::shared_ptr<TextSource> open_text(Session& session,
                                      std::vector<std::string> const& paths,
                                      char const* name,
                                      std::uint64_t partition_count,
                                      CallSite at);

/// Collective if `what` is BadLines::keep: the ranks agree and rank 0 makes the folder. Throws
/// UsageError if it is there, unless --overwrite was given.
void prepare_bad_lines(Session& session,
                       std::shared_ptr<TextSource> const& source,
                       BadLines what,
                       std::string const& folder,
                       CallSite at);

}  // namespace serry
