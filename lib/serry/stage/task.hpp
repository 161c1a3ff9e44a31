#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serry/base/error.hpp"
#include "serry/plan/lineage.hpp"
#include "serry/stage/stage_setting.hpp"

namespace serry {

/// One partition of a dataset, as functions handed to map_partitions see it.
struct Partition {
    std::uint64_t index = 0;
    std::uint64_t count = 0;
};

/// Called between batches, so that a rank takes part in what the others need of it.
struct Poller {
    virtual ~Poller() = default;
    virtual void poll() = 0;
};

/// Thrown through a task when the stage was given up elsewhere. No error of this task's, and no
/// std::exception, so that it passes what users catch.
struct StageAbandoned {};

/// Where in a source the batch being worked on comes from, for messages.
struct InputPosition {
    std::string const* path = nullptr;  ///< lives as long as the task
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

/// One partition of one stage, while it runs on this rank.
class TaskContext {
public:
    TaskContext(Partition partition, Poller& poller) : partition_(partition), poller_(&poller) {}

    Partition partition() const { return partition_; }
    /// For readers that read a partition of another dataset as a part of this one.
    void set_partition(Partition partition) { partition_ = partition; }
    /// Between batches only. May exchange with other ranks; may throw StageAbandoned.
    void poll() { poller_->poll(); }

    /// Set by who needs no more records; sources look at it between batches and end the partition.
    bool enough = false;

    InputPosition position;
    std::uint64_t records_in = 0;   ///< counted by the source
    std::uint64_t bytes_in = 0;     ///< counted by the source: bytes read, or encoded bytes
    std::uint64_t records_out = 0;  ///< counted by the stage's end
    std::uint64_t bytes_out = 0;    ///< counted by sinks: bytes written
    std::uint64_t bad_lines = 0;    ///< counted by readers of tables: left out, or kept aside

private:
    Partition partition_;
    Poller* poller_;
};

/// A user's function threw, or an operator failed on a record: what StageError will say of it.
class TaskFailure : public Error {
public:
    TaskFailure(ExitCode code,
                std::string const& text,
                Transformation const* step,
                std::uint64_t record)
        : Error(code, text), step_(step), record_(record) {}

    Transformation const* step() const { return step_; }
    /// Ordinal of the record within its partition, at that operator, from 0.
    std::uint64_t record() const { return record_; }

private:
    Transformation const* step_;
    std::uint64_t record_;
};

/// Rethrow the exception being handled as a TaskFailure at `step` and record `record`; a
/// TaskFailure and StageAbandoned pass unchanged. Call in a catch block only.
[[noreturn]] void rethrow_located(Transformation const& step, std::uint64_t record);

/// Rethrow the exception being handled, which a function of the user's threw on every rank alike
/// after the stage, as a StageError that names `action`. Call in a catch block only.
[[noreturn]] void throw_action_failed(Transformation const& action);

/// An operator of a pipeline; told of every task before its first batch.
struct Operator {
    virtual ~Operator() = default;
    virtual void begin(TaskContext&) {}
    /// Bytes that this operator wrote to scratch.
    virtual std::uint64_t spilled_bytes() const { return 0; }
    /// All ranks agreed that the stage succeeded, and all its partitions were run to their ends.
    virtual void commit() {}
};

/// Where the records of a stage come from: pushes one partition through its consumer, then
/// finish().
struct PartitionReader : Operator {
    virtual void read(TaskContext& task) = 0;
};

/// The operators of a stage on one rank, built once and used for all of the rank's tasks, so that a
/// task allocates nothing.
class Pipeline {
public:
    explicit Pipeline(StageSetting setting = {}) : setting_(std::move(setting)) {}

    StageSetting const& setting() const { return setting_; }

    template <typename O, typename... Arguments>
    O& add(Arguments&&... arguments) {
        auto made = std::make_unique<O>(std::forward<Arguments>(arguments)...);
        O& result = *made;
        operators_.push_back(std::move(made));
        return result;
    }

    template <typename O, typename... Arguments>
    void add_head(Arguments&&... arguments) {
        head_ = &add<O>(std::forward<Arguments>(arguments)...);
    }

    void run(TaskContext& task) {
        for (auto const& part : operators_) part->begin(task);
        head_->read(task);
    }

    std::uint64_t spilled_bytes() const {
        std::uint64_t bytes = 0;
        for (auto const& part : operators_) bytes += part->spilled_bytes();
        return bytes;
    }
    void commit() {
        for (auto const& part : operators_) part->commit();
    }

private:
    StageSetting setting_;
    std::vector<std::unique_ptr<Operator>> operators_;
    PartitionReader* head_ = nullptr;
};

}  // namespace serry
