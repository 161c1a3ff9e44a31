#pragma once

namespace serry {

/// From here on this process says, when a signal ends it that comes of a mistake in the program
/// (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT), which rank on which node it was, and what it was
/// doing: one line, that begins with "serry: crash: ". What was done on such signals before, such
/// as MPI's backtrace, is done then. Local.
void report_crashes(int rank);

/// SIGUSR1 does not end the process any more, but has it leave at the next place where that can be
/// done without harm: Pulse::is_told_to_leave. Local.
void leave_when_told();

}  // namespace serry
