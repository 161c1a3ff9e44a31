#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "serry/shuffle/bucketed_records.hpp"
#include "serry/shuffle/group_collector.hpp"
#include "serry/shuffle/merge.hpp"
#include "serry/shuffle/partition_store.hpp"
#include "serry/shuffle/store_holder.hpp"
#include "serry/stage/stage_end.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// The sending side of an exchange by key that combines nothing: every record travels.
template <typename K, typename V>
class KeySender final : public Operator, public Consumer<KeyValue<K, V>>, public Outgoing {
public:
    KeySender(Transformation const& step,
              StageSetting const& setting,
              std::uint64_t waiting_limit_bytes)
        : step_(step),
          rank_count_(static_cast<std::uint64_t>(setting.rank_count)),
          waiting_limit_bytes_(waiting_limit_bytes) {}

    void begin(TaskContext& task) override {
        task_ = &task;
        leaf_ = static_cast<std::uint32_t>(task.partition().index);
        record_ = 0;
    }
    void consume(std::span<KeyValue<K, V> const> batch) override {
        task_->poll();
        std::size_t i = 0;
        try {
            for (; i < batch.size(); ++i) encode_record(batch[i]);
        } catch (...) {
            rethrow_located(step_, record_ + i);
        }
        deal();
        record_ += batch.size();
        task_->records_out += batch.size();
    }
    void finish() override {}

    bool is_full() const override { return records_.memory_bytes() > waiting_limit_bytes_; }
    void open(bool is_final) override {
        is_final_ = is_final;
        records_.open(step_.partition_count(), rank_count_);
    }
    Load load() const override { return {records_.receiver_count(), records_.memory_bytes()}; }
    Filled fill(int rank, std::span<char> room) override {
        auto const to = static_cast<std::size_t>(rank);
        std::size_t const byte_count = records_.fill(to, room);
        return {byte_count, records_.is_at_end(to)};
    }
    void close() override { records_.close(is_final_); }
    std::uint64_t record_count() const override { return records_.record_count(); }

private:
    /// A record that is encoded, in bodies_, and not dealt yet.
    struct Encoded {
        std::uint64_t hash;
        std::size_t end;  ///< of its body
    };
    static constexpr std::size_t most_undealt_bytes = std::size_t{64} << 10;
    static constexpr std::size_t most_kept_bytes = std::size_t{1} << 20;
    static constexpr std::size_t ahead = 16;  ///< records between a place's fetching and its use

    void encode_record(KeyValue<K, V> const& record) {
        std::string_view const key = key_bytes(record.key, key_);
        put_key(key, true, leaf_, bodies_);
        encode(record.value, bodies_);
        encoded_.push_back({hash_of(record.key, key), bodies_.size()});
        if (bodies_.size() > most_undealt_bytes) deal();
    }

    /// Only after many were encoded: bytes that have just been written piece by piece cannot be
    /// read in larger ones before they have left the processor's store buffer.
    void deal() {
        std::string_view const bodies = bodies_.view();
        std::size_t begin = 0;
        for (std::size_t i = 0; i < encoded_.size(); ++i) {
            if (i + ahead < encoded_.size()) records_.prefetch(encoded_[i + ahead].hash);
            records_.add(encoded_[i].hash, bodies.substr(begin, encoded_[i].end - begin));
            begin = encoded_[i].end;
        }
        encoded_.clear();
        if (bodies_.capacity() > most_kept_bytes) bodies_ = ByteWriter();
        bodies_.clear();
    }

    Transformation const& step_;
    std::uint64_t rank_count_;
    std::uint64_t waiting_limit_bytes_;
    TaskContext* task_ = nullptr;
    std::uint32_t leaf_ = 0;
    std::uint64_t record_ = 0;
    bool is_final_ = false;
    BucketedRecords records_;
    ByteWriter key_, bodies_;
    std::vector<Encoded> encoded_;
};

/// The end of a stage that brings the records of `parent` to the partitions of `step`, grouped by
/// key. Committed, it hands the groups to `keep`.
template <typename K, typename V>
class KeyExchangeEnd final : public StageEnd {
public:
    using Keep = std::function<void(std::unique_ptr<PartitionStore>)>;

    KeyExchangeEnd(Transformation const& step,
                   TypedTransformation<KeyValue<K, V>>& parent,
                   StageSetting const& setting,
                   Keep keep)
        : step_(step),
          parent_(parent),
          setting_(setting),
          keep_(std::move(keep)),
          store_(make_store_for(step, setting)),
          groups_(*store_, step.partition_count()),
          receiver_(setting.rank_count, true, store_->storage(), groups_) {}

    /// An eighth of the memory for the bytes of records that wait, which grow in steps and so may
    /// hold twice that; half for what is received.
    void attach(Pipeline& pipeline) override {
        sender_ = &pipeline.add<KeySender<K, V>>(step_, setting_, setting_.memory_bytes / 8);
        parent_.attach(pipeline, *sender_);
    }
    Outgoing* outgoing() override { return sender_; }
    Incoming* incoming() override { return &receiver_; }
    std::uint64_t merging_partition() const override { return groups_.partition(); }
    std::uint64_t spilled_bytes() const override { return store_->storage().file.written_bytes(); }
    void commit() override { keep_(std::move(store_)); }

private:
    Transformation const& step_;
    TypedTransformation<KeyValue<K, V>>& parent_;
    StageSetting setting_;
    Keep keep_;
    std::unique_ptr<PartitionStore> store_;
    GroupCollector groups_;
    MergingReceiver receiver_;
    KeySender<K, V>* sender_ = nullptr;
};

}  // namespace serry
