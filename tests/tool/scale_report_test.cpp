#include "serry/tool/scale_report.hpp"

#include <regex>

#include <doctest/doctest.h>

#include "serry/base/error.hpp"
#include "tool/series.hpp"

using namespace serry;
using namespace serry::test;

namespace {

double amdahl(double ranks) { return 20 * (0.1 + 0.9 / ranks); }

int count_of(std::string const& text, std::string const& part) {
    int count = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
    return count;
}

bool holds(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the table and the CSV have a row a shape") {
    auto runs = made_series(3, amdahl);
    runs.push_back(made_run({2, 4}, 1, 0));
    runs.back().exit_code = 137;
    ScaleReport const report = report_of(runs);
    CHECK(report.text ==
          "shape  ranks  runs  seconds  fastest  slowest  speed-up  efficiency  serial fraction\n"
          "  1x1      1     3   20.000   19.800   20.200      1.00        1.00                -\n"
          "  1x2      2     3   11.000   10.890   11.110      1.82        0.91            0.100\n"
          "  1x4      4     3    6.500    6.435    6.565      3.08        0.77            0.100\n"
          "  2x4      8     0        -        -        -         -           -                -  1 failed\n");
    CHECK(count_of(report.csv, "\n") == 5);
    std::string const header = report.csv.substr(0, report.csv.find('\n'));
    for (std::size_t at = 0, end = 0; (end = report.csv.find('\n', at)) != std::string::npos;
         at = end + 1)
        CHECK(count_of(report.csv.substr(at, end - at), ",") == count_of(header, ","));
    CHECK(holds(report.csv,
                "\n1x2,1,2,2,false,3,0,11.000000,10.890000,11.110000,1.818182,0.909091,"));
}

TEST_CASE("the page stands alone, and has the plots") {
    std::string const html = report_of(made_series(5, amdahl)).html;
    CHECK(count_of(html, "<svg ") == 6);
    for (char const* const title :
         {"Time", "Speed-up", "Efficiency", "Serial fraction (Karp-Flatt)", "Where the time goes",
          "Bytes that a rank sends to each"})
        CHECK(holds(html, std::string("<title>") + title + "</title>"));
    CHECK(holds(html, "word_count &lt;text&gt;"));
    CHECK_FALSE(holds(html, "<text>"));
    for (char const* const outside : {"http:", "https:", "src=", "href=", "@import", "url("})
        CHECK_FALSE(holds(html, outside));
    CHECK(std::regex_search(html, std::regex("Amdahl</td><td>20 \\(.*\\)</td><td>0\\.1 \\(")));
    CHECK(holds(html, "universal scalability"));
    CHECK(html == report_of(made_series(5, amdahl)).html);
}

TEST_CASE("shapes with more ranks than cores are marked, and not fitted") {
    auto runs = made_series(5, amdahl);
    for (ScaleRun& run : runs) run.is_oversubscribed = run.ranks_a_node > 2;
    ScaleReport const report = report_of(runs);
    CHECK(count_of(report.text, "more ranks than cores") == 3);
    CHECK(
        holds(report.html,
              "Nothing is fitted: that takes three shapes that have no more ranks than cores, and "
              "here are 2."));
    CHECK(holds(report.html, "Nothing is predicted"));
    CHECK_FALSE(holds(report.html, "Amdahl</td>"));
    CHECK(count_of(report.html, "hollow\"") == 3 * 5);
}

TEST_CASE("what the model cannot tell is not printed") {
    auto const cliff = [](double ranks) { return ranks < 16 ? 10 / ranks : 20.0; };
    std::string const html = report_of(made_series(5, cliff)).html;
    CHECK(holds(html, "An error above 25 %"));
    CHECK_FALSE(holds(html, "seconds, predicted"));
    std::string const good = report_of(made_series(5, amdahl)).html;
    CHECK(holds(good, "seconds, predicted"));
}

TEST_CASE("runs that should be alike and are not are told") {
    auto runs = made_series(2, amdahl);
    for (ScaleRun& run : runs) run.mpi = "Open MPI v4.1.4";
    CHECK_FALSE(holds(report_of(runs).html, "The runs have not one"));
    runs[1].mpi = "Open MPI v5.0.0";
    CHECK(
        holds(report_of(runs).html, "The runs have not one MPI: Open MPI v4.1.4; Open MPI v5.0.0"));
}

TEST_CASE("weak scaling is told as such") {
    auto runs = made_series(4, [](double ranks) { return 5 + 0.1 * ranks; });
    for (ScaleRun& run : runs) run.is_weak = true;
    std::string const html = report_of(runs).html;
    CHECK(holds(html, "Weak scaling"));
    CHECK(holds(html, "<title>Scaled speed-up</title>"));
}

TEST_CASE("nothing that went well is no report") {
    auto run = made_run({1, 1}, 1, 3);
    run.exit_code = 1;
    CHECK_THROWS_WITH_AS(report_of({run}),
                         "serry scale: no run went well, so that there is nothing to report; the "
                         "logs beside runs.jsonl say why",
                         UsageError);
}
