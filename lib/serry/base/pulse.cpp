#include "serry/base/pulse.hpp"

namespace serry {

Pulse& pulse() {
    static Pulse one;
    return one;
}

}  // namespace serry
