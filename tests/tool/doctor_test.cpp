#include "serry/tool/doctor.hpp"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/resource.h>

#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using State = Finding::State;

Finding found(DoctorOptions const& options, std::string const& subject) {
    for (auto const& findings : {examine_node(options), examine_process(options)})
        for (Finding const& one : findings)
            if (one.subject == subject) return one;
    FAIL("nothing was found of " << subject);
    return {};
}

void write_at(std::filesystem::path const& path, std::string const& text) {
    std::filesystem::create_directories(path.parent_path());
    write_file(path, text);
}

/// An environment variable for as long as it lives.
class Variable {
public:
    Variable(char const* name, std::string const& text) : name_(name) {
        if (char const* const before = std::getenv(name)) before_ = before;
        setenv(name, text.c_str(), 1);
    }
    ~Variable() {
        if (before_)
            setenv(name_, before_->c_str(), 1);
        else
            unsetenv(name_);
    }
    Variable(Variable const&) = delete;
    Variable& operator=(Variable const&) = delete;

private:
    char const* name_;
    std::optional<std::string> before_;
};

/// A limit of this process for as long as it lives.
class Limit {
public:
    Limit(int resource, rlim_t limit) : resource_(resource) {
        getrlimit(resource, &before_);
        rlimit const wanted{limit, before_.rlim_max};
        setrlimit(resource, &wanted);
    }
    ~Limit() { setrlimit(resource_, &before_); }
    Limit(Limit const&) = delete;
    Limit& operator=(Limit const&) = delete;

private:
    int resource_;
    rlimit before_{};
};

}  // namespace

TEST_CASE("each finding that is not good says what was expected and what to do") {
    DoctorOptions options;
    options.checkpoint = "/nowhere";
    std::vector<Finding> findings = examine_node(options);
    for (Finding const& one : examine_process(options)) findings.push_back(one);
    CHECK(findings.size() == 15);
    for (Finding const& one : findings) {
        CAPTURE(one.subject);
        CHECK_FALSE(one.seen.empty());
        CHECK(one.expected.empty() == (one.state == State::good));
        CHECK(one.remedy.empty() == (one.state == State::good));
    }
}

TEST_CASE("scratch may be missing, or memory") {
    DoctorOptions options;
    options.scratch = "/nowhere";
    Finding const missing = found(options, "scratch");
    CHECK(missing.state == State::bad);
    CHECK(missing.seen == "/nowhere cannot be written to");
    options.scratch = "/dev/shm";
    Finding const memory = found(options, "scratch");
    CHECK(memory.state == State::warning);
    CHECK(memory.seen.starts_with("/dev/shm: tmpfs, "));
    CHECK(memory.remedy == "--scratch DIR on a local disk");
}

TEST_CASE("limits that are too low are found") {
    {
        Limit const limit(RLIMIT_NOFILE, 64);
        Finding const files = found({}, "open files");
        CHECK(files.state == State::bad);
        CHECK(files.seen == "64 open files");
        CHECK(files.remedy.starts_with("ulimit -n "));
    }
    Limit const limit(RLIMIT_STACK, 1 << 20);
    Finding const stack = found({}, "stack");
    CHECK(stack.state == State::warning);
    CHECK(stack.seen == "1.00 MiB of stack");
}

TEST_CASE("what the kernel is set to is found") {
    TempDir const root;
    write_at(root / "proc/sys/kernel/yama/ptrace_scope", "1\n");
    write_at(root / "sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
    write_at(root / "sys/class/infiniband/mlx5_0/x", "");
    write_at(root / "proc/meminfo", "MemTotal:         204800 kB\n");
    DoctorOptions options;
    options.root = root.path();
    Finding const copy = found(options, "single copy");
    CHECK(copy.state == State::warning);
    CHECK(copy.seen == "kernel.yama.ptrace_scope is 1");
    CHECK(found(options, "clock").seen == "clock source hpet");
    CHECK(found(options, "clock").state == State::warning);
    Limit const limit(RLIMIT_MEMLOCK, 65536);
    CHECK(found(options, "locked memory").state == State::warning);
    CHECK(found(options, "locked memory").seen == "64.0 KiB of locked memory, RDMA adapters");
    // Nothing is there.
    Finding const shared = found(options, "shared memory");
    CHECK(shared.state == State::bad);
    CHECK(shared.seen == "/dev/shm has 0 B free");
    write_at(root / "proc/sys/kernel/yama/ptrace_scope", "0\n");
    CHECK(found(options, "single copy").state == State::good);
}

TEST_CASE("more ranks than cores are found, and little memory for each") {
    DoctorOptions options;
    options.ranks_on_node = 10'000;
    CHECK(found(options, "cores").state == State::warning);
    CHECK(found(options, "cores").expected == "no more ranks than cores");
    CHECK(found(options, "memory").state == State::warning);
}

TEST_CASE("an mpirun of another version, and none, are found") {
    TempDir const dir;
    write_file(dir / "mpirun", "#!/bin/sh\necho 'mpirun (Open MPI) 3.0.1'\n");
    std::filesystem::permissions(dir / "mpirun", std::filesystem::perms::owner_all);
    std::string const path = std::getenv("PATH");
    {
        Variable const other("PATH", dir.path().string() + ":" + path);
        Finding const mpi = found({}, "mpi");
        CHECK(mpi.state == State::bad);
        CHECK(mpi.seen.ends_with(", mpirun 3.0.1"));
    }
    Variable const none("PATH", "/nowhere");
    CHECK(found({}, "mpi").state == State::warning);
    CHECK(found({}, "mpi").seen.ends_with(", mpirun not found"));
}

TEST_CASE("in a Slurm job srun must know pmix") {
    TempDir const dir;
    std::string const path = std::getenv("PATH");
    Variable const job("SLURM_JOB_ID", "7");
    Variable const with_srun("PATH", dir.path().string() + ":" + path);
    for (std::string const kinds : {"none cray_shasta", "none pmix pmix_v4"}) {
        write_file(dir / "srun", "#!/bin/sh\necho '" + kinds + "' >&2\n");
        std::filesystem::permissions(dir / "srun", std::filesystem::perms::owner_all);
        bool const knows = kinds.find("pmix") != std::string::npos;
        CHECK((found({}, "launcher").state == State::good) == knows);
    }
}
