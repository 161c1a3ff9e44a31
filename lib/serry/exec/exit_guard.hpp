#pragma once

namespace serry {

class Session;

/// While it lives, an exit() of the user's program becomes a message instead of ranks that wait for
/// ever. One at a time.
class ExitGuard {
public:
    explicit ExitGuard(Session& session);
    ~ExitGuard();
    ExitGuard(ExitGuard const&) = delete;
    ExitGuard& operator=(ExitGuard const&) = delete;
};

}  // namespace serry
