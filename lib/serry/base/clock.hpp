#pragma once

namespace serry {

/// Seconds on a clock that only goes forward, from some point in the past.
double now_seconds();

}  // namespace serry
