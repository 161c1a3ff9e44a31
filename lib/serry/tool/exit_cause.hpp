#pragma once

#include <string>

namespace serry {

/// Why an attempt of a job ended, and what is to be done about it.
struct ExitCause {
    enum class Kind {
        done,       ///< it succeeded
        hopeless,   ///< it would end the same way again: wrong options, input, a user's function
        preempted,  ///< it was told to leave, and can be gone on with elsewhere
        fault,      ///< a process, a node or the network failed: try again
    };

    Kind kind = Kind::fault;
    std::string text;  ///< "rank killed by signal 9 (Killed)"
};

/// From what waitpid() gives of the launcher (mpirun, srun). `was_ended`: the supervisor itself
/// ended the attempt because it hung.
ExitCause cause_of_exit(int wait_status, bool was_ended);

/// What a shell makes of what waitpid() gives: 128 + the signal for a process that one has ended.
int exit_code_of(int wait_status);

}  // namespace serry
