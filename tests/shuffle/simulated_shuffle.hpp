#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "serry/plan/split.hpp"
#include "serry/shuffle/reduce.hpp"
#include "serry/source/memory_source.hpp"
#include "shuffle/reduce_oracle.hpp"

namespace serry::test {

/// How much each rank of a simulated shuffle may hold.
struct ShuffleSetup {
    int rank_count = 1;
    std::uint64_t result_partitions = 1;
    std::uint64_t memory_bytes = std::uint64_t{1} << 30;
    std::uint64_t table_slots = 0;
    std::size_t window_bytes = 1000;
    std::string scratch = "/nowhere";
};

/// reduce_by_key on several ranks, all in this process and without MPI: one rank's tasks after the
/// other's; a full rank exchanges with all others.
template <typename K, typename V, typename F>
class SimulatedShuffle final : public Poller {
public:
    using Pair = KeyValue<K, V>;
    using Step = ReduceTransformation<K, V, F>;

    SimulatedShuffle(Partitions<Pair> const& sources, F combine, ShuffleSetup const& setup)
        : setup_(setup), task_count_(sources.size()) {
        std::vector<Pair> records;
        SplitList splits;
        for (auto const& partition : sources) {
            splits.splits.push_back({0, records.size(), records.size() + partition.size()});
            records.insert(records.end(), partition.begin(), partition.end());
        }
        for (int r = 0; r < setup.rank_count; ++r)
            ranks_.push_back(std::make_unique<Rank>(*this, r, records, splits, combine));
    }

    /// All tasks of all ranks, and the last exchange.
    void run() {
        for (auto const& rank : ranks_) run_tasks(*rank);
        exchange(true);
        for (auto const& rank : ranks_) rank->end->commit();
    }

    void poll() override {
        if (polling_->end->outgoing()->is_full()) exchange(false);
    }

    /// The result's partitions, encoded.
    std::vector<std::string> result() {
        std::vector<std::string> all;
        for (auto const& rank : ranks_)
            for (std::uint64_t p = first_of(rank->number, setup_.result_partitions);
                 p < first_of(rank->number + 1, setup_.result_partitions); ++p)
                all.push_back(rank->read_result(p, setup_.result_partitions));
        return all;
    }

    std::uint64_t exchanges() const { return exchanges_; }
    std::uint64_t records_sent() const {
        std::uint64_t sum = 0;
        for (auto const& rank : ranks_) sum += rank->records_sent;
        return sum;
    }
    std::uint64_t records_received() const {
        std::uint64_t sum = 0;
        for (auto const& rank : ranks_) sum += rank->records_received;
        return sum;
    }
    std::uint64_t spilled_bytes() const {
        std::uint64_t sum = 0;
        for (auto const& rank : ranks_) sum += rank->spilled_bytes;
        return sum;
    }
    bool is_available(int rank) const {
        return ranks_[static_cast<std::size_t>(rank)]->step.is_available();
    }

private:
    struct NoPoller final : Poller {
        void poll() override {}
    };

    struct Reading final : Consumer<Pair> {
        void consume(std::span<Pair const> batch) override {
            for (Pair const& record : batch) encode(record, records);
        }
        void finish() override {}
        ByteWriter records;
    };

    /// Every rank has recorded the same steps.
    struct Rank {
        Rank(SimulatedShuffle const& shuffle,
             int number_,
             std::vector<Pair> const& records,
             SplitList const& splits,
             F combine)
            : number(number_),
              source(std::make_shared<MemorySource<Pair>>(lineage,
                                                          CallSite{"job.cpp", 1},
                                                          records,
                                                          splits.splits.size())),
              step(lineage, CallSite{"job.cpp", 2}, source, std::move(combine), 0) {
            source->set_splits(splits);
            step.set_partition_count(shuffle.setup_.result_partitions);
            end = step.open_end(0, {.rank = number,
                                    .rank_count = shuffle.setup_.rank_count,
                                    .tasks = Placement(shuffle.task_count_),
                                    .memory_bytes = shuffle.setup_.memory_bytes,
                                    .table_slots = shuffle.setup_.table_slots,
                                    .scratch = shuffle.setup_.scratch});
            end->attach(pipeline);
        }

        std::string read_result(std::uint64_t partition, std::uint64_t count) {
            Pipeline next;
            Reading reading;
            step.attach(next, reading);
            NoPoller nobody;
            TaskContext task({partition, count}, nobody);
            next.run(task);
            return std::string(reading.records.view());
        }

        int number;
        Lineage lineage;
        std::shared_ptr<MemorySource<Pair>> source;
        Step step;
        std::unique_ptr<StageEnd> end;
        Pipeline pipeline;
        std::uint64_t records_sent = 0, records_received = 0, spilled_bytes = 0;
    };

    std::uint64_t first_of(int rank, std::uint64_t count) const {
        return first_partition_of(static_cast<std::uint64_t>(rank),
                                  static_cast<std::uint64_t>(setup_.rank_count), count);
    }

    void run_tasks(Rank& rank) {
        polling_ = &rank;
        for (std::uint64_t p = first_of(rank.number, task_count_);
             p < first_of(rank.number + 1, task_count_); ++p) {
            TaskContext task({p, task_count_}, *this);
            rank.end->begin_task(task);
            rank.pipeline.run(task);
            rank.end->end_task(task);
        }
        rank.end->end_tasks();
    }

    void exchange(bool is_final) {
        ++exchanges_;
        std::size_t const ranks = ranks_.size();
        for (auto const& rank : ranks_) {
            rank->end->outgoing()->open(is_final);
            rank->end->incoming()->open(is_final, setup_.window_bytes);
        }
        std::vector<char> has_ended(ranks * ranks, false);
        for (std::size_t left = ranks * ranks; left > 0;) {
            for (std::size_t from = 0; from < ranks; ++from)
                for (std::size_t to = 0; to < ranks; ++to)
                    if (!has_ended[from * ranks + to])
                        left -= has_ended[from * ranks + to] = move(from, to);
            for (auto const& rank : ranks_) rank->end->incoming()->advance();
        }
        for (auto const& rank : ranks_) {
            rank->end->incoming()->close();
            rank->end->outgoing()->close();
            rank->records_sent = rank->end->outgoing()->record_count();
            rank->records_received = rank->end->incoming()->record_count();
            rank->spilled_bytes = rank->end->spilled_bytes();
        }
    }

    bool move(std::size_t from, std::size_t to) {
        Incoming& in = *ranks_[to]->end->incoming();
        std::size_t const room = in.room(static_cast<int>(from));
        std::vector<char> bytes(room);  // a sanitizer sees its end
        auto const filled = ranks_[from]->end->outgoing()->fill(static_cast<int>(to), bytes);
        if (filled.byte_count > 0 || filled.is_last)
            in.take(static_cast<int>(from), std::span(bytes).first(filled.byte_count),
                    filled.is_last);
        return filled.is_last;
    }

    ShuffleSetup setup_;
    std::uint64_t task_count_;
    std::vector<std::unique_ptr<Rank>> ranks_;
    Rank* polling_ = nullptr;
    std::uint64_t exchanges_ = 0;
};

}  // namespace serry::test
