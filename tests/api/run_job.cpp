// run_job WHAT...: a program of one's own, for run_test.
#include <stdexcept>
#include <string>

#include "serry/base/error.hpp"
#include "serry/read.hpp"
#include "serry/run.hpp"

namespace {

void job(serry::Context& context) {
    std::string const what = context.argument(0);
    if (what == "tell") {
        context.print(std::to_string(context.rank_count()) + " ranks\n");
        for (std::string const& argument : context.arguments()) context.print(argument + '\n');
        context.print("--flag " + std::string(context.has("--flag") ? "given" : "not given")
                      + '\n');
        context.print("--value " + context.option("--value").value_or("not given") + '\n');
    }
    if (what == "throw") throw std::runtime_error("thrown on purpose");
    if (what == "throw error") throw serry::Error(serry::ExitCode::preempted, "told to leave");
    if (what == "throw empty") throw serry::StorageError("");
    if (what == "throw number") throw 7;
    serry::iota(context, 10, 3, {"job.cpp", 5}).count({"job.cpp", 6});
    if (what == "throw late") throw std::runtime_error("thrown on purpose");
}

}  // namespace

int main(int argc, char** argv) {
    return serry::run(argc, argv, job,
                      {.summary = "Do as told.",
                       .arguments = "WHAT...",
                       .options = {{"--flag", "a flag"}, {"--value TEXT", "a value"}}});
}
