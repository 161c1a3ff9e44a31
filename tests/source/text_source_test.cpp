#include "serry/source/text_source.hpp"

#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/plan/plan.hpp"
#include "source/compress.hpp"
#include "source/input_file.hpp"
#include "source/read_partitions.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

std::string random_lines(std::uint32_t seed, std::size_t byte_count) {
    std::mt19937 random(seed);
    std::string text;
    while (text.size() < byte_count) {
        for (std::uint32_t i = random() % 20; i > 0; --i)
            text += std::to_string(random() % 100'000) + ' ';
        text += random() % 3 == 0 ? "\r\n" : "\n";
    }
    text.resize(byte_count);
    return text;
}

struct Fixture {
    TempDir dir;

    std::string at(std::string const& name) const { return (dir / name).string(); }

    std::vector<std::string> lines_of(std::vector<std::string> const& patterns,
                                      std::uint64_t partition_count) const {
        TextStage stage(patterns, partition_count);
        stage.plan();
        stage.run_all();
        return stage.lines.lines;
    }

    /// What reading a file says whose first batch brings about `change`.
    std::string message_of_change(std::string const& name, std::function<void()> change) const {
        TextStage stage({at(name)}, 1);
        stage.plan();
        stage.lines.at_batch = [&] {
            if (stage.lines.batch_count == 1) change();
        };
        std::string const message = message_of([&] { stage.run(0); });
        CHECK(stage.lines.finish_count == 0);
        stage.lines.at_batch = [] {};
        CHECK(exit_code_of([&] { stage.run(0); }) == ExitCode::input);
        return message;
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "the lines of several files come in order, at any partition count") {
    std::vector<std::string> const texts{random_lines(20, 10'000), "", random_lines(21, 300),
                                         random_lines(22, 70'000), "no line end"};
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        write_file(dir / ("in/" + std::to_string(i)), texts[i]);
        for (std::string& line : lines_one_by_one(texts[i])) expected.push_back(std::move(line));
    }
    for (std::uint64_t const count : {0, 1, 3, 4, 5, 17, 100, 1000, 90'000})
        CHECK((lines_of({at("in")}, count) == expected));
}

TEST_CASE_FIXTURE(Fixture,
                  "compressed files are read whole beside plain ones, and bytes are the text's") {
    std::string const text = random_lines(23, 400'000);
    write_file(dir / "in/1.gz", gzip(text) + gzip(text));
    write_file(dir / "in/2.txt", text);
    write_file(dir / "in/3.zst", zstd(text));
    std::vector<std::string> expected = lines_one_by_one(text + text);
    for (int i = 0; i < 2; ++i)
        for (std::string& line : lines_one_by_one(text)) expected.push_back(std::move(line));

    TextStage stage({at("in/*")}, 5);
    stage.plan();
    std::vector<std::uint64_t> bytes;
    for (std::uint64_t p = 0; p < stage.source().partition_count(); ++p)
        bytes.push_back(stage.run(p).bytes_in);
    CHECK((stage.lines.lines == expected));
    CHECK(bytes.front() == 2 * text.size());
    CHECK(bytes.back() == text.size());
    CHECK(std::accumulate(bytes.begin(), bytes.end(), std::size_t{0}) == 4 * text.size());
}

TEST_CASE_FIXTURE(Fixture, "a partition holds many small files") {
    std::vector<std::string> expected;
    for (int i = 100; i < 900; ++i) {
        expected.push_back("file " + std::to_string(i));
        write_file(dir / ("in/" + std::to_string(i)), expected.back() + (i % 2 ? "\n" : ""));
    }
    for (std::uint64_t const count : {1, 7, 100, 800, 5000}) {
        TextStage stage({at("in")}, count);
        stage.plan();
        CHECK(stage.source().partition_count() == count);
        stage.run_all();
        CHECK((stage.lines.lines == expected));
        CHECK(stage.lines.finish_count == count);
    }
    CHECK((lines_of({at("in")}, 0) == expected));

    TextStage stage({at("in")}, 2);
    stage.plan();
    TaskContext task({.index = 0, .count = 2}, stage.poller);
    stage.lines.at_batch = [&] { task.enough = stage.lines.batch_count == 3; };
    Pipeline pipeline;
    stage.source().attach(pipeline, stage.lines);
    pipeline.run(task);
    CHECK(stage.lines.lines == std::vector<std::string>{"file 100", "file 101", "file 102"});
    CHECK(stage.lines.finish_count == 1);
}

TEST_CASE_FIXTURE(Fixture, "an empty input has empty partitions, as many as asked for") {
    write_file(dir / "empty", "");
    for (std::uint64_t const count : {0, 1, 5}) {
        TextStage stage({at("empty")}, count);
        stage.plan();
        stage.run_all();
        CHECK(stage.source().partition_count() == std::max<std::uint64_t>(1, count));
        CHECK(stage.lines.lines.empty());
        CHECK(stage.lines.finish_count == stage.source().partition_count());
    }
}

TEST_CASE_FIXTURE(Fixture, "the planner lists the splits once, by what was asked for") {
    write_file(dir / "file", random_lines(24, 1000));
    TextStage stage({at("file")}, 7);
    CHECK(stage.source().name() == "read_text");
    CHECK(stage.source().dependency() == Dependency::none);
    Plan const plan = make_plan(stage.source(), "collect", 3, 1);
    CHECK(plan.error.empty());
    REQUIRE(plan.decisions.size() == 1);
    CHECK(plan.decisions[0].partition_count == 7);
    REQUIRE(plan.decisions[0].splits.files.size() == 1);
    CHECK(plan.decisions[0].splits.files[0].path == at("file"));
}

TEST_CASE("two sources differ in their fingerprints if their paths do") {
    auto const fingerprint = [](std::vector<std::string> patterns) {
        Lineage lineage;
        return TextSource(lineage, std::move(patterns), {"a.cpp", 1}, 0).fingerprint();
    };
    CHECK(fingerprint({"a", "b"}) == fingerprint({"a", "b"}));
    CHECK(fingerprint({"a", "b"}) != fingerprint({"b", "a"}));
    CHECK(fingerprint({"a", "b"}) != fingerprint({"a"}));
    CHECK(fingerprint({"ab"}) != fingerprint({"a", "b"}));
}

TEST_CASE("a source without paths is an error") {
    Lineage lineage;
    TextSource const source(lineage, {}, {"folder/job.cpp", 12}, 0);
    CHECK(message_of([&] { source.list_splits({}); })
          == "read_text (job.cpp:12): no path was given; expected one or more");
    CHECK(exit_code_of([&] { source.list_splits({}); }) == ExitCode::usage);
}

TEST_CASE_FIXTURE(Fixture, "a missing input is an error of the listing") {
    TextStage stage({at("nothing")});
    CHECK(message_of([&] {
              stage.plan();
          }).starts_with(at("nothing") + ": no such file or directory; "));
}

TEST_CASE_FIXTURE(Fixture, "a damaged compressed file is an error of the task") {
    write_file(dir / "text.gz", gzip(random_lines(25, 100'000)).substr(0, 10'000));
    TextStage stage({at("text.gz")});
    stage.plan();
    CHECK(message_of([&] { stage.run(0); })
          == at("text.gz")
                 + ": cut short: the compressed file ends at byte 10000, within a gzip member; "
                   "expected a whole one; test it with gzip -t, and make or fetch it again");
    CHECK(stage.lines.finish_count == 0);
}

TEST_CASE_FIXTURE(Fixture, "a file that changes while it is read fails the task") {
    struct Change {
        std::string seen;
        std::function<void(std::filesystem::path const&)> make;
    };
    std::string const text = random_lines(26, 3 * mebibyte);
    for (std::string const name : {"text", "text.gz"}) {
        std::string const content = name == "text" ? text : gzip(text);
        std::string const bytes = " bytes, expected " + std::to_string(content.size()) + " bytes;";
        std::vector<Change> const changes{
            {"it has " + std::to_string(content.size() + 1) + bytes,
             [&](auto const& path) { write_file(path, content + 'x'); }},
            {"it was written to at 2033-05-18 03:33:20.000000000 UTC, expected the content of "
             "2001-09-09 01:46:40.000000000 UTC;",
             [](auto const& path) { set_modified(path, 2'000'000'000); }},
            {"it is not on this host any more, expected the file of ",
             [](auto const& path) { std::filesystem::remove(path); }},
            {"another file has its name (inode ",
             [&](auto const& path) {
                 write_file(dir / "other", content);
                 std::filesystem::rename(dir / "other", path);
             }},
            {name == "text" ? "it ends at byte 1048576, expected " : "it ",
             [](auto const& path) { std::filesystem::resize_file(path, 0); }},
            {"it ",
             [&](auto const& path) { std::filesystem::resize_file(path, content.size() - 1); }}};
        for (Change const& change : changes) {
            std::filesystem::remove(dir / name);
            write_file(dir / name, content);
            set_modified(dir / name, 1'000'000'000);
            std::string const message = message_of_change(name, [&] { change.make(dir / name); });
            std::string const expected =
                at(name) + ": the file changed while it was being read: " + change.seen;
            CHECK(message.substr(0, expected.size()) == expected);
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "a file that changed before its task began fails the task") {
    write_file(dir / "text", "one\ntwo\n");
    TextStage stage({at("text")}, 2);
    stage.plan();
    stage.run(0);
    write_file(dir / "text", "one\ntwo\nthree\n");
    CHECK(
        message_of([&] {
            stage.run(1);
        }).starts_with(at("text") + ": the file changed while it was being read: it has 14 bytes"));
    CHECK(stage.lines.lines == std::vector<std::string>{"one"});
}

TEST_CASE_FIXTURE(Fixture, "a very long line is read, at any partition count") {
    std::size_t const line_bytes = 40 * mebibyte;
    write_file(dir / "long", "short\n" + std::string(line_bytes, 'x') + "\nend\n");
    for (std::uint64_t const count : {1, 20}) {
        TextStage stage({at("long")}, count);
        stage.plan();
        stage.source().set_line_limit_bytes(line_bytes);
        // Twice, since the memory that it took is given back between.
        stage.run_all();
        stage.run_all();
        REQUIRE(stage.lines.lines.size() == 6);
        for (std::size_t i = 0; i < 6; i += 3) {
            CHECK(stage.lines.lines[i] == "short");
            CHECK((stage.lines.lines[i + 1] == std::string(line_bytes, 'x')));
            CHECK(stage.lines.lines[i + 2] == "end");
        }
    }
}
