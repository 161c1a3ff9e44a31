#include "serry/source/line_reader.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "source/compress.hpp"
#include "source/input_file.hpp"
#include "source/read_partitions.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

std::size_t allocation_count = 0;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

struct Fixture {
    TempDir dir;
    std::string path = (dir / "input.txt").string();

    /// A stage over one file with this content, cut at these offsets.
    std::unique_ptr<TextStage> stage_of(std::string_view text, std::vector<std::uint64_t> cuts) {
        write_file(path, text);
        auto stage = std::make_unique<TextStage>(std::vector{path});
        SplitList list{.files = {input_file(path)}, .splits = {}};
        cuts.insert(cuts.begin(), 0);
        cuts.push_back(text.size());
        for (std::size_t i = 0; i + 1 < cuts.size(); ++i)
            list.splits.push_back({0, cuts[i], cuts[i + 1]});
        stage->source().set_splits(list);
        return stage;
    }

    /// Whether the partitions of a text that is cut so are the lines that begin in them.
    bool reads_right(std::string_view text, std::vector<std::uint64_t> const& cuts) {
        auto const stage = stage_of(text, cuts);
        stage->run_all();
        bool is_right = stage->lines.lines == lines_one_by_one(text);
        std::uint64_t begin = 0;
        for (std::size_t p = 0; p <= cuts.size(); ++p) {
            std::uint64_t const end = p < cuts.size() ? cuts[p] : text.size();
            stage->lines.lines.clear();
            stage->run(p);
            is_right &= stage->lines.lines == lines_that_begin_in(text, begin, end);
            begin = end;
        }
        return is_right;
    }

    static std::vector<std::string> lines_that_begin_in(std::string_view text,
                                                        std::uint64_t begin,
                                                        std::uint64_t end) {
        std::vector<std::string> lines;
        for (std::uint64_t at = begin; at < end; ++at) {
            if (at > 0 && text[at - 1] != '\n') continue;
            std::string_view const rest = text.substr(at);
            std::size_t const newline = rest.find('\n');
            lines.push_back(
                lines_one_by_one(rest.substr(0, newline == rest.npos ? newline : newline + 1))[0]);
        }
        return lines;
    }
};

std::string random_text(std::mt19937& random, std::size_t byte_count, unsigned line_bytes) {
    std::string text(byte_count, '\0');
    for (char& c : text) {
        c = static_cast<char>(random());
        if (random() % line_bytes == 0) c = '\n';
        if (random() % line_bytes == 0) c = '\r';
    }
    return text;
}

}  // namespace

// Counts what the whole program allocates. Not inlined, or GCC takes free() for a mistake.
[[gnu::noinline]] void* operator new(std::size_t byte_count) {
    ++allocation_count;
    if (void* const memory = std::malloc(byte_count)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE_FIXTURE(Fixture, "wherever a text is cut, each line is in the split of its first byte") {
    for (std::string const text :
         {"", "\n", "\n\n\n", "one", "one\n", "one\ntwo", "one\ntwo\n", "one\r\ntwo\r\n\r\n",
          "\r\n", "\r", "one\r", "a\rb\n\r\r\n", "\none\n\n\ntwo\n\nthree",
          "a long line and\na short one\n\nx"}) {
        for (std::uint64_t first = 0; first <= text.size(); ++first) {
            INFO(text);
            CHECK(reads_right(text, {first}));
            for (std::uint64_t second = first; second <= text.size(); ++second)
                CHECK(reads_right(text, {first, second}));
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "line ends are \\n and \\r\\n, and are no part of a line") {
    auto const stage = stage_of("unix\nwindows\r\n\n\r\na\rb\r\r\nend\r", {});
    stage->run_all();
    CHECK(stage->lines.lines
          == std::vector<std::string>{"unix", "windows", "", "", "a\rb\r", "end\r"});
}

TEST_CASE_FIXTURE(Fixture, "all other bytes pass unchanged") {
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        if (byte != '\n') all += static_cast<char>(byte);
    auto const stage = stage_of(all + '\n' + all, {});
    stage->run_all();
    CHECK(stage->lines.lines == std::vector<std::string>{all, all});
}

TEST_CASE_FIXTURE(Fixture, "a line longer than several splits belongs to the first of them") {
    std::string const text = "short\n" + std::string(1000, 'x') + "\nend\n";
    CHECK(reads_right(text, {6, 7, 100, 500, 900, 1005, 1006, 1007, 1008}));
    CHECK(reads_right(text, {5, 300, 600}));
}

TEST_CASE_FIXTURE(Fixture, "lines may be longer than the pieces in which a file is read") {
    std::mt19937 random(12);
    std::string text = "begin\n";
    for (std::size_t const byte_count : {mebibyte - 1, mebibyte, 3 * mebibyte + 5, std::size_t{9}})
        text += std::string(byte_count, static_cast<char>('a' + random() % 26)) + "\r\n";
    text += std::string(2 * mebibyte, 'e');
    auto const stage = stage_of(text, {mebibyte, 2 * mebibyte, 2 * mebibyte + 1, 6 * mebibyte});
    stage->run_all();
    CHECK((stage->lines.lines == lines_one_by_one(text)));
}

TEST_CASE_FIXTURE(Fixture, "line ends around the edges of pieces are found") {
    for (std::size_t edge : {mebibyte, 2 * mebibyte}) {
        for (std::ptrdiff_t shift = -3; shift <= 3; ++shift) {
            std::string text(2 * mebibyte + 100, 'x');
            std::size_t const at = edge + static_cast<std::size_t>(shift);
            text[at - 1] = '\r';
            text[at] = '\n';
            auto const stage = stage_of(text, {mebibyte, mebibyte + 2});
            stage->run_all();
            CHECK((stage->lines.lines == lines_one_by_one(text)));
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "random texts agree with a byte-wise reading at any partition count") {
    std::mt19937 random(13);
    for (int i = 0; i < 60; ++i) {
        std::string const text = random_text(random, random() % 100'000, 1 + random() % 2000);
        for (int k = 0; k < 4; ++k) {
            std::vector<std::uint64_t> cuts(random() % 40);
            for (auto& cut : cuts) cut = random() % (text.size() + 1);
            std::sort(cuts.begin(), cuts.end());
            auto const stage = stage_of(text, cuts);
            stage->run_all();
            CHECK((stage->lines.lines == lines_one_by_one(text)));
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "batches are full but the last of each piece, and none is empty") {
    std::string text;
    for (int i = 0; i < 2000; ++i) text += std::to_string(i) + '\n';
    auto const stage = stage_of(text, {});
    stage->run_all();
    CHECK(stage->lines.batch_count == 4);
    CHECK(stage->lines.largest_batch == batch_records);
    CHECK(stage->lines.finish_count == 1);

    auto const empty = stage_of("", {});
    empty->run_all();
    CHECK(empty->lines.batch_count == 0);
    CHECK(empty->lines.finish_count == 1);
}

TEST_CASE_FIXTURE(Fixture, "records and bytes are counted, each byte of the file once") {
    std::string const text = "one\r\ntwo\n\nlast line";
    auto const stage = stage_of(text, {2, 6, 11});
    std::uint64_t bytes = 0;
    std::vector<std::uint64_t> records;
    for (std::uint64_t p = 0; p < 4; ++p) {
        TaskContext const task = stage->run(p);
        bytes += task.bytes_in;
        records.push_back(task.records_in);
    }
    CHECK(bytes == text.size());
    CHECK(records == std::vector<std::uint64_t>{1, 1, 2, 0});
}

TEST_CASE_FIXTURE(Fixture, "a batch's position is the bytes of its lines in the file") {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += "line " + std::to_string(i) + "\r\n";
    auto const check_positions = [&](TextStage& stage, std::string const& expected_path) {
        for (std::uint64_t p = 0; p < stage.source().partition_count(); ++p) {
            TaskContext task({.index = p, .count = stage.source().partition_count()}, stage.poller);
            stage.lines.at_batch = [&] {
                CHECK(*task.position.path == expected_path);
                auto const bytes = task.position.end - task.position.begin;
                CHECK(lines_one_by_one(text.substr(task.position.begin, bytes))
                      == stage.lines.lines);
                stage.lines.lines.clear();
            };
            Pipeline pipeline;
            stage.source().attach(pipeline, stage.lines);
            pipeline.run(task);
        }
    };
    check_positions(*stage_of(text, {100, 101, 20'000}), path);

    std::string const compressed = (dir / "text.gz").string();
    write_file(compressed, gzip(text));
    TextStage stage({compressed});
    stage.plan();
    check_positions(stage, compressed);
}

TEST_CASE_FIXTURE(Fixture, "the task polls between batches, and stops when there is enough") {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += "line\n";
    auto const stage = stage_of(text, {});
    stage->run_all();
    CHECK(stage->poller.count >= stage->lines.batch_count);

    for (std::size_t wanted : {0, 1, 3}) {
        Lines lines;
        CountingPoller poller;
        TaskContext task({.index = 0, .count = 1}, poller);
        task.enough = wanted == 0;
        lines.at_batch = [&] { task.enough = lines.batch_count >= wanted; };
        Pipeline pipeline;
        stage->source().attach(pipeline, lines);
        pipeline.run(task);
        CHECK(lines.batch_count == wanted);
        CHECK(task.records_in == wanted * batch_records);
        CHECK(lines.finish_count == 1);
    }
}

TEST_CASE_FIXTURE(Fixture, "while a long line is looked for or held, the task polls, too") {
    auto const stage = stage_of(std::string(8 * mebibyte, 'x'), {4 * mebibyte});
    stage->run(0);
    CHECK(stage->poller.count >= 8);
    stage->run(1);
    CHECK(stage->poller.count >= 12);
}

TEST_CASE_FIXTURE(Fixture, "an abandoned stage leaves the reader fit for the next task") {
    struct Leaver final : Poller {
        bool is_leaving = true;
        void poll() override {
            if (is_leaving) throw StageAbandoned{};
        }
    } poller;
    auto const stage = stage_of("one\ntwo\n", {});
    Pipeline pipeline;
    stage->source().attach(pipeline, stage->lines);
    TaskContext abandoned({.index = 0, .count = 1}, poller);
    CHECK_THROWS_AS(pipeline.run(abandoned), StageAbandoned);
    stage->lines.lines.clear();
    poller.is_leaving = false;
    TaskContext task({.index = 0, .count = 1}, poller);
    pipeline.run(task);
    CHECK(stage->lines.lines == std::vector<std::string>{"one", "two"});
}

TEST_CASE_FIXTURE(Fixture, "a line fits up to the limit and its line end, wherever it begins") {
    std::uint64_t const limit = mebibyte + 1000;
    for (std::size_t const before : {std::size_t{0}, std::size_t{1}, mebibyte / 2, mebibyte - 1}) {
        for (std::string const line_end : {"", "\n", "\r\n"}) {
            std::string const front = before ? std::string(before - 1, 'f') + '\n' : "";
            auto const fits = stage_of(front + std::string(limit, 'x') + line_end, {before});
            fits->source().set_line_limit_bytes(limit);
            fits->run_all();
            CHECK(fits->lines.lines.back() == std::string(limit, 'x'));

            auto const too_long =
                stage_of(front + std::string(limit + 3, 'x') + line_end, {before});
            too_long->source().set_line_limit_bytes(limit);
            CHECK_THROWS_AS(too_long->run(1), StorageError);
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "a line beyond the limit is an error that says where it begins") {
    std::string const advice =
        " is longer than 2.00 MiB, the most that fits into memory; raise --memory (SERRY_MEMORY), "
        "or check that this is text with line ends";
    std::string const text = "first\n" + std::string(3 * mebibyte, 'x') + '\n';
    auto const stage = stage_of(text, {});
    stage->source().set_line_limit_bytes(2 * mebibyte);
    CHECK(message_of([&] { stage->run(0); }) == path + ": the line that begins at byte 6" + advice);
    CHECK(exit_code_of([&] { stage->run(0); }) == ExitCode::does_not_fit);

    std::string const compressed = (dir / "text.zst").string();
    write_file(compressed, zstd(text));
    TextStage packed({compressed});
    packed.plan();
    packed.source().set_line_limit_bytes(2 * mebibyte);
    CHECK(message_of([&] { packed.run(0); })
          == compressed + ": the line that begins at byte 6 of the decompressed text" + advice);
}

TEST_CASE_FIXTURE(Fixture, "tasks after the first allocate nothing") {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "line " + std::to_string(i) + '\n';
    struct Nothing final : Consumer<std::string_view> {
        void consume(std::span<std::string_view const>) override {}
        void finish() override {}
    } nothing;
    auto const count_after_first = [&](TextStage& stage) {
        Pipeline pipeline;
        stage.source().attach(pipeline, nothing);
        std::size_t before = 0;
        for (int round = 0; round < 2; ++round) {
            before = allocation_count;
            for (std::uint64_t p = 0; p < stage.source().partition_count(); ++p) {
                TaskContext task({.index = p, .count = stage.source().partition_count()},
                                 stage.poller);
                pipeline.run(task);
            }
        }
        return allocation_count - before;
    };
    CHECK(count_after_first(*stage_of(text, {1000, 500'000, 500'001})) == 0);
    for (std::string const name : {"text.gz", "text.zst"}) {
        write_file(dir / name, name == "text.gz" ? gzip(text) : zstd(text));
        TextStage stage({(dir / name).string()});
        stage.plan();
        CHECK(count_after_first(stage) == 0);
    }
}
