// The sort by hand, against std::stable_sort.
#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "yardstick/by_hand.hpp"

using namespace serry::test;

namespace {

/// Records whose keys have `key_letters` letters each, in ten places.
std::string make_records(std::size_t count, unsigned key_letters) {
    std::mt19937 random(7);
    std::string records;
    for (std::size_t i = 0; i < count; ++i) {
        for (int j = 0; j < 10; ++j)
            records += static_cast<char>(random() % key_letters * 255 / key_letters);
        std::string const number = std::to_string(i);
        records += std::string(90 - number.size(), '.') + number;
    }
    return records;
}

/// The oracle.
std::string stably_sorted(std::string const& bytes) {
    std::vector<std::string> records;
    for (std::size_t at = 0; at < bytes.size(); at += 100) records.push_back(bytes.substr(at, 100));
    std::stable_sort(records.begin(), records.end(), [](auto const& a, auto const& b) {
        return std::memcmp(a.data(), b.data(), 10) < 0;
    });
    std::string sorted;
    for (auto const& record : records) sorted += record;
    return sorted;
}

}  // namespace

TEST_CASE("the parts are the records in order, and equal keys stay as they were") {
    TempDir const dir;
    for (auto const& [count, key_letters] : {std::pair(20'000U, 256U), std::pair(20'000U, 2U),
                                             std::pair(5000U, 1U), std::pair(3U, 2U)}) {
        std::string const records = make_records(count, key_letters);
        std::string const expected = stably_sorted(records);
        write_file(dir / "in", records);
        for (int const ranks : rank_counts) {
            if (count < 20'000 && ranks % 2 == 0) continue;
            CAPTURE(key_letters);
            CAPTURE(ranks);
            std::filesystem::remove_all(dir / "out");
            run_by_hand(ranks, {TERA_SORT_MPI_PROGRAM, dir / "in", dir / "out"});
            CHECK((parts_of(dir / "out") == expected));
        }
    }
}

TEST_CASE("no records give no records") {
    TempDir const dir;
    write_file(dir / "in", "");
    run_by_hand(3, {TERA_SORT_MPI_PROGRAM, dir / "in", dir / "out"});
    CHECK(parts_of(dir / "out") == "");
}

TEST_CASE("what cannot be sorted is refused in one line") {
    TempDir const dir;
    std::string const in = dir / "in";
    std::string const out = dir / "out";
    write_file(in, std::string(250, 'x'));
    CHECK(complaints(3, {TERA_SORT_MPI_PROGRAM, in, out})
          == Lines{in + " has 250 bytes, expected a multiple of 100"});
    CHECK(complaints(2, {TERA_SORT_MPI_PROGRAM, in + "2", out})
          == Lines{"cannot open " + in + "2: No such file or directory"});
    CHECK(complaints(2, {TERA_SORT_MPI_PROGRAM, in})
          == Lines{"usage: tera_sort_mpi INPUT OUTPUT_DIR"});
    CHECK(complaints(2, {TERA_SORT_MPI_PROGRAM, dir.path(), out})
          == Lines{dir.path().string() + " is not a regular file; give one file"});
    write_file(in, std::string(200, 'x'));
    write_file(out + "/part-00000", "");
    CHECK(complaints(2, {TERA_SORT_MPI_PROGRAM, in, out})
          == Lines{out + "/part-00000 exists already; remove it or name another OUTPUT_DIR"});
}

TEST_CASE("check_output finds records out of order, lost ones and changed ones") {
    TempDir const dir;
    REQUIRE(run_tool({MAKE_RECORDS_PROGRAM, "records", "1000", dir / "in"}).exit_code == 0);
    std::string const records = read_file(dir / "in");
    std::string const sorted = stably_sorted(records);
    auto const checked = [&](std::string const& output) {
        std::filesystem::remove_all(dir / "out");
        write_file(dir / "out/part-0", output.substr(0, 30'000));
        write_file(dir / "out/part-1", output.substr(30'000));
        return run_tool({CHECK_OUTPUT_PROGRAM, "records", dir / "in", dir / "out"}).err;
    };
    std::string const out = dir / "out";
    CHECK(checked(sorted) == "");
    CHECK(checked(sorted.substr(30'000) + sorted.substr(0, 30'000))
          == "check_output: " + out
                 + "/part-1: record 700 of the output is less than the one before it\n");
    CHECK(checked(sorted.substr(100))
          == "check_output: " + out + " holds 999 records, the input 1000\n");
    std::string changed = sorted;
    changed[50'050] ^= 1;
    CHECK(checked(changed) == "check_output: " + out + " holds other records than the input\n");
}

TEST_CASE("make_records writes the same records again, and others for another seed") {
    TempDir const dir;
    run_tool({MAKE_RECORDS_PROGRAM, "records", "200000", dir / "a"});
    run_tool({MAKE_RECORDS_PROGRAM, "records", "200000", dir / "b"});
    run_tool({MAKE_RECORDS_PROGRAM, "records", "200000", dir / "c", "--seed", "2"});
    CHECK(read_file(dir / "a").size() == 20'000'000);
    CHECK((read_file(dir / "a") == read_file(dir / "b")));
    CHECK((read_file(dir / "a") != read_file(dir / "c")));
    CHECK(run_tool({MAKE_RECORDS_PROGRAM, "pairs", "10", dir / "d"}).err
          == "make_records: pairs need --keys from 1 to 4294967295\n");
    CHECK(run_tool({MAKE_RECORDS_PROGRAM, "edges", "10", dir / "d"}).err
          == "make_records: edges need --scale from 1 to 40\n");
    CHECK(run_tool({MAKE_RECORDS_PROGRAM, "points", "x", dir / "d"}).err
          == "make_records: COUNT is \"x\", expected a number of at least 0\n");
}
