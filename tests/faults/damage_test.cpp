// Checkpoints that are damaged between attempts, case by case from a seed: the job gives what it
// gives undisturbed, from the newest checkpoint that is whole. SERRY_DAMAGE_CASES sets how many.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "faults/killed_jobs.hpp"
#include "serry/checkpoint/durable_file.hpp"
#include "serry/checkpoint/journal.hpp"

using namespace serry::test;

namespace {

namespace fs = std::filesystem;

/// What a killed job has left: two generations, the newer needed and the older in case of damage.
struct Left {
    KilledJob job = undisturbed({{FAULTS_RESUME_JOB_PROGRAM, "generations"}, ""});
    KilledJobRun run{job};
    TempDir copy;
    std::vector<std::string> numbers;  ///< "000004", ascending

    Left() {
        CHECK(run.run(3, "journal-append:0:6").exit_code == 137);
        for (std::string const& name : names_in(run.checkpoints()))
            if (name.ends_with(".manifest")) numbers.push_back(name.substr(0, 6));
        REQUIRE(numbers.size() == 2);
        fs::copy(run.checkpoints(), copy / "c", fs::copy_options::recursive);
    }
    void bring_back() const {
        fs::remove_all(run.checkpoints());
        fs::copy(copy / "c", run.checkpoints(), fs::copy_options::recursive);
        fs::remove_all(run.output());
    }
    std::string manifest(std::size_t generation) const {
        return run.checkpoints() + '/' + numbers[generation] + ".manifest";
    }
    std::string original(std::size_t generation, std::uint64_t rank) const {
        std::string const name = pack(generation, rank).substr(run.checkpoints().size() + 1);
        return read_file(copy / "c" / name);
    }
    std::string pack(std::size_t generation, std::uint64_t rank) const {
        return run.checkpoints() + '/' + numbers[generation] + "-1/rank-00000"
               + std::to_string(rank) + ".h5";
    }
};

using Random = std::mt19937_64;

std::string damaged(std::string bytes, Random& random) {
    std::size_t const at = random() % bytes.size();
    switch (random() % 4) {
        case 0:
            bytes.resize(at);
            break;
        case 1:
            for (std::size_t i = at; i < std::min(at + 4096, bytes.size()); ++i) bytes[i] = '\0';
            break;
        case 2:
            for (std::size_t i = at; i < std::min(at + 64, bytes.size()); ++i)
                bytes[i] = static_cast<char>(random());
            break;
        default:
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    }
    return bytes;
}

void damage_file(std::string const& path, Random& random) {
    write_file(path, damaged(read_file(path), random));
}

/// Rewrites a manifest's lines, with the right checksum.
template <typename Change>
void change_manifest(std::string const& path, Change const& change) {
    auto const lines = serry::without_checksum(read_file(path));
    REQUIRE(lines.has_value());
    std::string text(*lines);
    change(text);
    write_file(path, serry::with_checksum(text));
}

/// Whether the newer generation is certainly not whole any more.
bool damage(Left const& left, std::size_t generation, std::uint64_t kind, Random& random) {
    std::uint64_t const rank = random() % 3;
    switch (kind) {
        case 0:
            damage_file(left.pack(generation, rank), random);
            return false;  // it may be where nothing lies
        case 1:
            fs::remove(left.pack(generation, rank));
            return true;
        case 2:
            damage_file(left.manifest(generation), random);
            return true;
        case 3:
            fs::remove(left.manifest(generation));
            return true;
        case 4: {  // two ranks' packs changed places
            std::string const one = left.pack(generation, rank);
            std::string const other = left.pack(generation, (rank + 1) % 3);
            std::string const bytes = read_file(one);
            write_file(one, read_file(other));
            write_file(other, bytes);
            return true;
        }
        case 5:  // a pack of another checkpoint
            write_file(left.pack(generation, rank), read_file(left.pack(1 - generation, rank)));
            // It may have its own content back, which had taken the other's place.
            return read_file(left.pack(generation, rank)) != left.original(generation, rank);
        case 6:  // of an attempt that there was not
            change_manifest(left.manifest(generation), [](std::string& text) {
                text.replace(text.find("attempt 1"), 9, "attempt 7");
            });
            return true;
        case 7:  // of another plan
            change_manifest(left.manifest(generation), [](std::string& text) {
                std::size_t const at = text.find("fingerprint ") + 12;
                text[at] = text[at] == '0' ? '1' : '0';
            });
            return true;
        case 8:  // another job's
            change_manifest(left.manifest(generation),
                            [](std::string& text) { text.insert(text.find("\nattempt"), "0"); });
            return true;
        default:  // fewer packs
            change_manifest(left.manifest(generation), [](std::string& text) {
                std::size_t const at = text.find("pack 2 ");
                text.erase(at, text.find('\n', at) + 1 - at);
            });
            return true;
    }
}
constexpr std::uint64_t kind_count = 10;

std::vector<std::string> restored(JobResult const& result) {
    std::vector<std::string> numbers;
    for (std::string const& line : lines_after(result.err, "serry: restored checkpoint "))
        numbers.push_back("00000" + line.substr(0, line.find(',')));
    return numbers;
}

std::uint64_t case_count() {
    char const* const wanted = std::getenv("SERRY_DAMAGE_CASES");
    return wanted ? std::strtoull(wanted, nullptr, 10) : 60;
}

}  // namespace

TEST_CASE("whatever is damaged, the result is right, and the newest whole checkpoint is used") {
    Left left;
    std::map<std::string, int> uses;
    for (std::uint64_t seed = 1; seed <= case_count(); ++seed) {
        CAPTURE(seed);
        Random random(seed);
        left.bring_back();
        std::uint64_t const kind = seed % kind_count;
        bool const damages_both = seed % 7 == 0;
        bool const newer_is_gone = damage(left, 1, kind, random);
        bool const older_is_gone = damages_both && damage(left, 0, random() % kind_count, random);
        if (seed % 5 == 0) damage_file(left.run.checkpoints() + "/journal", random);
        JobResult const result = left.run.check_finishes(1 + static_cast<int>(seed % 4));
        auto const used = restored(result);
        // It may be restored for each of the results that the journal lost, but it is one.
        for (std::string const& number : used) ++uses[number];
        bool const may_be_newer = !newer_is_gone;
        if (!older_is_gone && !damages_both) {
            REQUIRE_MESSAGE(!used.empty(), result.err);
            bool const is_known =
                used[0] == left.numbers[0] || (may_be_newer && used[0] == left.numbers[1]);
            CHECK_MESSAGE(is_known, result.err);
        }
        if (newer_is_gone && older_is_gone) CHECK_MESSAGE(used.empty(), result.err);
    }
    for (auto const& [number, count] : uses)
        std::printf("checkpoint %s was used in %d of %llu cases\n", number.c_str(), count,
                    static_cast<unsigned long long>(case_count()));
    CHECK(uses[left.numbers[0]] > 0);
}

TEST_CASE("a journal that is cut off anywhere costs no more than what it held") {
    Left left;
    Random random(3);
    std::string const whole = read_file(left.run.checkpoints() + "/journal");
    for (int i = 0; i < 6; ++i) {
        left.bring_back();
        write_file(left.run.checkpoints() + "/journal", whole.substr(0, random() % whole.size()));
        left.run.check_finishes(2);
    }
}
