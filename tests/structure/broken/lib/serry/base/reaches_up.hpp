#include "serry/comm/communicator.hpp"  // a layer that base may not use
