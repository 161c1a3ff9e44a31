#include "serry/shuffle/partition_store.hpp"

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

template <typename K, typename V>
void put(PartitionStore& store, std::uint64_t partition, K const& key, V const& value) {
    ByteWriter scratch, body, framed;
    put_key(key_bytes(key, scratch), false, 0, body);
    encode(value, body);
    put_framed(body.view(), framed);
    store.partition(partition).append(framed.view());
}

void close(PartitionStore& store) {
    for (Run& run : store.runs()) run.close();
}

struct CountingPoller final : Poller {
    void poll() override { ++count; }
    int count = 0;
};

/// Keeps what is read, and looks at how.
template <typename K, typename V>
struct Reading final : Consumer<KeyValue<K, V>> {
    void consume(std::span<KeyValue<K, V> const> batch) override {
        CHECK(batch.size() > 0);
        CHECK(batch.size() <= batch_records);
        for (auto const& record : batch) records.emplace_back(record.key, record.value);
        if (task && records.size() >= most_records) task->enough = true;
    }
    void finish() override { ++ends; }

    Pairs records;
    int ends = 0;
    std::size_t most_records = ~std::size_t{0};
    TaskContext* task = nullptr;
};

}  // namespace

TEST_CASE("a partition that was filled before holds no open block") {
    PartitionStore store(2, 5, 1'000'000, "/nowhere");
    for (std::uint64_t const partition : {2, 2, 4}) {
        Run& run = store.fill(partition);
        CHECK(&run == &store.partition(partition));
        run.append_unframed("record");
        CHECK(run.block_count() == 0);
    }
    CHECK(store.partition(2).block_count() == 1);
    CHECK(store.partition(2).record_count() == 2);
    store.fill(2).append_unframed("later");
    CHECK(store.partition(4).block_count() == 1);
    CHECK(store.partition(2).record_count() == 3);
}

TEST_CASE("a partition is read as it was stored, in batches, from memory or scratch") {
    TempDir const dir;
    for (std::uint64_t const limit : {0, 500000, 100000000}) {
        PartitionStore store(3, 6, limit, dir.path());
        Pairs expected[3];
        for (int i = 0; i < 5000; ++i) {
            std::string const key = "key " + std::to_string(i);
            std::string const value(static_cast<std::size_t>(i % 400),
                                    static_cast<char>('a' + i % 26));
            put(store, 3 + static_cast<std::uint64_t>(i % 2) * 2, key, value);
            expected[i % 2 * 2].emplace_back(key, value);
        }
        close(store);
        CHECK((store.storage().file.written_bytes() > 0) == (limit < 1000000));
        Reading<std::string_view, std::string_view> reading;
        StoreReader<std::string_view, std::string_view> reader(store, reading);
        for (std::uint64_t p = 3; p < 6; ++p) {
            reading.records.clear();
            CountingPoller poller;
            TaskContext task({p, 6}, poller);
            reader.begin(task);
            reader.read(task);
            CHECK((reading.records == expected[p - 3]));
            CHECK(reading.ends == static_cast<int>(p - 2));
            CHECK(task.records_in == expected[p - 3].size());
            CHECK(task.bytes_in == store.partition(p).byte_count());
            CHECK(static_cast<std::size_t>(poller.count) * batch_records >= expected[p - 3].size());
        }
    }
}

TEST_CASE("a partition is not read further when enough was taken") {
    PartitionStore store(0, 1, 100000000, "/nowhere");
    for (int i = 0; i < 10000; ++i) put(store, 0, std::string("key"), std::string(100, 'v'));
    close(store);
    Reading<std::string, std::string> reading;
    reading.most_records = 600;
    CountingPoller poller;
    TaskContext task({0, 1}, poller);
    reading.task = &task;
    StoreReader<std::string, std::string>(store, reading).read(task);
    CHECK(reading.records.size() == 2 * batch_records);
    CHECK(reading.ends == 1);
}

TEST_CASE("keys and values of any kind come back, keys in their canonical form") {
    struct Numbers final : Consumer<KeyValue<double, std::vector<std::int32_t>>> {
        void consume(std::span<KeyValue<double, std::vector<std::int32_t>> const> batch) override {
            for (auto const& record : batch) records.push_back(record);
        }
        void finish() override {}
        std::vector<KeyValue<double, std::vector<std::int32_t>>> records;
    };
    PartitionStore store(0, 1, 1000000, "/nowhere");
    put(store, 0, -0.0, std::vector<std::int32_t>{1, 2});
    put(store, 0, -1.5, std::vector<std::int32_t>{});
    close(store);
    Numbers numbers;
    CountingPoller poller;
    TaskContext task({0, 1}, poller);
    StoreReader<double, std::vector<std::int32_t>>(store, numbers).read(task);
    REQUIRE(numbers.records.size() == 2);
    CHECK_FALSE(std::signbit(numbers.records[0].key));
    CHECK(numbers.records[0].value == std::vector<std::int32_t>{1, 2});
    CHECK(numbers.records[1].key == -1.5);
    CHECK(numbers.records[1].value.empty());
}

TEST_CASE("what StageAbandoned ends is not finished") {
    struct Abandoning final : Poller {
        void poll() override { throw StageAbandoned(); }
    };
    PartitionStore store(0, 1, 1000000, "/nowhere");
    put(store, 0, std::string("key"), std::string("value"));
    close(store);
    Reading<std::string, std::string> reading;
    Abandoning poller;
    TaskContext task({0, 1}, poller);
    StoreReader<std::string, std::string> reader(store, reading);
    CHECK_THROWS_AS(reader.read(task), StageAbandoned);
    CHECK(reading.ends == 0);
    CHECK(reading.records.empty());
}
