// The tools of serry's: `serry run` starts jobs again until they are done, `serry checkpoints`
// looks at what they left, `serry doctor` at the place. None is a job itself; only the last calls
// MPI, among the ranks of a launcher.
#include <serry/tool.hpp>

int main(int argc, char** argv) { return serry::run_tool(argc, argv); }
