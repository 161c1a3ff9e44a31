#pragma once

namespace serry {

/// A place at which a job can be made to die, to see that it resumes: where the environment's
/// SERRY_CRASH_AT is "NAME:RANK:OCCURRENCE", that rank kills itself (SIGKILL) when it comes to the
/// place `name` for the OCCURRENCE'th time, from 1. Several are separated by commas. Costs a
/// comparison when the variable is not set.
///
/// The places, in the order in which a checkpoint comes by them, are listed in tests/README.md.
void crash_point(char const* name);

}  // namespace serry
