#include "serry/source/quote_counts.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "source/compress.hpp"
#include "source/csv_text.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Found final : Consumer<SplitQuotes> {
    void consume(std::span<SplitQuotes const> batch) override {
        all.insert(all.end(), batch.begin(), batch.end());
    }
    void finish() override {}
    std::vector<SplitQuotes> all;
};

}  // namespace

TEST_CASE(
    "each split knows whether it begins inside of quotes, from the parities of those before") {
    TempDir const dir;
    std::mt19937 random(4);
    std::vector<std::string> texts;
    for (std::size_t const byte_count : {1000, 3, 200'000}) {
        texts.emplace_back(byte_count, 'x');
        for (char& c : texts.back())
            if (random() % 50 == 0) c = '"';
    }
    write_file(dir / "in/0", texts[0]);
    write_file(dir / "in/1", texts[1]);
    write_file(dir / "in/2", texts[2]);
    write_file(dir / "in/3.gz", gzip("\""));

    for (std::uint64_t const partitions : {1, 2, 7, 50}) {
        Lineage lineage;
        auto const text = std::make_shared<TextSource>(lineage, std::vector{(dir / "in").string()},
                                                       CallSite{"job.cpp", 3}, partitions);
        QuoteCounts counts(lineage, {"job.cpp", 3}, text, '"');
        CHECK(counts.label() == "find_quotes (job.cpp:3)");
        counts.set_splits(counts.list_splits({.partition_count = partitions}));
        Found found;
        Pipeline pipeline;
        counts.attach(pipeline, found);
        CountingPoller poller;
        std::uint64_t bytes = 0;
        for (std::uint64_t p = 0; p < counts.partition_count(); ++p) {
            TaskContext task({.index = p, .count = counts.partition_count()}, poller);
            pipeline.run(task);
            bytes += task.bytes_in;
        }
        CHECK((partitions > 1 || bytes == 0));
        auto const is_quoted = begins_quoted(counts.splits(), found.all);
        REQUIRE(is_quoted.size() == counts.splits().splits.size());
        for (std::size_t i = 0; i < is_quoted.size(); ++i) {
            Split const& split = counts.splits().splits[i];
            bool const expected =
                split.file < 3 && is_quoted_at(texts[split.file], split.begin, '"');
            CHECK(is_quoted[i] == expected);
        }
    }
}
