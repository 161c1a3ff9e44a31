#include "serry/sink/collect.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "sink/stage_on_ranks.hpp"
#include "sink/thrown.hpp"
#include "stage/pipelines.hpp"

using namespace serry;
using namespace serry::test;

namespace {

constexpr std::uint64_t no_limit = ~std::uint64_t{0};

template <typename T>
std::vector<Owned<T>> decode_all(ByteWriter const& encoded) {
    std::vector<Owned<T>> records;
    ByteReader reader(encoded.view());
    while (reader.remaining() > 0) records.emplace_back(decode<T>(reader));
    return records;
}

}  // namespace

TEST_CASE("a rank collects the records of its partitions in their order") {
    Lineage lineage;
    std::vector<std::vector<std::string>> partitions(7);
    for (int i = 0; i < 2000; ++i)
        partitions[static_cast<std::size_t>(i) % 5].push_back(std::to_string(i));
    auto const texts = given<std::string>(lineage, partitions, 100);
    for (int rank_count : {1, 2, 3, 7, 9}) {
        std::vector<std::string> all, expected;
        std::uint64_t record_count = 0;
        for (int rank = 0; rank < rank_count; ++rank) {
            CollectEnd<std::string> end(*texts.last, CollectEnd<std::string>::all_records,
                                        no_limit);
            run_rank(end, rank, rank_count, partitions.size());
            for (std::string const& text : decode_all<std::string>(end.encoded()))
                all.push_back(text);
            record_count += end.record_count();
        }
        for (auto const& partition : partitions)
            expected.insert(expected.end(), partition.begin(), partition.end());
        CHECK(all == expected);
        CHECK(record_count == 2000);
    }
}

TEST_CASE("views are collected with what they view") {
    Lineage lineage;
    auto const words = given<std::string_view>(lineage, {{"a", "few", "", "words"}})
                           .map([](std::string_view word, Arena& arena) {
                               return arena.copy(std::string(word) + '!');
                           });
    CollectEnd<std::string_view> end(*words.last, 10, no_limit);
    run_rank(end, 0, 1, 1);
    CHECK(decode_all<std::string_view>(end.encoded())
          == std::vector<std::string>{"a!", "few!", "!", "words!"});
}

TEST_CASE("of each partition no more records are taken than wanted, and no more read than needed") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {numbers_up_to(1000), {}, numbers_up_to(5)}, 10);
    for (std::uint64_t most : {0, 1, 9, 10, 11, 25, 1000, 2000}) {
        CollectEnd<int> end(*numbers.last, most, no_limit);
        Pipeline pipeline;
        end.attach(pipeline);
        TestPoller poller;
        std::vector<int> expected;
        for (std::uint64_t p = 0; p < 3; ++p) {
            TaskContext task({p, 3}, poller);
            end.begin_task(task);
            pipeline.run(task);
            end.end_task(task);
            std::uint64_t const size = p == 0 ? 1000 : p == 1 ? 0 : 5;
            for (std::uint64_t i = 0; i < std::min(most, size); ++i)
                expected.push_back(static_cast<int>(i));
            CHECK(task.records_in <= std::max<std::uint64_t>(10, most + 9));
            CHECK(task.enough == (size > 0 && most <= size));
        }
        CHECK(decode_all<int>(end.encoded()) == expected);
        CHECK(end.record_count() == expected.size());
    }
}

TEST_CASE("a result beyond the limit says what to do") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {numbers_up_to(1000), numbers_up_to(1000)}, 100);
    CollectEnd<int> fits(*numbers.last, CollectEnd<int>::all_records, 8000);
    run_rank(fits, 0, 1, 2);
    CHECK(fits.encoded().size() == 8000);
    CollectEnd<int> end(*numbers.last, CollectEnd<int>::all_records, 7999);
    CHECK(thrown([&] { run_rank(end, 0, 1, 2); })
          == "StorageError 71: a result of more than 7.81 KiB is too large to be held by every rank; "
             "write it with write_text, or raise SERRY_COLLECT_LIMIT");
}
