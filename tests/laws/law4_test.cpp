// Law 4: an action returns the same value on every rank.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/launched_job.hpp"
#include "support/temp_dir.hpp"

using namespace serry::test;

/// The three largest sums of the numbers below 1,000 by their remainder of 70.
static std::string largest_sums() {
    std::map<int, long> sums;
    for (int n = 0; n < 1000; ++n) sums[n % 70] += n;
    std::vector<std::pair<long, int>> order;
    for (auto const& [key, sum] : sums) order.emplace_back(-sum, key);
    std::sort(order.begin(), order.end());
    std::string text;
    for (std::size_t i = 0; i < 3; ++i)
        text += " word" + std::to_string(order[i].second) + '=' + std::to_string(-order[i].first);
    return text;
}

TEST_CASE("every action's result is right, and the same on every rank of any number of ranks") {
    std::string of_one_rank;
    for (int rank_count : {1, 2, 3, 4, 7}) {
        CAPTURE(rank_count);
        TempDir const dir;
        JobResult const result =
            run_job(rank_count, {LAWS_LAW4_JOB_PROGRAM, dir.path(), "--quiet"});
        std::string const answers = read_file(dir / "0");
        for (int rank = 1; rank < rank_count; ++rank)
            CHECK(read_file(dir / std::to_string(rank)) == answers);
        CHECK_FALSE(result.timed_out);
        CHECK(result.exit_code == 0);
        CHECK(result.err == "");
        if (rank_count == 1) of_one_rank = answers;
        CHECK(answers == of_one_rank);
        for (std::string const line :
             {"count 1000\n", "\ncollect 7 107 207 307 407 507 607 707 807 907\n",
              "\ntake 0 1 2 3 4\n", "\ntake_all 997 998 999\n", "\nreduce 499500\n",
              "\nreduce_nothing 0\n", "\nreduce_floating 7.48547\n", "x999\n", "\nkeys 70\n",
              "\nrounds 7\n"})
            CHECK_MESSAGE(answers.find(line) != std::string::npos, line);
        CHECK(answers.find("\ntop" + largest_sums() + '\n') != std::string::npos);
    }
}
