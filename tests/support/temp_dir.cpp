#include "support/temp_dir.hpp"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <system_error>

#include <doctest/doctest.h>
#include <stdlib.h>

namespace serry::test {
namespace {

bool has_failed = false;

/// Knows whether the running test case has failed.
class FailureListener : public doctest::IReporter {
public:
    explicit FailureListener(doctest::ContextOptions const&) {}

    void test_case_start(doctest::TestCaseData const&) override { has_failed = false; }
    void log_assert(doctest::AssertData const& assertion) override {
        if (assertion.m_failed) has_failed = true;
    }
    void log_message(doctest::MessageData const& message) override {
        if (message.m_severity != doctest::assertType::is_warn) has_failed = true;
    }
    void test_case_exception(doctest::TestCaseException const&) override { has_failed = true; }

    void report_query(doctest::QueryData const&) override {}
    void test_run_start() override {}
    void test_run_end(doctest::TestRunStats const&) override {}
    void test_case_reenter(doctest::TestCaseData const&) override {}
    void test_case_end(doctest::CurrentTestCaseStats const&) override {}
    void subcase_start(doctest::SubcaseSignature const&) override {}
    void subcase_end() override {}
    void test_case_skipped(doctest::TestCaseData const&) override {}
};
REGISTER_LISTENER("failure", 1, FailureListener);

[[noreturn]] void throw_errno(std::filesystem::path const& path) {
    throw std::system_error(errno, std::generic_category(), path.string());
}

}  // namespace

bool test_has_failed() { return has_failed || std::uncaught_exceptions() > 0; }

std::filesystem::path make_temp_dir() {
    std::string path = (std::filesystem::temp_directory_path() / "serry-test-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) throw_errno(path);
    return path;
}

void remove_or_keep(std::filesystem::path const& path, bool keep) {
    if (keep) {
        std::fprintf(stderr, "kept %s\n", path.c_str());
        return;
    }
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) std::fprintf(stderr, "%s: %s\n", path.c_str(), error.message().c_str());
}

TempDir::TempDir() : path_(make_temp_dir()) {}

TempDir::~TempDir() { remove_or_keep(path_, test_has_failed()); }

void write_file(std::filesystem::path const& path, std::string_view text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.flush()) throw_errno(path);
}

std::string read_file(std::filesystem::path const& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw_errno(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace serry::test
