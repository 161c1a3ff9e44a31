#include "serry/checkpoint/journal.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

std::vector<JournalEntry> const sample = {
    {JournalEntry::Kind::result, 0, 77, "count (a.cpp:1)", std::string("\0\1", 2)},
    {JournalEntry::Kind::accumulators, 0, 0, "", std::string(5000, 'x')},
    {JournalEntry::Kind::result, 1, 78, "", ""}};

std::vector<JournalEntry> found_in(std::string const& path, std::string const& job = "job") {
    return Journal(path, job).found();
}

void write_sample(std::string const& path) {
    Journal journal(path, "job");
    for (JournalEntry const& entry : sample) journal.append(entry);
    journal.sync();
}

}  // namespace

TEST_CASE("what was appended is found, and more may follow") {
    TempDir const dir;
    write_sample(dir / "journal");
    CHECK(found_in(dir / "journal") == sample);
    {
        Journal journal(dir / "journal", "job");
        journal.append(sample[0]);
    }
    CHECK(found_in(dir / "journal").size() == 4);
    CHECK(found_in(dir / "journal").back() == sample[0]);
}

TEST_CASE("another job's journal is begun anew") {
    TempDir const dir;
    write_sample(dir / "journal");
    CHECK(found_in(dir / "journal", "other").empty());
    CHECK(found_in(dir / "journal").empty());
}

TEST_CASE("wherever it is cut off or changed, the whole entries before are found, and no more") {
    TempDir const dir;
    write_sample(dir / "journal");
    std::string const whole = read_file(dir / "journal");
    std::uint64_t end = 0;
    REQUIRE(read_journal(whole, end).size() == 4);
    CHECK(end == whole.size());
    for (std::size_t at = 0; at < whole.size(); at += at < 200 ? 1 : 97) {
        auto const of_cut = read_journal(std::string_view(whole).substr(0, at), end);
        CHECK(end <= at);
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 0x40);
        std::uint64_t end_of_changed = 0;
        CHECK(read_journal(changed, end_of_changed) == of_cut);
        CHECK(end_of_changed == end);
    }
}

TEST_CASE("a torn end is cut off before more is appended") {
    TempDir const dir;
    write_sample(dir / "journal");
    std::filesystem::resize_file(dir / "journal", std::filesystem::file_size(dir / "journal") - 1);
    {
        Journal journal(dir / "journal", "job");
        CHECK(journal.found().size() == 2);
        journal.append(sample[0]);
    }
    CHECK(found_in(dir / "journal") == std::vector<JournalEntry>{sample[0], sample[1], sample[0]});
}
