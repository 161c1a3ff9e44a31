// The word count as it is shipped, against a sequential one.
#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/hash.hpp"
#include "serry/sink/output_summary.hpp"
#include "source/compress.hpp"
#include "support/json.hpp"
#include "support/launched_job.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

namespace fs = std::filesystem;
using Counts = std::map<std::string, long>;

/// The oracle.
Counts count_words(std::string const& text, bool in_lower_case = false) {
    Counts counts;
    std::string word;
    auto const end_word = [&] {
        if (!word.empty()) ++counts[word];
        word.clear();
    };
    for (char c : text) {
        if (static_cast<unsigned char>(c) <= ' ')
            end_word();
        else
            word += in_lower_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    end_word();
    return counts;
}

/// The lines of an output in the order in which it must be: by hash of the word, then by word.
std::string in_output_order(Counts const& counts) {
    std::vector<std::pair<std::uint64_t, std::string>> order;
    for (auto const& [word, count] : counts) order.emplace_back(hash_key(word), word);
    std::sort(order.begin(), order.end());
    std::string text;
    for (auto const& [hash, word] : order)
        text += word + '\t' + std::to_string(counts.at(word)) + '\n';
    return text;
}

/// Words of all lengths and bytes, some often, most seldom; by a fixed seed.
std::string varied_text(std::size_t word_count) {
    std::mt19937 random(20240517);
    std::string const separators = " \t\n\r\f\v\1 \n";
    std::string text;
    for (std::size_t i = 0; i < word_count; ++i) {
        std::uint32_t const r = random();
        std::string word =
            r % 3 == 0 ? "the" : "W" + std::to_string((r >> 8) % (1U << (1 + r % 13)));
        if (r % 11 == 0)
            word += std::string(word.size() + r % 40, static_cast<char>('!' + r % 200));
        if (r % 17 == 0) word[0] = '\xc3';
        text += word;
        text += separators[r / 32 % separators.size()];
        if (r % 7 == 0) text += "\r\n";
    }
    return text;
}

JobResult run_word_count(int rank_count,
                         std::vector<std::string> const& words,
                         std::vector<std::string> const& environment = {"SERRY_QUIET=1"}) {
    std::vector<std::string> command = {WORD_COUNT_PROGRAM};
    command.insert(command.end(), words.begin(), words.end());
    JobResult result = run_job(rank_count, command, environment);
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 0);
    CHECK(result.errors.empty());
    return result;
}

std::vector<std::string> parts_of(fs::path const& output) {
    std::vector<std::string> parts;
    for (auto const& entry : fs::directory_iterator(output))
        if (entry.path().filename() != "_SUCCESS") parts.push_back(entry.path());
    std::sort(parts.begin(), parts.end());
    return parts;
}

/// All part files, one behind the other.
std::string output_of(fs::path const& output) {
    std::string text;
    for (std::string const& part : parts_of(output)) text += read_file(part);
    return text;
}

/// What a run of two ranks writes.
std::string counted(std::vector<std::string> words) {
    TempDir const dir;
    words.insert(words.end(), {"--output", dir / "out"});
    CHECK(run_word_count(2, words).out == "");
    return output_of(dir / "out");
}

}  // namespace

TEST_CASE("the output is the oracle's, byte for byte, at any rank count and partition count") {
    TempDir const dir;
    std::string const text = varied_text(60'000);
    write_file(dir / "in", text);
    std::string const expected = in_output_order(count_words(text));
    std::regex const call_site("word_count.cpp:[0-9]+");
    for (int partition_count : {1, 2, 5, 64}) {
        for (int rank_count : {1, 2, 3, 4, 7}) {
            CAPTURE(partition_count);
            CAPTURE(rank_count);
            fs::path const out = dir / "out";
            JobResult const result = run_word_count(
                rank_count,
                {dir / "in", "--output", out, "--partitions", std::to_string(partition_count)});
            CHECK(result.out == "");
            CHECK(result.err == "");
            CHECK((output_of(out) == expected));
            CHECK(parts_of(out).size() == static_cast<std::size_t>(partition_count));

            auto const summary = output_summary_from_text(read_file(out / "_SUCCESS"));
            REQUIRE(summary);
            CHECK(summary->action == 1);
            CHECK(std::regex_match(summary->call_site, call_site));
            CHECK(summary->partition_count == static_cast<std::uint64_t>(partition_count));
            CHECK(
                summary->record_count
                == static_cast<std::uint64_t>(std::count(expected.begin(), expected.end(), '\n')));
            CHECK(summary->byte_count == expected.size());
            fs::remove_all(out);
        }
    }
}

TEST_CASE("little memory changes nothing, but that it spills") {
    TempDir const dir;
    std::string const text = varied_text(60'000);
    write_file(dir / "in", text);
    run_word_count(3,
                   {dir / "in", "--output", dir / "out", "--memory", "100k", "--partitions", "5",
                    "--scratch", dir.path()},
                   {"SERRY_TABLE_SLOTS=64", "SERRY_EVENTS=" + (dir / "events").string()});
    CHECK((output_of(dir / "out") == in_output_order(count_words(text))));
    CHECK(std::regex_search(read_file(dir / "events"), std::regex("\"spilled_bytes\":[1-9]")));
    CHECK(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()) == 3);
}

TEST_CASE("--lowercase counts A and a as one, and leaves other bytes alone") {
    TempDir const dir;
    std::string const text = "The THE the \xc3\x84 \xc3\xa4 Z[ z[ @`";
    write_file(dir / "in", text);
    CHECK(counted({dir / "in", "--lowercase"}) == in_output_order(count_words(text, true)));
    CHECK(counted({dir / "in"}) == in_output_order(count_words(text)));
}

TEST_CASE("--top prints the most frequent words, equally frequent ones by their bytes") {
    TempDir const dir;
    std::string text;
    for (int i = 0; i < 30; ++i) text += "w" + std::to_string(i) + ' ';
    write_file(dir / "in", text + "b b b a a a c c");
    CHECK(run_word_count(3, {dir / "in", "--top", "5"}).out == "3\ta\n3\tb\n2\tc\n1\tw0\n1\tw1\n");
    CHECK(run_word_count(1, {dir / "in", "--top", "0"}).out == "");
    std::string const usual = run_word_count(2, {dir / "in"}).out;
    CHECK(std::count(usual.begin(), usual.end(), '\n') == 20);
    std::string const all = run_word_count(2, {dir / "in", "--top", "1000"}).out;
    CHECK(std::count(all.begin(), all.end(), '\n') == 33);
    CHECK(run_word_count(2, {dir / "in", "--top", "1", "--output", dir / "out"}).out == "3\ta\n");
    CHECK(output_of(dir / "out").find("b\t3\n") != std::string::npos);
}

TEST_CASE("line ends of all kinds separate words, also none at the end, also many") {
    TempDir const dir;
    for (std::string const text :
         {"a\r\nb\r\na b\r\n", "a\nb\na b", "\n\n\na\n\nb\n\na\tb\n\n", " a b\n  a\rb "}) {
        write_file(dir / "in", text);
        CHECK(counted({dir / "in"}) == in_output_order({{"a", 2}, {"b", 2}}));
    }
}

TEST_CASE("empty files, and files without words, give an empty output") {
    TempDir const dir;
    write_file(dir / "empty", "");
    write_file(dir / "blank", " \n\t\r\n ");
    CHECK(counted({dir / "empty"}) == "");
    CHECK(counted({dir / "blank"}) == "");
    CHECK(counted({dir / "empty", dir / "blank", dir / "empty"}) == "");
    CHECK(run_word_count(2, {dir / "empty"}).out == "");
}

TEST_CASE("folders, patterns, several inputs and compressed ones are read together") {
    TempDir const dir;
    std::string const text = varied_text(3000);
    std::string const gzipped = gzip(text);
    write_file(dir / "folder/one", text);
    write_file(dir / "folder/two.gz", gzipped + gzipped);
    write_file(dir / "folder/_three", "left out");
    write_file(dir / "other/a.zst", zstd(text));
    write_file(dir / "other/b.txt", "more words");
    CHECK(counted({dir / "folder"}) == in_output_order(count_words(text + text + text)));
    CHECK(counted({dir / "o*/*.zst", dir / "folder/one"})
          == in_output_order(count_words(text + text)));
    CHECK(counted({dir / "other", dir / "folder", "--partitions", "7"})
          == in_output_order(count_words(text + text + text + text + "more words")));
}

TEST_CASE("words of all lengths: at the edge of what lies in a slot, and far beyond all buffers") {
    TempDir const dir;
    std::string const w15(15, 'x'), w16(16, 'x'), w17(17, 'x'), giant(1'000'000, 'y');
    std::string text;
    for (int i = 0; i < 3; ++i)
        text += w15 + ' ' + w16 + '\n' + w17 + ' ' + giant + '\n' + giant + "z ";
    write_file(dir / "in", text);
    for (std::string const partitions : {"1", "9"})
        CHECK((counted({dir / "in", "--partitions", partitions})
               == in_output_order(count_words(text))));
}

TEST_CASE("one word alone, and words that are all different") {
    TempDir const dir;
    std::string same, different;
    for (int i = 0; i < 50'000; ++i) {
        same += "same ";
        different += std::to_string(i) + '\n';
    }
    write_file(dir / "same", same);
    write_file(dir / "different", different);
    CHECK(counted({dir / "same", "--partitions", "8"}) == "same\t50000\n");
    CHECK((counted({dir / "different", "--partitions", "8"})
           == in_output_order(count_words(different))));
}

TEST_CASE("--events appends a line of JSON for each stage and rank, and for the job") {
    TempDir const dir;
    write_file(dir / "in", "a b a");
    for (std::ptrdiff_t run = 1; run <= 2; ++run) {
        run_word_count(3, {dir / "in", "--events", dir / "events"});
        std::string const events = read_file(dir / "events");
        CHECK(std::count(events.begin(), events.end(), '\n') == run * (2 * 3 + 1));
        for (std::string const& line : lines_after(events, "")) CHECK_MESSAGE(is_json(line), line);
    }
    std::string const events = read_file(dir / "events");
    CHECK(events.find(
              "\"stage\":1,\"steps\":\"read_text > flat_map > map > reduce_by_key\",\"rank\":0,")
          != std::string::npos);
    CHECK(events.find("\"stage\":2,\"steps\":\"reduce_by_key > top\",\"rank\":2,")
          != std::string::npos);
}

TEST_CASE("a run says what is in force and shows its stages, unless --quiet") {
    TempDir const dir;
    write_file(dir / "in", "a b a");
    JobResult const result =
        run_word_count(2, {dir / "in", "--memory", "1g", "--scratch", dir.path()}, {});
    std::regex const expected(
        "serry: job [0-9a-f]+-[0-9a-f]+: 2 ranks, 1.00 GiB of memory each, scratch " + dir.path().string()
        + "\n"
          "stage  tasks  records in  records out .*  steps\n"
          "    1      1           1            3 .*  read_text > flat_map > map > reduce_by_key\n"
          "    2      1           2            2 .*  reduce_by_key > top\n");
    CHECK_MESSAGE(std::regex_match(result.err, expected), result.err);
    CHECK(run_word_count(2, {dir / "in", "--quiet"}, {}).err == "");
}

TEST_CASE("--help is printed once, by one rank") {
    JobResult const result = run_word_count(3, {"--help"}, {});
    CHECK(result.out.find(
              "Count how often each word occurs in text files, folders of them or globs.\n\n"
              "usage: mpirun -np RANKS word_count INPUT... [options]\n\nOptions:\n")
          == 0);
    CHECK(result.out.find("usage:") == result.out.rfind("usage:"));
    CHECK(result.err == "");
}
