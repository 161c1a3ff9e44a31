#include "serry/write_csv.hpp"

#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/tables.hpp"
#include "serry/read.hpp"
#include "serry/read_csv.hpp"
#include "sink/thrown.hpp"
#include "support/run_command.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Job {
    Session session{MPI_COMM_WORLD, {}};
    Context context{session, {}, {}};
};

bool has_pandas() {
    return run_command({"/usr/bin/python3", "-c", "import pandas"}, std::chrono::seconds(60))
               .exit_code
           == 0;
}

}  // namespace

TEST_CASE("what is written reads back equal, at any number of partitions and with any text") {
    SharedTempDir const dir;
    Job job;
    auto const orders = nasty_orders(3000);
    for (char const delimiter : {',', '\t', ';'}) {
        for (std::uint64_t const partitions : {1, 7}) {
            std::string const out = dir / (std::to_string(partitions) + delimiter);
            write_csv(parallelize(job.context, orders, partitions), out, {.delimiter = delimiter});
            auto const back =
                read_csv<Order>(
                    job.context, out,
                    {.delimiter = delimiter, .quoted_newlines = true, .partition_count = 5})
                    .collect()
                    .to_vector();
            CHECK((back == orders));
        }
    }
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("every part has a header, an empty one too, unless none is wanted") {
    SharedTempDir const dir;
    Job job;
    std::vector<Order> const orders{{1, "x", 0.5, true, {}, 2}};
    write_csv(parallelize(job.context, orders, 2), dir / "out");
    CHECK(read_file(dir / "out/part-00001") == "id,customer,price,paid,note,weight\n");
    CHECK(read_file(dir / "out/part-00000")
          == "id,customer,price,paid,note,weight\n1,x,0.5,true,,2\n");
    write_csv(parallelize(job.context, orders, 1), dir / "bare", {.has_header = false});
    CHECK(read_file(dir / "bare/part-00000") == "1,x,0.5,true,,2\n");
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("a folder that exists is told, and nothing is written") {
    SharedTempDir const dir;
    Job job;
    auto const orders = parallelize(job.context, nasty_orders(3));
    write_csv(orders, dir / "out");
    CHECK(thrown([&] { write_csv(orders, dir / "out"); }).starts_with("UsageError 2: "));
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("pandas reads what is written, where there is pandas") {
    SharedTempDir const dir;
    Job job;
    write_csv(parallelize(job.context, nasty_orders(500), 1), dir / "out");
    if (job.session.comm().rank() == 0 && has_pandas()) {
        write_file(dir / "sum.py",
                   "import pandas, sys\n"
                   "t = pandas.read_csv(sys.argv[1], keep_default_na=False,\n"
                   "    dtype={'customer': str, 'note': str, 'price': str})\n"
                   "print(len(t), list(t.columns), t.id.sum() % 1000003, t.paid.sum(),\n"
                   "    (t.price == '').sum())\n");
        std::int64_t id_sum = 0;
        std::int64_t paid = 0;
        std::int64_t without_price = 0;
        for (Order const& order : nasty_orders(500)) {
            id_sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(id_sum)
                                               + static_cast<std::uint64_t>(order.id));
            paid += order.is_paid;
            without_price += !order.price;
        }
        auto const result = run_command(
            {"/usr/bin/python3", dir / "sum.py", dir / "out/part-00000"}, std::chrono::seconds(60));
        std::int64_t const remainder = (id_sum % 1000003 + 1000003) % 1000003;
        CHECK(result.out
              == "500 ['id', 'customer', 'price', 'paid', 'note', 'weight'] "
                     + std::to_string(remainder) + ' ' + std::to_string(paid) + ' '
                     + std::to_string(without_price) + '\n');
        CHECK(result.err.empty());
    }
    job.session.comm().barrier();
}
