#include "serry/broadcast.hpp"

#include <string>

#include "serry/base/error.hpp"
#include "serry/exec/action_step.hpp"

namespace serry::broadcasting {
namespace {

Session::Gathered make_and_gather(Session& session,
                                  ActionStep const& action,
                                  std::function<std::string_view()> const& make) {
    std::string_view own;
    auto const failure = session.on_rank_0([&]() -> std::string {
        try {
            own = make();
            return "";
        } catch (...) {
            return std::to_string(static_cast<int>(code_of_current_exception())) + ' '
                   + action.label() + " failed on rank 0: " + describe_current_exception();
        }
    });
    if (!failure.empty()) {
        std::size_t const space = failure.find(' ');
        throw StageError(static_cast<ExitCode>(std::stoi(failure)), failure.substr(space + 1));
    }
    return session.gather_results(own, session.comm().rank() == 0 ? 1 : 0);
}

}  // namespace

Session::Gathered from_rank_0(Session& session,
                              CallSite at,
                              std::function<std::string_view()> const& make) {
    ActionStep const action(session, "broadcast", at);
    return action.result([&] { return make_and_gather(session, action, make); });
}

}  // namespace serry::broadcasting
