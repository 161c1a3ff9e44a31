#include "serry/exec/table_files.hpp"

#include <filesystem>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("text is opened under a name, with lines no longer than a quarter of the memory") {
    Options options;
    options.memory_bytes = 4000;
    Session session(MPI_COMM_WORLD, options);
    auto const text = open_text(session, {"a", "b"}, "read_something", 7, {"job.cpp", 3});
    CHECK(text->label() == "read_something (job.cpp:3)");
    CHECK(text->asked_partition_count() == 7);
    CHECK(text->line_limit_bytes() == 1000);
}

TEST_CASE("the folder for bad lines is made once, and only if they are kept") {
    SharedTempDir const dir;
    Session session(MPI_COMM_WORLD, {});
    auto const text = open_text(session, {"a"}, "read_something", 0, {"job.cpp", 3});
    prepare_bad_lines(session, text, BadLines::drop, dir / "bad", {"job.cpp", 3});
    session.comm().barrier();
    CHECK_FALSE(std::filesystem::exists(dir / "bad"));
    session.comm().barrier();
    prepare_bad_lines(session, text, BadLines::keep, dir / "bad", {"job.cpp", 3});
    CHECK(std::filesystem::is_directory(dir / "bad"));
    std::string const message = thrown([&] {
        prepare_bad_lines(session, text, BadLines::keep, dir / "bad", {"job.cpp", 3});
    });
    CHECK(message.starts_with("UsageError 2: " + (dir / "bad").string()
                              + ": the folder for bad lines"));
    session.comm().barrier();
}
