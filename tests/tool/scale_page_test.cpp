// What is on the page is in scale_report_test.cpp, how it looks in scale_page_test.sh.
#include "serry/tool/scale_page.hpp"

#include <doctest/doctest.h>

#include "tool/series.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("the summary is a table of the page, its text escaped") {
    auto const runs = made_series(1, [](double) { return 1.0; });
    std::string const page = scale_page(runs, series_of(runs), {{"a", "b"}, {"1", "<2>"}});
    CHECK(page.find("<table>\n<tr><th>a</th><th>b</th></tr>\n"
                    "<tr><td>1</td><td>&lt;2&gt;</td></tr>\n</table>")
          != std::string::npos);
    CHECK(page.starts_with("<!doctype html>"));
    CHECK(page.ends_with("</html>\n"));
}
