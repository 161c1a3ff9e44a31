#include "serry/exec/stage_report.hpp"

#include <doctest/doctest.h>

using namespace serry;

namespace {

StageReport reading_stage() {
    StageReport report;
    report.plan = {.number = 1,
                   .transformation = 2,
                   .ends_in_exchange = true,
                   .tasks = Placement(12),
                   .name = "read_text > map > reduce_by_key"};
    report.vote.records_in = 1'234'567;
    report.vote.records_out = 2'000;
    report.vote.bytes_in = std::uint64_t{3} << 20;
    report.vote.bytes_sent = 5'000;
    report.vote.spilled_bytes = 1024;
    report.vote.seconds = {5, 2.5};
    report.vote.records = {100, 75};
    return report;
}

}  // namespace

TEST_CASE("the table has a row a stage, with a dash where no bytes are") {
    StageReport last;
    last.plan = {.number = 12,
                 .transformation = 3,
                 .ends_in_exchange = false,
                 .tasks = Placement(3),
                 .name = "reduce_by_key > write_text"};
    last.vote.bytes_out = 42;
    CHECK(stage_table({reading_stage(), last}, 2)
          == "stage  tasks  records in  records out      read  exchanged   spilled  written    time  "
             "skew  steps\n"
             "    1     12   1,234,567        2,000  3.00 MiB   4.88 KiB  1.00 KiB        -  2.50 s  "
             "1.50  read_text > map > reduce_by_key\n"
             "   12      3           0            0         -          -         -     42 B    0 us  "
             "1.00  reduce_by_key > write_text\n");
}

TEST_CASE("bad lines that were left out are told below the table") {
    StageReport report = reading_stage();
    report.vote.bad_lines = 1234;
    std::string const table = stage_table({reading_stage(), report}, 2);
    std::string const end = "reduce_by_key\nstage 1: 1,234 bad lines were left out\n";
    CHECK(table.ends_with(end));
    CHECK(table.find("bad lines") == table.size() - end.size() + end.find("bad lines"));
}

TEST_CASE("uneven keys are told below the table, where there are many records") {
    auto const below = [](double sum, double largest) {
        StageReport report = reading_stage();
        report.vote.records = {sum, largest};
        std::string const table = stage_table({report}, 2);
        return table.substr(table.find("reduce_by_key\n") + 14);
    };
    CHECK(below(201'000, 160'000)
          == "stage 1: a rank took in 1.6 times the mean: a few keys have most of the records; "
             "reduce_by_key, broadcast_join and skewed_join spread them\n");
    CHECK(below(199'000, 160'000).empty());
    CHECK(below(201'000, 150'000).empty());
    StageReport last = reading_stage();
    last.plan.ends_in_exchange = false;
    last.vote.records = {201'000, 201'000};
    CHECK(stage_table({last}, 2).find("a rank took in") == std::string::npos);
}

TEST_CASE("a table of no stages is its head") {
    CHECK(stage_table({}, 3)
          == "stage  tasks  records in  records out  read  exchanged  spilled  written  time  skew  "
             "steps\n");
}

TEST_CASE("an event is one line of JSON, its texts escaped") {
    StageReport const report = reading_stage();
    Vote own = report.vote;
    own.bytes_out = 7;
    own.bad_lines = 8;
    own.bytes_received = 6;
    own.records_sent = 5;
    own.records_received = 4;
    own.rounds = 3;
    own.peak_exchange_bytes = 9;
    own.messages_across = 10;
    own.bytes_across = 11;
    own.control_bytes = 12;
    own.task_seconds.add(0.5);
    own.exchange_seconds.add(0.25);
    own.wait_seconds.add(1e-7);
    CHECK(stage_event(report.plan, own, "two-hop", 1, "node \"a\"\n\\", "job1")
          == "{\"event\":\"stage\",\"job\":\"job1\",\"stage\":1,\"steps\":\"read_text > map > "
             "reduce_by_key\",\"rank\":1,\"node\":\"node \\\"a\\\"\\u000a\\\\\",\"tasks_of_stage\":12,"
             "\"records_in\":1234567,\"records_out\":2000,\"bytes_in\":3145728,\"bytes_out\":7,"
             "\"bad_lines\":8,\"bytes_sent\":5000,\"bytes_received\":6,\"records_sent\":5,\"records_received\":4,"
             "\"spilled_bytes\":1024,\"rounds\":3,\"peak_exchange_bytes\":9,"
             "\"route\":\"two-hop\",\"messages_across\":10,\"bytes_across\":11,"
             "\"control_bytes\":12,\"seconds\":5.000000,"
             "\"task_seconds\":0.500000,\"exchange_seconds\":0.250000,\"wait_seconds\":0.000000}\n");
}

TEST_CASE("commits and a job's end are events, too") {
    StageReport const report = reading_stage();
    CHECK(checkpoint_event(report.plan, 0.25, 77, "job1")
          == "{\"event\":\"checkpoint\",\"job\":\"job1\",\"stage\":1,\"seconds\":0.250000,"
             "\"bytes\":77}\n");
    std::string const job = job_event("job1", 4, 1000, 1.5);
    CHECK(
        job.starts_with("{\"event\":\"job\",\"job\":\"job1\",\"ranks\":4,\"memory_bytes\":1000,"
                        "\"seconds\":1.500000,\"build\":\"serry "));
    CHECK(job.find("\"mpi\":\"Open MPI v") != std::string::npos);
    CHECK(job.ends_with("\"}\n"));
}
