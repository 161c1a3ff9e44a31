// The tools of serry's: `serry run` starts jobs again until they are done, `serry checkpoints`
// looks at what they left. Neither is a job itself, and neither calls MPI.
#include <serry/tool.hpp>

int main(int argc, char** argv) { return serry::run_tool(argc, argv); }
