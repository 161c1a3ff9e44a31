#include "serry/shuffle/sort.hpp"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "shuffle/local_ranks.hpp"
#include "stage/pipelines.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Item {
    std::int32_t key = 0;
    std::string text;
};

template <typename Order>
using Step = SortTransformation<Item, Order>;

/// A sort of one rank alone.
template <typename Order>
struct LocalSort {
    LocalSort(std::vector<std::vector<Item>> partitions, Order order, std::uint64_t count)
        : task_count(partitions.size()),
          source(std::make_shared<Given<Item>>(lineage, std::move(partitions))),
          step(lineage, "sort_by", {"job.cpp", 2}, source, std::move(order), count) {
        step.set_partition_count(count);
    }

    void run(std::uint64_t memory_bytes = 1 << 20, std::string const& scratch = "/nowhere") {
        StageSetting const setting{.tasks = Placement(task_count),
                                   .memory_bytes = memory_bytes,
                                   .table_slots = 0,
                                   .scratch = scratch};
        auto const end = step.open_end(0, setting);
        Pipeline pipeline;
        end->attach(pipeline);
        for (std::uint64_t p = 0; p < task_count; ++p) {
            TaskContext task({p, task_count}, poller);
            pipeline.run(task);
            records_out += task.records_out;
        }
        end->end_tasks();
        AloneRank rank;
        end->agree(rank);
        exchange(*end);
        CHECK(end->outgoing()->record_count() == end->incoming()->record_count());
        spilled_bytes = end->spilled_bytes();
        CHECK(end->merging_partition() < step.partition_count());
        CHECK_FALSE(step.is_available());
        end->commit();
    }

    static void exchange(StageEnd& end) {
        end.outgoing()->open(true);
        end.incoming()->open(true, 50);
        for (bool is_last = false; !is_last;) {
            std::vector<char> room(end.incoming()->room(0));
            auto const filled = end.outgoing()->fill(0, room);
            is_last = filled.is_last;
            end.incoming()->take(0, std::span(room).first(filled.byte_count), is_last);
            end.incoming()->advance();
        }
        end.incoming()->close();
        end.outgoing()->close();
    }

    /// The texts of each partition.
    std::string result() {
        std::string text;
        for (std::uint64_t p = 0; p < step.partition_count(); ++p) {
            Pipeline pipeline;
            Kept<Item> kept;
            step.attach(pipeline, kept);
            TaskContext task({p, step.partition_count()}, poller);
            pipeline.run(task);
            for (Item const& item : kept.records) text += item.text;
            text += '|';
        }
        return text;
    }

    TestPoller poller;
    Lineage lineage;
    std::uint64_t task_count;
    std::shared_ptr<Given<Item>> source;
    Step<Order> step;
    std::uint64_t records_out = 0;
    std::uint64_t spilled_bytes = 0;
};

auto const by_key = &Item::key;
using ByKey = KeyOrder<Item, std::remove_const_t<decltype(by_key)>>;
struct Shorter {
    bool operator()(Item const& a, Item const& b) const {
        if (a.text == "bad") throw std::runtime_error("bad text");
        return a.text.size() < b.text.size();
    }
};

std::vector<std::vector<Item>> items() {
    return {{{3, "a"}, {1, "bbb"}, {3, "c"}}, {}, {{2, "dd"}, {1, "e"}, {-9, "ff"}}};
}

}  // namespace

TEST_CASE("a sort is by key, then by partition and index, and cut into even partitions") {
    LocalSort<ByKey> sort(items(), {by_key}, 3);
    sort.run();
    CHECK(sort.result() == "ffbbb|edd|ac|");
    CHECK(sort.records_out == 6);
    LocalSort<ByKey> descending(items(), {by_key, true}, 2);
    descending.run();
    CHECK(descending.result() == "acdd|bbbeff|");
}

TEST_CASE("a sort by a function of the user's goes the same way") {
    LocalSort<FunctionOrder<Item, Shorter>> sort(items(), {}, 2);
    sort.run();
    CHECK(sort.result() == "ace|ddffbbb|");
}

TEST_CASE("a result that does not fit into memory is the same, from scratch") {
    TempDir const dir;
    std::vector<std::vector<Item>> partitions(5);
    for (int i = 0; i < 4000; ++i)
        partitions[static_cast<std::size_t>(i % 5)].push_back({i * 37 % 1000, std::to_string(i)});
    LocalSort<ByKey> wide(partitions, {by_key}, 7), narrow(partitions, {by_key}, 7);
    wide.run();
    narrow.run(20'000, dir.path());
    CHECK(wide.spilled_bytes == 0);
    CHECK(narrow.spilled_bytes > 0);
    CHECK(wide.result() == narrow.result());
}

TEST_CASE("what an order throws names the step") {
    auto with_bad = items();
    with_bad[2].push_back({0, "bad"});
    LocalSort<FunctionOrder<Item, Shorter>> sort(with_bad, {}, 2);
    try {
        sort.run();
        CHECK(false);
    } catch (TaskFailure const& failure) {
        CHECK(failure.step() == &sort.step);
        CHECK(std::string(failure.what()) == "std::runtime_error: bad text");
    }
}

TEST_CASE("a stage that is not committed leaves nothing; one that is makes the parents unneeded") {
    LocalSort<ByKey> sort(items(), {by_key}, 1);
    std::weak_ptr<Given<Item>> const alive = sort.source;
    sort.source.reset();
    sort.step.open_end(
        0, {.tasks = Placement(3), .memory_bytes = 1 << 20, .table_slots = 0, .scratch = ""});
    CHECK_FALSE(sort.step.is_available());
    CHECK(sort.step.parents().size() == 1);
    sort.run();
    CHECK(sort.step.is_available());
    CHECK(alive.expired());
}
