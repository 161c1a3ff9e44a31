#pragma once

#include <string>
#include <string_view>

namespace serry {

/// A text as JSON has it (RFC 8259), quotes and all.
std::string json_text(std::string_view text);

}  // namespace serry
