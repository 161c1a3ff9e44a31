#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "serry/base/call_site.hpp"
#include "serry/base/concepts.hpp"
#include "serry/base/error.hpp"
#include "serry/base/natural_order.hpp"
#include "serry/exec/action_step.hpp"
#include "serry/exec/output_job.hpp"
#include "serry/exec/session.hpp"
#include "serry/join_operations.hpp"
#include "serry/keyed_operations.hpp"
#include "serry/narrow_operations.hpp"
#include "serry/order_operations.hpp"
#include "serry/partition_operations.hpp"
#include "serry/plan/explain.hpp"
#include "serry/results.hpp"
#include "serry/sampling.hpp"
#include "serry/serde/codec.hpp"
#include "serry/shuffle/persist.hpp"
#include "serry/sink/action_end.hpp"
#include "serry/sink/collect.hpp"
#include "serry/sink/text_sink.hpp"
#include "serry/sink/top.hpp"
#include "serry/skew_operations.hpp"
#include "serry/small_results.hpp"
#include "serry/stage/operators.hpp"
#include "serry/stage/union.hpp"
#include "serry/statistics.hpp"

namespace serry {

/// A collection of T's spread over the ranks in partitions, recorded but not computed: a value that
/// is cheap to copy and to assign. Transformations record a step and return at once. Actions are
/// collective: every rank calls them, in the same order, and gets the same result.
///
/// Functions given to transformations run later, on every rank, on records one by one; they capture
/// by value and do not depend on the rank. What they throw ends the action as a StageError.
///
/// Partitions and their order follow from the input and the options, never from the number of
/// ranks.
template <Record T>
class Dataset : public NarrowOperations<T>,
                public KeyedOperations<T>,
                public JoinOperations<T>,
                public SkewOperations<T>,
                public OrderOperations<T>,
                public PartitionOperations<T>,
                public Statistics<T>,
                public Sampling<T> {
public:
    using record_type = T;

    Dataset(Session& session, TypedPointer<T> step) : session_(&session), step_(std::move(step)) {}

    /// For what is built on datasets; programs have no use for them.
    Session& session() const { return *session_; }
    TypedPointer<T> const& step() const { return step_; }
    /// The narrow step `Op` on this dataset. `argument_fingerprint`: of what else must agree over
    /// the ranks.
    template <typename Out, typename Op, bool keeps_keys = false, typename F>
    Dataset<Out> narrow(char const* name,
                        CallSite at,
                        F f,
                        std::uint64_t argument_fingerprint = 0) const {
        using Step = NarrowTransformation<T, Out, F, Op, keeps_keys>;
        return {*session_, std::make_shared<Step>(session_->lineage(), name, at, step_,
                                                  std::move(f), argument_fingerprint)};
    }
    /// As the action `name`: all records, on every rank, if they take at most `most_bytes`. If they
    /// take more, about so many are looked at.
    SmallResults<T> collect_if_small(char const* name,
                                     std::uint64_t most_bytes,
                                     CallSite at) const {
        ActionStep const action(*session_, step_, name, at);
        return action.result([&]() -> SmallResults<T> {
            std::uint64_t const limit =
                std::min(most_bytes, session_->options().collect_limit_bytes);
            CollectEnd<T> end(*step_, CollectEnd<T>::all_records, limit, AtLimit::stop);
            session_->run(*step_, action, end);
            if (session_->comm().all_reduce_sum(end.encoded().size()) > limit)
                return SmallResults<T>::too_large();
            return SmallResults<T>(gather(end.encoded().view(), end.record_count(), end.pieces()));
        });
    }
    /// top() as the action `name`.
    template <typename Before>
    Results<T> top_as(char const* name,
                      std::uint64_t record_count,
                      Before const& before,
                      CallSite at) const {
        ActionStep const action(*session_, step_, name, at);
        return action.result([&] {
            TopEnd<T, Before> end(*step_, action, record_count, before);
            session_->run(*step_, action, end);
            TopRecords<T, Before> best(record_count, before);
            Results<T> const candidates =
                gather(end.encoded().view(), end.record_count(), end.pieces());
            try {
                for (T const& record : candidates) best.add(record);
                return results_of(best.records());
            } catch (...) {
                throw_action_failed(action);
            }
        });
    }

    /// f(*this): for transformations of your own, made of others.
    template <typename F>
    auto apply(F&& f) const {
        return std::invoke(std::forward<F>(f), *this);
    }

    /// The records of this dataset, then those of the other one.
    ///
    /// Order: kept; the partitions of this, behind them those of the other.
    /// Moves: nothing.
    /// Memory: none.
    /// Throws: nothing.
    Dataset<T> union_with(Dataset<T> const& other, CallSite at = CallSite::here()) const {
        return union_of({*this, other}, at);
    }
    /// The same of any number of datasets, at least one.
    ///
    /// Order: kept; the partitions of the first, behind them those of the second, and so on.
    /// Moves: nothing.
    /// Memory: none.
    /// Throws: std::out_of_range for none.
    static Dataset<T> union_of(std::vector<Dataset<T>> const& parts,
                               CallSite at = CallSite::here()) {
        Session& session = parts.at(0).session();
        std::vector<TypedPointer<T>> steps;
        for (Dataset<T> const& part : parts) steps.push_back(part.step());
        return {session, std::make_shared<UnionTransformation<T>>(session.lineage(), at, steps)};
    }

    /// The same records, held by the ranks from the first action on that goes through all of them:
    /// later ones do not compute them again. What exchanges bring is held without it.
    ///
    /// Order: kept, and whether the records are hash-partitioned.
    /// Moves: nothing.
    /// Memory: the encoded records; half of the budget, beyond it scratch, as `level` says.
    /// Throws: StorageError, from the action, if `level` is memory and they do not fit.
    Dataset<T> persist(PersistLevel level = PersistLevel::memory_and_disk,
                       CallSite at = CallSite::here()) const requires Encodable<T> {
        return {*session_,
                std::make_shared<PersistTransformation<T>>(session_->lineage(), at, step_, level)};
    }
    /// The same, and with --checkpoint committed to it whenever it is made, under this name in
    /// messages: a job that is run again goes on from there. Without that option it is persist().
    ///
    /// Order: kept, and whether the records are hash-partitioned.
    /// Moves: nothing between ranks; the encoded records to the folder of --checkpoint.
    /// Memory: the encoded records; half of the budget, beyond it scratch.
    /// Throws: StorageError, from the action, if it cannot be written.
    Dataset<T> checkpoint(std::string const& name,
                          CallSite at = CallSite::here()) const requires Encodable<T> {
        return {*session_,
                std::make_shared<PersistTransformation<T>>(session_->lineage(), at, step_,
                                                           PersistLevel::memory_and_disk, name)};
    }
    /// Of a persisted dataset: let go of the records. It must not be used any more.
    ///
    /// Throws: UsageError if this is not the result of persist().
    void unpersist() const requires Encodable<T> {
        auto* const step = dynamic_cast<PersistTransformation<T>*>(step_.get());
        if (!step)
            throw UsageError("unpersist of " + step_->label()
                             + ": expected a dataset that persist() returned");
        step->release();
    }

    // Actions: collective; the same result on every rank.

    /// The number of records.
    ///
    /// Order: does not matter.
    /// Moves: a number a rank.
    /// Memory: nothing.
    /// Throws: nothing.
    std::uint64_t count(CallSite at = CallSite::here()) const {
        ActionStep const action(*session_, step_, "count", at);
        return action.result([&] {
            CountEnd<T> end(*step_);
            return session_->run(*step_, action, end).records_out;
        });
    }

    /// Whether there are no records. Runs as few partitions as take(1).
    ///
    /// Order: does not matter.
    /// Moves: a number a rank.
    /// Memory: nothing.
    /// Throws: nothing.
    bool is_empty(CallSite at = CallSite::here()) const {
        ActionStep const action(*session_, step_, "is_empty", at);
        return action.result([&] {
            bool is_empty = true;
            run_in_waves([&](TaskRange range) {
                AnyEnd<T> end(*step_);
                is_empty = session_->run(*step_, action, end, range).records_out == 0;
                return is_empty;
            });
            return is_empty;
        });
    }

    /// All records, on every rank.
    ///
    /// Order: of partitions, and within them.
    /// Moves: all records, to every node.
    /// Memory: all records, encoded; from 1 MiB on once a node.
    /// Throws: StorageError (does_not_fit) beyond SERRY_COLLECT_LIMIT: write large results instead.
    Results<T> collect(CallSite at = CallSite::here()) const requires Encodable<T> {
        ActionStep const action(*session_, step_, "collect", at);
        return action.result([&] {
            CollectEnd<T> end(*step_, CollectEnd<T>::all_records,
                              session_->options().collect_limit_bytes);
            session_->run(*step_, action, end);
            return gather(end.encoded().view(), end.record_count(), end.pieces());
        });
    }

    /// The first `record_count` records; fewer if there are no more. Runs the first partition, then
    /// four times as many as before, until it has enough.
    ///
    /// Order: of partitions, and within them.
    /// Moves: as many records of every partition that was run, to every node.
    /// Memory: the same.
    /// Throws: StorageError (does_not_fit) beyond SERRY_COLLECT_LIMIT.
    Results<T> take(std::uint64_t record_count,
                    CallSite at = CallSite::here()) const requires Encodable<T> {
        return take_as("take", record_count, at);
    }

    /// The first record, if there is one. Views in it live as long as the session.
    ///
    /// Order: of partitions, and within them.
    /// Moves: a record of every partition that was run, to every node.
    /// Memory: the same.
    /// Throws: nothing.
    std::optional<T> first(CallSite at = CallSite::here()) const requires Encodable<T> {
        Results<T> const taken = take_as("first", 1, at);
        if (taken.empty()) return std::nullopt;
        std::optional<T> record = *taken.begin();
        adopt_views(*record, session_->arena());
        return record;
    }

    /// The first `record_count` records by before(a, b).
    ///
    /// Order: by `before`; of equal records the earlier comes first.
    /// Moves: at most `record_count` records a rank, to every rank.
    /// Memory: twice as many on every rank.
    /// Throws: StorageError (does_not_fit) beyond SERRY_COLLECT_LIMIT.
    template <typename Before>
    requires std::predicate<Before const&, T const&, T const&> Results<T>
    top(std::uint64_t record_count, Before before, CallSite at = CallSite::here())
    const requires Encodable<T> { return top_as("top", record_count, before, at); }

    /// The least `record_count` records by <, NaN after all numbers.
    ///
    /// Order: ascending; of equal records the earlier comes first.
    /// Moves: at most `record_count` records a rank, to every rank.
    /// Memory: twice as many on every rank.
    /// Throws: StorageError (does_not_fit) beyond SERRY_COLLECT_LIMIT.
    Results<T> take_ordered(std::uint64_t record_count, CallSite at = CallSite::here())
        const requires Encodable<T> && Ordered<T> {
        return top_as("take_ordered", record_count, NaturalOrder{}, at);
    }

    /// f(record) for every record, on the rank that has it: for side effects.
    ///
    /// Order: of partitions on a rank, and within them.
    /// Moves: nothing.
    /// Memory: a batch.
    /// Throws: nothing.
    template <typename F>
    requires std::invocable<F const&, T const&>
    void foreach (F f, CallSite at = CallSite::here()) const {
        ActionStep const action(*session_, step_, "foreach", at);
        action.result([&] {
            ForeachEnd<T, F> end(*step_, action, f);
            session_->run(*step_, action, end);
        });
    }

    /// For side effects with a state or a set-up per partition. f(Partition) makes a handler for
    /// each partition, empty ones too; handler(span<T const>) is called for its batches, in order,
    /// and handler.finish(), if there is one, at its end.
    ///
    /// Order: of partitions on a rank, and within them.
    /// Moves: nothing.
    /// Memory: a batch, and what the handler keeps.
    /// Throws: nothing.
    template <typename F>
    requires std::invocable<F const&, Partition>
    void foreach_partition(F f, CallSite at = CallSite::here()) const {
        ActionStep const action(*session_, step_, "foreach_partition", at);
        action.result([&] {
            ForeachPartitionEnd<T, F> end(*step_, action, f);
            session_->run(*step_, action, end);
        });
    }

    /// A folder with one text file a partition (part-00000 and so on), a line a record, keyed
    /// records as key TAB value, and a file _SUCCESS. The folder appears at once when all is
    /// written, or not at all.
    ///
    /// Order: of partitions, and within them.
    /// Moves: nothing.
    /// Memory: a block of text.
    /// Throws: UsageError if the folder exists, unless --overwrite was given; StorageError if it
    ///   cannot be written.
    void write_text(std::string const& path,
                    CallSite at = CallSite::here()) const requires Printable<T> {
        ActionStep const action(*session_, step_, "write_text", at);
        write_output(*session_, *step_, action, path, [&](std::string const& parts_path) {
            return TextSink<T>(*step_, action, parts_path);
        });
    }

    /// What an action on this dataset would run: the stages and their steps. Local; the same
    /// everywhere.
    std::string explain() const {
        return serry::explain(*step_, session_->options().partition_count);
    }

private:
    /// The first partition, then four times as many as before, and so on while run(range) says.
    template <typename Run>
    void run_in_waves(Run const& run) const {
        for (TaskRange range{0, 1}; run(range) && range.end < step_->partition_count();)
            range = {range.end, range.end + 4 * (range.end - range.begin)};
    }

    Results<T> take_as(char const* name, std::uint64_t record_count, CallSite at) const {
        ActionStep const action(*session_, step_, name, at);
        return action.result([&]() -> Results<T> {
            std::string bytes;
            std::uint64_t taken_count = 0;
            run_in_waves([&](TaskRange range) {
                CollectEnd<T> end(*step_, record_count, session_->options().collect_limit_bytes);
                session_->run(*step_, action, end, range);
                ByteWriter encoded;
                for (T const& record :
                     gather(end.encoded().view(), end.record_count(), end.pieces())) {
                    if (taken_count == record_count) break;
                    encode(record, encoded);
                    ++taken_count;
                }
                bytes.append(encoded.view());
                return taken_count < record_count;
            });
            auto const owner = std::make_shared<std::string const>(std::move(bytes));
            return {owner, *owner, taken_count};
        });
    }

    Results<T> gather(std::string_view encoded,
                      std::uint64_t record_count,
                      std::vector<ResultPiece> const& pieces) const {
        auto gathered = session_->gather_results(encoded, record_count, pieces);
        return {std::move(gathered.owner), gathered.bytes, gathered.record_count};
    }

    Session* session_;
    TypedPointer<T> step_;
};

}  // namespace serry
