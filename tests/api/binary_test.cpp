#include "serry/binary.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "sink/thrown.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using HundredBytes = std::array<char, 100>;

HundredBytes record_of(std::int64_t n) {
    std::string text = std::to_string(n * 7919 % 10'007);
    text.resize(100, '.');
    HundredBytes record;
    std::copy(text.begin(), text.end(), record.begin());
    return record;
}

}  // namespace

TEST_CASE("what write_binary writes read_binary reads, in order, at any number of ranks") {
    SharedTempDir const dir;
    std::vector<HundredBytes> const expected = oracle(5000, record_of, always);
    Job job;
    write_binary(job.numbers(5000).map(record_of), dir / "out");
    for (std::uint64_t const partitions : {0, 1, 5, 37})
        CHECK((read_binary<HundredBytes>(job.context, dir / "out", {.partition_count = partitions})
                   .collect()
                   .to_vector()
               == expected));
    std::string all;
    for (int p = 0; p < 11; ++p)
        all += read_file(dir / ("out/part-000" + std::to_string(p / 10) + std::to_string(p % 10)));
    CHECK(all.size() == 500'000);
    CHECK(std::equal(all.begin() + 100, all.begin() + 200, expected[1].begin()));
}

TEST_CASE("a header is skipped, and files of other sizes are told on every rank") {
    SharedTempDir const dir;
    Job job;
    if (job.session.comm().rank() == 0) write_file(dir / "in", "head" + std::string(24, '\1'));
    job.session.comm().barrier();
    std::string const path = dir / "in";
    CHECK(read_binary<std::uint64_t>(job.context, path, {.header_bytes = 4}).collect().to_vector()
          == std::vector<std::uint64_t>(3, 0x0101010101010101));
    CHECK(thrown([&] { read_binary<std::uint64_t>(job.context, path).count(); })
          == "InputError 65: " + path
                 + ": has 28 bytes behind a header of 0, expected a multiple of the record's 8 "
                   "bytes (3 records leave 4 bytes); check that the file is whole, and that its "
                   "records are as the program reads them");
    job.session.comm().barrier();
}
