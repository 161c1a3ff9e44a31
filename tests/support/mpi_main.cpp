// main of the tests that all ranks run. In these, CHECK whatever may differ between ranks; REQUIRE
// only what is the same on all of them.
#include <mpi.h>

// MPI_Abort ends the other ranks by a signal, which says nothing about their own tests.
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS
#define DOCTEST_CONFIG_IMPLEMENT
#include <array>
#include <cstdio>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "support/leak_check.hpp"

namespace {

int rank() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

int rank_count() {
    int rank_count = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &rank_count);
    return rank_count;
}

/// Prefixes what a rank has to say with "[rank/ranks]", and ends the run when a rank leaves a test
/// early: the others wait in a collective that this rank will never reach.
class RankReporter : public doctest::ConsoleReporter {
public:
    explicit RankReporter(doctest::ContextOptions const& options)
        : ConsoleReporter(options, text_) {}

    void log_assert(doctest::AssertData const& assertion) override {
        ConsoleReporter::log_assert(assertion);
        print();
        if (assertion.m_failed && (assertion.m_at & doctest::assertType::is_require)) abort();
    }

    void log_message(doctest::MessageData const& message) override {
        ConsoleReporter::log_message(message);
        print();
        if (message.m_severity & doctest::assertType::is_require) abort();
    }

    void test_case_exception(doctest::TestCaseException const& error) override {
        ConsoleReporter::test_case_exception(error);
        print();
        abort();
    }

    void test_case_end(doctest::CurrentTestCaseStats const& stats) override {
        ConsoleReporter::test_case_end(stats);
        print();
    }

    void test_run_start() override {}

    void test_run_end(doctest::TestRunStats const& stats) override {
        std::array<unsigned long, 2> counts = {stats.numTestCasesPassingFilters,
                                               stats.numTestCasesFailed};
        MPI_Allreduce(MPI_IN_PLACE, counts.data(), 2, MPI_UNSIGNED_LONG, MPI_MAX, MPI_COMM_WORLD);
        if (rank() != 0) return;
        std::printf("%lu test cases on %d ranks: %lu passed, %lu failed\n", counts[0], rank_count(),
                    counts[0] - counts[1], counts[1]);
    }

private:
    /// One write per piece of news, so that ranks do not cut into each other's.
    static void print() {
        std::string const prefix =
            '[' + std::to_string(rank()) + '/' + std::to_string(rank_count()) + "] ";
        std::istringstream lines(text_.str());
        std::string news;
        for (std::string line; std::getline(lines, line);) {
            if (!line.empty()) news += prefix + line + '\n';
        }
        text_.str("");
        std::fputs(news.c_str(), stderr);
    }

    [[noreturn]] static void abort() {
        MPI_Abort(MPI_COMM_WORLD, 1);
        std::abort();
    }

    static inline std::ostringstream text_;
};
REGISTER_REPORTER("rank", 1, RankReporter);

void start_mpi(int& argc, char**& argv) {
    serry::test::LeaksAllowed const in_libraries_that_are_tried_and_unloaded;
    int thread_level = MPI_THREAD_SINGLE;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &thread_level);
}

}  // namespace

int main(int argc, char** argv) {
    start_mpi(argc, argv);
    doctest::Context context;
    context.setOption("reporters", "rank");
    context.setOption("no-intro", true);
    context.setOption("no-colors", true);
    context.applyCommandLine(argc, argv);
    int failed = context.run();
    if (serry::test::has_leaked()) failed = 1;
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    MPI_Finalize();
    return failed;
}
