// expect: cannot convert|cannot initialize
// The check of the check: the plainest mistake there is.
#include <string>

int number = std::string("text");
