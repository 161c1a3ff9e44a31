// Start MPI and end it, and do nothing else: what every other program here pays before its work.
#include <mpi.h>

int main(int argc, char** argv) {
    int provided = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Finalize();
}
