// One rank's two ends of an exchange by key, its bytes carried by hand; between ranks it is tested
// by api/join_operations_test.cpp.

#include "serry/shuffle/key_exchange.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/hash.hpp"
#include "stage/pipelines.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

/// A value that cannot be encoded when it is negative.
struct Picky {
    int number = 0;
};
template <>
struct serry::Codec<Picky> {
    static void encode(Picky const& value, ByteWriter& writer) {
        if (value.number < 0) throw std::runtime_error("negative");
        writer.put_varint(static_cast<std::uint64_t>(value.number));
    }
    static Picky decode(ByteReader& reader) { return {static_cast<int>(reader.take_varint())}; }
};

namespace {

using Pair = KeyValue<std::string, Picky>;

/// The exchange of `partitions` into `count` on a single rank.
struct Exchanged {
    Exchanged(std::vector<std::vector<Pair>> partitions, std::uint64_t count, StageSetting setting_)
        : setting(std::move(setting_)),
          source(std::make_shared<Given<Pair>>(lineage, std::move(partitions), 10)),
          step(lineage,
               {.name = "step",
                .at = {"/src/job.cpp", 2},
                .dependency = Dependency::wide,
                .parents = {source}}) {
        step.set_partition_count(count);
        end = std::make_unique<KeyExchangeEnd<std::string, Picky>>(
            step, *source, setting,
            [this](std::unique_ptr<PartitionStore> kept) { store = std::move(kept); });
        end->attach(pipeline);
    }

    void run() {
        TestPoller poller;
        for (std::uint64_t p = 0; p < source->partition_count(); ++p) {
            TaskContext task({p, source->partition_count()}, poller);
            pipeline.run(task);
            if (end->outgoing()->is_full()) exchange(false);
        }
        exchange(true);
    }

    void exchange(bool is_final) {
        ++exchanges;
        Outgoing& out = *end->outgoing();
        Incoming& in = *end->incoming();
        out.open(is_final);
        in.open(is_final, 100);
        for (bool is_last = false; !is_last;) {
            std::string room(std::min<std::size_t>(in.room(0), 77), '\0');
            Outgoing::Filled const filled = out.fill(0, room);
            is_last = filled.is_last;
            in.take(0, std::span(room).first(filled.byte_count), is_last);
            in.advance();
        }
        out.close();
        in.close();
    }

    Lineage lineage;
    StageSetting setting;
    std::shared_ptr<Given<Pair>> source;
    Transformation step;
    std::unique_ptr<StageEnd> end;
    Pipeline pipeline;
    std::unique_ptr<PartitionStore> store;
    int exchanges = 0;
};

}  // namespace

TEST_CASE(
    "each key's values come by source partition and as they were, however often is exchanged") {
    TempDir const dir;
    std::map<std::pair<std::uint64_t, std::string>, std::string> expected;
    std::vector<std::vector<Pair>> partitions(12);
    for (int i = 0; i < 3000; ++i) {
        std::string const key = "key " + std::to_string(i * i % 37);
        partitions[static_cast<std::size_t>(i / 250)].emplace_back(key, Picky{i % 100});
        expected[{hash_key(key), key}] += static_cast<char>(i % 100);
    }
    for (std::uint64_t const memory : {20'000, 100'000'000}) {
        Exchanged exchanged(partitions, 5, {.memory_bytes = memory, .scratch = dir.path()});
        exchanged.run();
        CHECK((exchanged.exchanges > 2) == (memory == 20'000));
        CHECK((exchanged.end->spilled_bytes() > 0) == (memory == 20'000));
        CHECK(exchanged.end->outgoing()->record_count() == 3000);
        CHECK(exchanged.end->incoming()->record_count() == 3000);
        CHECK(exchanged.store == nullptr);
        exchanged.end->commit();
        REQUIRE(exchanged.store != nullptr);
        auto next = expected.begin();
        for (std::uint64_t p = 0; p < 5; ++p)
            for (GroupCursor cursor(exchanged.store->partition(p)); cursor.has_group();
                 cursor.next(), ++next) {
                REQUIRE(next != expected.end());
                CHECK(partition_of_hash(cursor.hash(), 5) == p);
                CHECK(cursor.key() == next->first.second);
                CHECK(cursor.first_chunk().values == next->second);
            }
        CHECK(next == expected.end());
    }
}

TEST_CASE("a value that cannot be encoded is located at the step and its record") {
    std::vector<Pair> pairs(40, Pair("key", Picky{1}));
    pairs[33].value.number = -1;
    Exchanged exchanged({pairs}, 2, {.memory_bytes = 1'000'000});
    try {
        exchanged.run();
        CHECK(false);
    } catch (TaskFailure const& failure) {
        CHECK(failure.record() == 33);
        CHECK(failure.step() == &exchanged.step);
        CHECK(failure.what() == std::string("std::runtime_error: negative"));
    }
}
