#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "serry/plan/split.hpp"
#include "serry/serde/codec.hpp"
#include "serry/shuffle/run.hpp"
#include "serry/shuffle/wire_record.hpp"
#include "serry/stage/batch.hpp"
#include "serry/stage/task.hpp"

namespace serry {

/// This rank's partitions of an exchange's result, as encoded records: in memory up to a limit,
/// then in scratch.
class PartitionStore {
public:
    PartitionStore(std::uint64_t first_partition,
                   std::uint64_t end_partition,
                   std::uint64_t memory_limit_bytes,
                   std::string const& scratch)
        : PartitionStore({{first_partition, end_partition}}, memory_limit_bytes, scratch) {}
    /// Of the partitions in `own`, which ascend.
    PartitionStore(std::vector<PartitionRange> own,
                   std::uint64_t memory_limit_bytes,
                   std::string const& scratch);
    PartitionStore(PartitionStore const&) = delete;
    PartitionStore& operator=(PartitionStore const&) = delete;

    /// Throws std::out_of_range for a partition that is not this rank's.
    Run& partition(std::uint64_t partition);
    /// The same, for those who fill one partition after the other: the one that was filled before
    /// is closed, and holds no open block from then on.
    Run& fill(std::uint64_t partition);
    std::vector<Run>& runs() { return runs_; }
    /// Whose they are, in the same order.
    std::vector<PartitionRange> const& ranges() const { return own_; }
    Storage& storage() { return storage_; }
    /// Of all partitions, once they are closed.
    std::uint64_t byte_count() const;

private:
    std::vector<PartitionRange> own_;
    Storage storage_;
    std::vector<Run> runs_;
    Run* filled_ = nullptr;  ///< the last of fill()
};

/// How records are stored: alone, or keyed with their keys as key_bytes() makes them.
template <typename T>
struct StoredRecord {
    using type = T;
    static T decode(ByteReader& record) { return serry::decode<T>(record); }
};
template <typename K, typename V>
struct StoredPair {
    using type = KeyValue<K, V>;
    static type decode(ByteReader& record) {
        std::string_view const key = record.take(record.take_varint());
        return type(key_from_bytes<K>(key), serry::decode<V>(record));
    }
};

/// Pass the blocks of a stored partition to read_block(block), in order, as long as the task wants
/// more.
template <typename ReadBlock>
void read_blocks(PartitionStore& store, TaskContext& task, ReadBlock const& read_block) {
    Run::Reader reader(store.partition(task.partition().index));
    for (;;) {
        std::string_view const block = reader.next_block();
        if (block.empty() || task.enough) break;
        task.bytes_in += block.size();
        read_block(block);
    }
}

/// Pushes the records of a stored partition into a stage.
template <typename Stored>
class PartitionStoreReader final : public PartitionReader {
public:
    using Record = typename Stored::type;

    PartitionStoreReader(PartitionStore& store, Consumer<Record>& next)
        : store_(store), next_(next) {}

    void read(TaskContext& task) override {
        read_blocks(store_, task, [&](std::string_view block) { read_block(block, task); });
        next_.finish();
    }

private:
    /// A batch never reaches over the end of a block: views in it point into the block.
    void read_block(std::string_view block, TaskContext& task) {
        ByteReader reader(block);
        while (reader.remaining() > 0 && !task.enough) {
            batch_.clear();
            while (reader.remaining() > 0 && !batch_.is_full()) {
                ByteReader record(reader.take(reader.take_varint()));
                batch_.add(Stored::decode(record));
            }
            task.poll();
            task.records_in += batch_.size();
            next_.consume(batch_.records());
        }
    }

    PartitionStore& store_;
    Consumer<Record>& next_;
    Batch<Record> batch_;
};

template <typename K, typename V>
using StoreReader = PartitionStoreReader<StoredPair<K, V>>;
template <typename T>
using StoredRecordReader = PartitionStoreReader<StoredRecord<T>>;

}  // namespace serry
