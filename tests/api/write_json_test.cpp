#include "serry/write_json.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/tables.hpp"
#include "serry/read.hpp"
#include "serry/read_json.hpp"
#include "sink/thrown.hpp"
#include "support/json.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Job {
    Session session{MPI_COMM_WORLD, {}};
    Context context{session, {}, {}};
};

}  // namespace

TEST_CASE("what is written reads back equal, at any number of partitions and with any text") {
    SharedTempDir const dir;
    Job job;
    auto const orders = nasty_orders(3000);
    for (std::uint64_t const partitions : {1, 7}) {
        std::string const out = dir / std::to_string(partitions);
        write_json_lines(parallelize(job.context, orders, partitions), out);
        CHECK(
            (read_json_lines<Order>(job.context, out, {.partition_count = 5}).collect().to_vector()
             == orders));
    }
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("every line is an object of JSON") {
    SharedTempDir const dir;
    Job job;
    std::vector<Order> const orders{{1, "x\n", {}, true, "y", 0.1F}};
    write_json_lines(parallelize(job.context, orders, 1), dir / "out");
    std::string const text = read_file(dir / "out/part-00000");
    CHECK(text == "{\"id\":1,\"customer\":\"x\\n\",\"price\":null,\"paid\":true,\"note\":\"y\","
                  "\"weight\":0.1}\n");
    CHECK(is_json(text));
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("text that is not UTF-8 ends the action, which says so") {
    SharedTempDir const dir;
    Job job;
    auto const orders = parallelize(job.context, std::vector<Order>{{1, "\xff", {}, true, {}, 0}});
    std::string const message = thrown([&] { write_json_lines(orders, dir / "out"); });
    CHECK(message.starts_with("StageError 65: "));
    CHECK(message.find("text that is not UTF-8 cannot be written as JSON") != message.npos);
    comm::Communicator(MPI_COMM_WORLD).barrier();
}
