// A checkpoint is written with every single call of the system's failing, one after the other: the
// one before stays whole, and there is never half of one.
#include <cerrno>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/error.hpp"
#include "serry/checkpoint/checkpoint_folder.hpp"
#include "serry/checkpoint/journal.hpp"
#include "sink/failing_calls.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

std::string const block(30'000, 'b');

/// As exec/checkpoints.cpp does it, on one rank.
void commit(CheckpointFolder const& folder, std::uint64_t number) {
    folder.begin(number, 1);
    PackId const id{"job", number, 1, 0};
    std::string const path = folder.pack_path(id);
    PackWriter writer(path + ".new", id, PackCompression::none, 5 * block.size());
    for (std::uint64_t p = 0; p < 5; ++p) {
        writer.begin_partition(p);
        writer.add_block(block);
        writer.end_partition(p);
    }
    PackSummary const summary = writer.close();
    if (std::rename((path + ".new").c_str(), path.c_str()) != 0) throw StorageError("renaming");
    Manifest manifest;
    manifest.number = number;
    manifest.job = "job";
    manifest.attempt = 1;
    manifest.step = "step";
    manifest.placement = {5};
    manifest.packs = {{0, summary.file_bytes, summary.checksum}};
    for (std::uint64_t p = 0; p < 5; ++p) manifest.partitions.push_back({0, p, p, block.size()});
    folder.commit(manifest);
}

/// Whether the checkpoint is there; if it is, it is whole.
bool is_there(CheckpointFolder const& folder, std::uint64_t number) {
    for (auto const& found : folder.checkpoints()) {
        if (found.number != number) continue;
        REQUIRE(found.manifest.has_value());
        PackId const id = found.manifest->pack_id(0);
        PackReader reader(folder.pack_path(id), id, found.manifest->packs[0].checksum);
        REQUIRE(reader.partitions().size() == 5);
        for (std::size_t i = 0; i < 5; ++i)
            reader.read(i, [](std::string_view read) { CHECK((read == block)); });
        return true;
    }
    return false;
}

struct Failure {
    char const* call;
    int end;
};

std::vector<Failure> const failures = {
    {"mkdir", ENOSPC},        {"mkdir", EIO},    {"pwrite", ENOSPC}, {"pwrite", EIO},
    {"pwrite", is_cut_short}, {"write", ENOSPC}, {"write", EIO},     {"write", is_cut_short},
    {"fsync", EIO},           {"fsync", ENOSPC}, {"rename", EIO},    {"rename", ENOSPC},
    {"close", EIO},           {"close", ENOSPC}};

}  // namespace

TEST_CASE("whichever call fails, the checkpoint before it stays, and there is no half of one") {
    TempDir const dir;
    CheckpointFolder const folder(dir / "c");
    auto const lock = folder.open();
    commit(folder, 1);
    int failed = 0, made = 0;
    for (Failure const& failure : failures) {
        CAPTURE(failure.call);
        CAPTURE(failure.end);
        int times = 0;
        for (bool has_come = true; has_come; ++times) {
            REQUIRE(times < 200);
            std::deque<int> ends(static_cast<std::size_t>(times), goes_on);
            ends.push_back(failure.end);
            bool is_made = true;
            {
                FailingCalls const calls(failure.call, ends);
                try {
                    commit(folder, 2);
                } catch (StorageError const& error) {
                    is_made = false;
                    CHECK(error.exit_code() == ExitCode::storage);
                }
                has_come = calls.all_came();
            }
            CHECK(is_there(folder, 1));
            // It may be there, though its writer was told of a failure: when the folder's last
            // fsync failed.
            bool const is_seen = is_there(folder, 2);
            if (is_made) CHECK(is_seen);
            if (failure.end == is_cut_short || !has_come) CHECK(is_made);
            ++(is_made ? made : failed);
            Manifest second;
            second.number = 2;
            second.attempt = 1;
            folder.remove(second);
            folder.sweep();
        }
    }
    std::printf("%d commits failed, %d were made\n", failed, made);
    CHECK(failed > 30);
}

TEST_CASE("whichever call of the journal's fails, what was appended before is found") {
    JournalEntry const entry{JournalEntry::Kind::result, 1, 2, "label", std::string(500, 'x')};
    for (Failure const& failure : failures) {
        CAPTURE(failure.call);
        CAPTURE(failure.end);
        for (int times = 0; times < 20; ++times) {
            TempDir const dir;
            std::size_t appended = 0;
            try {
                Journal journal(dir / "journal", "job");
                std::deque<int> ends(static_cast<std::size_t>(times), goes_on);
                ends.push_back(failure.end);
                FailingCalls const calls(failure.call, ends);
                for (int i = 0; i < 5; ++i, ++appended) journal.append(entry);
                journal.sync();
            } catch (StorageError const&) {
            }
            auto const found = Journal(dir / "journal", "job").found();
            CHECK(found.size() >= appended);
            for (JournalEntry const& one : found) CHECK(one == entry);
        }
    }
}
