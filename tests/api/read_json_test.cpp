#include "serry/read_json.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"
#include "support/launched_job.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct User {
    std::int64_t id = 0;
    std::string_view country;
    std::optional<double> score;
};

}  // namespace

template <>
inline constexpr auto serry::field_names<User> = serry::names("id", "country", "score");

namespace {

struct Job {
    Session session{MPI_COMM_WORLD, {}};
    Context context{session, {}, {}};
};

void write_shared(SharedTempDir const& dir, std::string const& name, std::string const& text) {
    comm::Communicator const comm(MPI_COMM_WORLD);
    if (comm.rank() == 0) write_file(dir / name, text);
    comm.barrier();
}

}  // namespace

TEST_CASE("objects come in the order of their lines, at any number of partitions") {
    SharedTempDir const dir;
    std::string text = "\xef\xbb\xbf";
    for (int i = 0; i < 2000; ++i)
        text += "{\"country\": \"c\\n" + std::to_string(i)
                + "\", \"x\": [1], \"id\": " + std::to_string(i) + "}\r\n\n";
    write_shared(dir, "in.json", text);
    Job job;
    for (std::uint64_t const partitions : {0, 1, 7, 64}) {
        std::int64_t next = 0;
        for (User const& user :
             read_json_lines<User>(job.context, dir / "in.json", {.partition_count = partitions})
                 .collect()) {
            CHECK(user.id == next);
            CHECK(user.country == "c\n" + std::to_string(next++));
            CHECK_FALSE(user.score);
        }
        CHECK(next == 2000);
    }
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("a bad line ends the action, is dropped or kept") {
    SharedTempDir const dir;
    write_shared(dir, "in.json", "{\"id\":1,\"country\":\"de\"}\n{\"id\":\"2\"}\n");
    Job job;
    std::string const message = thrown([&] {
        read_json_lines<User>(job.context, dir / "in.json", {}, {"job.cpp", 5}).count();
    });
    CHECK(without_host(message)
          == "StageError 65: stage 1 (read_json_lines > parse_json > count) failed on rank 0 "
             "(HOST), partition 0 of 1, in parse_json (job.cpp:5), record 1: "
                 + (dir / "in.json").string()
                 + ":2 (byte 24): column \"id\" is the text \"2\", expected a whole number from "
                   "-9223372036854775808 to 9223372036854775807; the line is \"{\"id\":\"2\"}\"; "
                   "mend it, or set bad_lines to BadLines::drop or BadLines::keep (reading "
 + (dir / "in.json").string() + ", bytes 0 to 35)");
    CHECK(read_json_lines<User>(job.context, dir / "in.json", {.bad_lines = BadLines::drop}).count()
          == 1);
    CHECK(job.session.reports().back().vote.bad_lines == 1);
    CHECK(read_json_lines<User>(job.context, dir / "in.json",
                                {.bad_lines = BadLines::keep, .bad_lines_folder = dir / "bad"})
              .count()
          == 1);
    CHECK(read_file(dir / "bad/bad-00000")
          == (dir / "in.json").string()
                 + "\t24\tcolumn \"id\" is the text \"2\", expected a whole number from "
                   "-9223372036854775808 to 9223372036854775807\t{\"id\":\"2\"}\n");
    comm::Communicator(MPI_COMM_WORLD).barrier();
}
