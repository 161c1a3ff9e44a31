#pragma once

namespace serry {

/// The program `serry`: reads its command line, does what that says, and returns the exit code.
int run_tool(int argc, char** argv);

}  // namespace serry
