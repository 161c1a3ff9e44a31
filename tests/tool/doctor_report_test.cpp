#include "serry/tool/doctor_report.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/json.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using State = Finding::State;

Finding make(State state, std::string const& subject, std::string const& seen, double figure = 0) {
    if (state == State::good) return {state, subject, seen, "", "", figure};
    return {state, subject, seen, "something else", "change it", figure};
}

}  // namespace

TEST_CASE("slow nodes and odd versions show among the ranks") {
    std::vector<Examination> ranks;
    for (std::uint64_t rank = 0; rank < 6; ++rank)
        ranks.push_back({rank,
                         "n" + std::to_string(rank / 2),
                         {make(State::good, "mpi", rank < 4 ? "4.1.4" : "4.1.5"),
                          make(State::good, "copying", "GB/s", rank / 2 == 1 ? 4 : 10)}});
    auto const odd = compare_nodes(ranks);
    REQUIRE(odd.size() == 2);
    CHECK(odd[0].state == State::warning);
    CHECK(odd[0].seen == "n1: copying at 0.40 of the median");
    CHECK(odd[0].remedy == "leave it out (sbatch --exclude=n1), and tell who runs it");
    CHECK(odd[1].state == State::bad);
    CHECK(odd[1].seen == "n2: mpi 4.1.5");
    CHECK(odd[1].expected == "4.1.4, as on most nodes");
    ranks.resize(2);
    CHECK(compare_nodes(ranks).empty());
}

TEST_CASE("what is the same everywhere is told once, and what is not with its nodes") {
    std::vector<Examination> ranks;
    for (std::uint64_t rank = 0; rank < 6; ++rank)
        ranks.push_back(
            {rank,
             "n" + std::to_string(rank),
             {make(State::good, "hdf5", "1.10.8"),
              make(rank == 3 ? State::bad : State::good, "files", rank == 3 ? "64" : "20000")}});
    ToolReport const report = describe(ranks, false);
    CHECK_FALSE(report.is_good);
    CHECK(report.text
          == "6 ranks on 6 nodes\n"
             "good     hdf5           1.10.8\n"
             "bad      files          64 (on n3)\n"
             "           expected     something else\n"
             "           do           change it\n"
             "good     files          20000 (on n0, n1, n2, n4 and 1 more)\n"
             "1 bad, 0 warnings\n");
}

TEST_CASE("where all is well there is nothing to do") {
    ToolReport const report = describe({{0, "n", {make(State::good, "hdf5", "1.10.8")}}}, false);
    CHECK(report.is_good);
    CHECK(report.text == "1 rank on 1 node\ngood     hdf5           1.10.8\nnothing to do\n");
}

TEST_CASE("the JSON object has all of it") {
    ToolReport const report =
        describe({{0, "a\"b", {make(State::warning, "scratch", "line\nbreak")}}}, true);
    CHECK(report.is_good);
    CHECK(JsonChecker(report.text).check());
    CHECK(report.text
          == "{\"ranks\":1,\"nodes\":1,\"bad\":0,\"warnings\":1,\"findings\":[\n"
             "{\"subject\":\"scratch\",\"state\":\"warning\",\"seen\":\"line\\u000abreak\","
             "\"expected\":\"something else\",\"remedy\":\"change it\",\"nodes\":[\"a\\\"b\"]}]}\n");
}
