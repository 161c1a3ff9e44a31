#include <serry/base/hash.hpp>  // not a public header
