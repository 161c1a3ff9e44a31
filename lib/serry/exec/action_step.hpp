#pragma once

#include "serry/exec/session.hpp"

namespace serry {

/// An action in the lineage, for messages and the fingerprint; made, it has been agreed on.
class ActionStep final : public Transformation {
public:
    /// Collective. Throws UsageError as Session::open_action() does.
    ActionStep(Session& session,
               std::shared_ptr<Transformation> const& target,
               char const* name,
               CallSite at)
        : Transformation(
            session.lineage(),
            {.name = name, .at = at, .dependency = Dependency::narrow, .parents = {target}}) {
        session.open_action(*this);
    }
    /// The same for what is collective and works on no dataset.
    ActionStep(Session& session, char const* name, CallSite at)
        : Transformation(session.lineage(),
                         {.name = name, .at = at, .dependency = Dependency::none, .parents = {}}) {
        session.open_action(*this);
    }
};

}  // namespace serry
