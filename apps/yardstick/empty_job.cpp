// The smallest job: what serry adds to MPI_Init and MPI_Finalize (mpi_init_only.cpp).

#include <serry/serry.hpp>

int main(int argc, char** argv) {
    return serry::run(argc, argv, [](serry::Context& context) {
        serry::parallelize<long>(context, {1, 2}).count();
    });
}
