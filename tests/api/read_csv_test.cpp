#include "serry/read_csv.hpp"

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

/// A file that all ranks see when it returns.
void write_shared(SharedTempDir const& dir, std::string const& name, std::string const& text) {
    comm::Communicator const comm(MPI_COMM_WORLD);
    comm.barrier();
    if (comm.rank() == 0) write_file(dir / name, text);
    comm.barrier();
}

std::vector<std::string> texts_of(Dataset<User> const& users) {
    std::vector<std::string> texts;
    for (User const& user : users.collect())
        texts.push_back(std::to_string(user.id) + ' ' + std::string(user.country)
                        + (user.score ? ' ' + std::to_string(*user.score) : ""));
    return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("rows come in the order of the file, at any number of partitions") {
    SharedTempDir const dir;
    std::string text = "score,id,other,country\r\n";
    Texts expected;
    for (int i = 0; i < 2000; ++i) {
        text += (i % 3 ? "" : "0.5") + (',' + std::to_string(i)) + ",,\"c," + std::to_string(i)
                + "\"\n";
        expected.push_back(std::to_string(i) + " c," + std::to_string(i)
                           + (i % 3 ? "" : " 0.500000"));
    }
    write_shared(dir, "in.csv", text);
    Job job;
    for (std::uint64_t const partitions : {0, 1, 7, 64})
        CHECK(
            (texts_of(read_csv<User>(job.context, dir / "in.csv", {.partition_count = partitions}))
             == expected));
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("fields may hold line ends, wherever the file is cut") {
    SharedTempDir const dir;
    std::string text;
    Texts expected;
    for (int i = 0; i < 1000; ++i) {
        std::string const country =
            "line\n" + std::to_string(i) + ",1,2\n" + std::string(i % 50, '\n');
        text += std::to_string(i) + ",\"" + country + "\",\n";
        expected.push_back(std::to_string(i) + ' ' + country);
    }
    write_shared(dir, "in/1.csv", text);
    write_shared(dir, "in/2.csv", text);
    Texts twice = expected;
    twice.insert(twice.end(), expected.begin(), expected.end());
    Job job;
    for (std::uint64_t const partitions : {0, 1, 7, 100}) {
        auto const users = read_csv<User>(
            job.context, dir / "in",
            {.has_header = false, .quoted_newlines = true, .partition_count = partitions});
        CHECK((texts_of(users) == twice));
        CHECK(users.count() == 2000);
    }
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("a bad line ends the action, on every rank with the same words") {
    SharedTempDir const dir;
    write_shared(dir, "in.csv", "id,country,score\n1,de,\n2,fr\n");
    Job job;
    std::string const message = thrown([&] {
        read_csv<User>(job.context, dir / "in.csv", {}, {"job.cpp", 5}).count();
    });
    CHECK(without_host(message)
          == "StageError 65: stage 1 (read_csv > parse_csv > count) failed on rank 0 (HOST), "
             "partition 0 of 1, in parse_csv (job.cpp:5), record 2: "
                 + (dir / "in.csv").string()
                 + ":3 (byte 23): 2 fields, expected 3 (id,country,score); the line is \"2,fr\"; "
                   "mend it, or set bad_lines to BadLines::drop or BadLines::keep (reading "
 + (dir / "in.csv").string() + ", bytes 0 to 28)");
}

TEST_CASE("dropped lines are counted, kept ones are written, each once") {
    SharedTempDir const dir;
    std::string text = "id,country,score\n";
    for (int i = 0; i < 1000; ++i) text += i % 100 == 42 ? "bad\n" : std::to_string(i) + ",x,\n";
    write_shared(dir, "in.csv", text);
    Job job;
    CHECK(read_csv<User>(job.context, dir / "in.csv",
                         {.bad_lines = BadLines::drop, .partition_count = 5})
              .count()
          == 990);
    CHECK(job.session.reports().back().vote.bad_lines == 10);

    CsvOptions const keeping{
        .bad_lines = BadLines::keep, .bad_lines_folder = dir / "bad", .partition_count = 5};
    auto const users = read_csv<User>(job.context, dir / "in.csv", keeping);
    CHECK(users.count() == 990);
    CHECK(users.count() == 990);
    std::string kept;
    for (int p = 0; p < 5; ++p) kept += read_file(dir / ("bad/bad-0000" + std::to_string(p)));
    std::string expected;
    for (std::size_t at = 0; (at = text.find("bad\n", at)) != text.npos; ++at)
        expected += (dir / "in.csv").string() + '\t' + std::to_string(at)
                    + "\t1 field, expected 3 (id,country,score)\tbad\n";
    CHECK(kept == expected);
    CHECK(thrown([&] { read_csv<User>(job.context, dir / "in.csv", keeping); })
          == "UsageError 2: " + (dir / "bad").string()
                 + ": the folder for bad lines exists; remove it, choose another "
                   "bad_lines_folder, or pass --overwrite");
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("a column that is missing is told, and so are options that do not fit") {
    SharedTempDir const dir;
    write_shared(dir, "in.csv", "id;country;score\n");
    Job job;
    std::string const message =
        thrown([&] { read_csv<User>(job.context, dir / "in.csv").count(); });
    CHECK(message.starts_with("StageError 65: "));
    std::string const expected =
        (dir / "in.csv").string()
        + ": no column \"id\"; the header is \"id;country;score\"; name the struct's fields as the "
          "file does (serry::field_names), check the delimiter, or set has_header to false (reading ";
    CHECK(message.find(expected) != message.npos);
    CHECK(thrown([&] {
              read_csv<User>(job.context, dir / "in.csv", {.quote = ','}, {"job.cpp", 9});
          })
          == "UsageError 2: read_csv (job.cpp:9): the quote is the byte 44, which is the "
             "delimiter, too, expected another one; choose characters that differ");
    comm::Communicator(MPI_COMM_WORLD).barrier();
}
