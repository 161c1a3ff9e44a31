#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/base/call_site.hpp"
#include "serry/base/concepts.hpp"
#include "serry/base/error.hpp"
#include "serry/exec/action_step.hpp"
#include "serry/exec/output_job.hpp"
#include "serry/exec/session.hpp"
#include "serry/join_operations.hpp"
#include "serry/keyed_operations.hpp"
#include "serry/order_operations.hpp"
#include "serry/plan/explain.hpp"
#include "serry/results.hpp"
#include "serry/serde/codec.hpp"
#include "serry/shuffle/persist.hpp"
#include "serry/sink/action_end.hpp"
#include "serry/sink/collect.hpp"
#include "serry/sink/fold.hpp"
#include "serry/sink/text_sink.hpp"
#include "serry/sink/top.hpp"
#include "serry/stage/operators.hpp"
#include "serry/stage/union.hpp"

namespace serry {

/// What flat_map(f) makes of T's: f's record_type if it names one, else what the range that f
/// returns holds. No type where f does neither.
template <typename F>
concept NamesRecordType = requires {
    typename F::record_type;
};
template <typename F, typename T>
concept RangeMapper = PlainMapper<F, T> && requires {
    *std::begin(std::declval<std::invoke_result_t<F const&, T const&>&>());
};
template <typename F, typename T>
struct FlatMapped {};
template <NamesRecordType F, typename T>
struct FlatMapped<F, T> {
    using type = typename F::record_type;
};
template <typename F, typename T>
requires(RangeMapper<F, T> && !NamesRecordType<F>) struct FlatMapped<F, T> {
    using type = std::iter_value_t<decltype(std::begin(
        std::declval<std::invoke_result_t<F const&, T const&>&>()))>;
};

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
class Dataset : public KeyedOperations<T>, public JoinOperations<T>, public OrderOperations<T> {
public:
    using record_type = T;

    Dataset(Session& session, TypedPointer<T> step) : session_(&session), step_(std::move(step)) {}

    /// For what is built on datasets; programs have no use for them.
    Session& session() const { return *session_; }
    TypedPointer<T> const& step() const { return step_; }
    /// The narrow step `Op` on this dataset.
    template <typename Out, typename Op, bool keeps_keys = false, typename F>
    Dataset<Out> narrow(char const* name, CallSite at, F f) const {
        using Step = NarrowTransformation<T, Out, F, Op, keeps_keys>;
        return {*session_,
                std::make_shared<Step>(session_->lineage(), name, at, step_, std::move(f))};
    }

    // Narrow transformations: partition by partition, order kept, nothing moves. At most 4,096 in a
    // row: a loop that records more needs a wide one in between.

    /// f(record), or f(record, arena): f makes text in the arena, which lives as long as its batch.
    template <typename F>
    requires Mapper<F, T> Dataset<mapped_t<F, T>> map(F f, CallSite at = CallSite::here())
    const {
        using Out = mapped_t<F, T>;
        return narrow<Out, MapOperator<T, Out, F>>("map", at, std::move(f));
    }

    /// The records for which keep(record) is true.
    template <typename F>
    requires Predicate<F, T> Dataset<T> filter(F keep, CallSite at = CallSite::here())
    const { return narrow<T, FilterOperator<T, F>, true>("filter", at, std::move(keep)); }

    /// Any number of records for each: f(record, emit) calls emit(result), and its type names the
    /// results' type as record_type; or f(record) returns a range of results.
    template <typename F>
    Dataset<typename FlatMapped<F, T>::type> flat_map(F f, CallSite at = CallSite::here()) const {
        using Out = typename FlatMapped<F, T>::type;
        return narrow<Out, FlatMapOperator<F, T, Out>>("flat_map", at, std::move(f));
    }

    /// The same for an f(record, emit) that does not name the type: flat_map<Out>(f).
    template <Record Out, typename F>
    Dataset<Out> flat_map(F f, CallSite at = CallSite::here()) const {
        return narrow<Out, FlatMapOperator<F, T, Out>>("flat_map", at, std::move(f));
    }

    /// Each record with key(record) as its key.
    template <typename F>
    requires PlainMapper<F, T>
    auto key_by(F key, CallSite at = CallSite::here()) const {
        using Out = KeyValue<std::remove_cvref_t<std::invoke_result_t<F const&, T const&>>, T>;
        auto with_key = [key = std::move(key)](T const& record) {
            return Out(std::invoke(key, record), record);
        };
        return narrow<Out, MapOperator<T, Out, decltype(with_key)>>("key_by", at,
                                                                    std::move(with_key));
    }

    /// For work with a state or a set-up per partition. f(Partition) makes a handler for each
    /// partition; handler(span<T const>, emit) is called for its batches, in order, and
    /// handler.finish(emit), if there is one, at its end. Out is what emit takes:
    /// map_partitions<Out>(f).
    template <Record Out, typename F>
    requires std::invocable<F const&, Partition> Dataset<Out> map_partitions(
        F f,
        CallSite at = CallSite::here())
    const {
        return narrow<Out, MapPartitionsOperator<F, T, Out>>("map_partitions", at, std::move(f));
    }

    /// f(*this): for transformations of your own, made of others.
    template <typename F>
    auto apply(F&& f) const {
        return std::invoke(std::forward<F>(f), *this);
    }

    /// The records of this dataset, then those of the other one.
    ///
    /// Order: kept; the partitions of this, behind them those of the other. Moves: nothing.
    /// Memory: none. Throws: nothing.
    Dataset<T> union_with(Dataset<T> const& other, CallSite at = CallSite::here()) const {
        return union_of({*this, other}, at);
    }
    /// The same of any number of datasets, at least one.
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
    /// Order: kept, and whether the records are hash-partitioned. Moves: nothing.
    /// Memory: the encoded records; half of the budget, beyond it scratch, as `level` says.
    /// Throws: StorageError, from the action, if `level` is memory and they do not fit.
    Dataset<T> persist(PersistLevel level = PersistLevel::memory_and_disk,
                       CallSite at = CallSite::here()) const requires Encodable<T> {
        return {*session_,
                std::make_shared<PersistTransformation<T>>(session_->lineage(), at, step_, level)};
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
    std::uint64_t count(CallSite at = CallSite::here()) const {
        ActionStep const action(*session_, step_, "count", at);
        CountEnd<T> end(*step_);
        return session_->run(*step_, action, end).records_out;
    }

    /// All records, in order of partition, on every rank. Throws Error (does_not_fit) beyond
    /// SERRY_COLLECT_LIMIT: write large results instead.
    Results<T> collect(CallSite at = CallSite::here()) const requires Encodable<T> {
        ActionStep const action(*session_, step_, "collect", at);
        CollectEnd<T> end(*step_, CollectEnd<T>::all_records,
                          session_->options().collect_limit_bytes);
        session_->run(*step_, action, end);
        return gather(end.encoded().view(), end.record_count(), end.pieces());
    }

    /// The first `record_count` records, in order of partition; fewer if there are no more. Runs
    /// the first partition, then four times as many as before, until it has enough.
    Results<T> take(std::uint64_t record_count,
                    CallSite at = CallSite::here()) const requires Encodable<T> {
        ActionStep const action(*session_, step_, "take", at);
        TakenRecords taken;
        TaskRange range{0, 1};
        do {
            CollectEnd<T> end(*step_, record_count, session_->options().collect_limit_bytes);
            session_->run(*step_, action, end, range);
            taken.add(gather(end.encoded().view(), end.record_count(), end.pieces()), record_count);
            range = {range.end, range.end + 4 * (range.end - range.begin)};
        } while (taken.record_count < record_count && range.begin < step_->partition_count());
        return taken.results();
    }

    /// The first `record_count` records by before(a, b), in that order; of equal ones the earlier.
    template <typename Before>
    requires std::predicate<Before const&, T const&, T const&> Results<T>
    top(std::uint64_t record_count, Before before, CallSite at = CallSite::here())
    const requires Encodable<T> {
        ActionStep const action(*session_, step_, "top", at);
        TopEnd<T, Before> end(*step_, action, record_count, before);
        session_->run(*step_, action, end);
        TopRecords<T, Before> best(record_count, before);
        Results<T> const candidates =
            gather(end.encoded().view(), end.record_count(), end.pieces());
        try {
            for (T const& record : candidates) best.add(record);
            return own_results(encode_all(best.records()).view(), best.records().size());
        } catch (...) {
            throw_action_failed(action);
        }
    }

    /// All records combined by `combine(T, T) -> T`, which is associative: within each partition
    /// from its first record on, the partitions along a fixed tree, so that the result is the same
    /// bits at any number of ranks. Nothing for an empty dataset. Views in the result live as long
    /// as the session.
    template <typename F>
    requires Encodable<T> && Combiner<F, T> std::optional<T> reduce(F combine,
                                                                    CallSite at = CallSite::here())
    const {
        ActionStep const action(*session_, step_, "reduce", at);
        FoldEnd<T, F> end(*step_, action, combine);
        session_->run(*step_, action, end);
        auto const partials = session_->comm().all_gather(end.partials().view());
        try {
            return fold_partials<T>(partials.bytes, combine, session_->arena());
        } catch (...) {
            throw_action_failed(action);
        }
    }

    /// f(record) for every record, on the rank that has it: for side effects.
    template <typename F>
    requires std::invocable<F const&, T const&>
    void foreach (F f, CallSite at = CallSite::here()) const {
        ActionStep const action(*session_, step_, "foreach", at);
        ForeachEnd<T, F> end(*step_, action, f);
        session_->run(*step_, action, end);
    }

    /// A folder with one text file a partition (part-00000 and so on), a line a record, keyed
    /// records as key TAB value, and a file _SUCCESS. The folder appears at once when all is
    /// written, or not at all. Throws UsageError if it exists, unless --overwrite was given.
    void write_text(std::string const& path,
                    CallSite at = CallSite::here()) const requires Printable<T> {
        ActionStep const action(*session_, step_, "write_text", at);
        OutputJob output(*session_, path, action);
        TextSink<T> sink(*step_, action, output.parts_path());
        Vote const vote = session_->run(*step_, action, sink);
        output.commit(vote, step_->partition_count());  // known only now
    }

    /// What an action on this dataset would run: the stages and their steps. Local; the same
    /// everywhere.
    std::string explain() const {
        return serry::explain(*step_, session_->options().partition_count);
    }

private:
    /// Results of several waves of take(), one after the other.
    struct TakenRecords {
        std::string bytes;
        std::uint64_t record_count = 0;

        void add(Results<T> const& more, std::uint64_t most) {
            ByteWriter encoded;
            for (T const& record : more) {
                if (record_count == most) break;
                encode(record, encoded);
                ++record_count;
            }
            bytes.append(encoded.view());
        }
        Results<T> results() const { return own_results(bytes, record_count); }
    };

    Results<T> gather(std::string_view encoded,
                      std::uint64_t record_count,
                      std::vector<ResultPiece> const& pieces = {}) const {
        auto gathered = session_->gather_results(encoded, record_count, pieces);
        return {std::move(gathered.owner), gathered.bytes, gathered.record_count};
    }
    template <typename Records>
    static ByteWriter encode_all(Records const& records) {
        ByteWriter encoded;
        for (T const& record : records) encode(record, encoded);
        return encoded;
    }
    static Results<T> own_results(std::string_view bytes, std::uint64_t record_count) {
        auto const owner = std::make_shared<std::string const>(bytes);
        return {owner, *owner, record_count};
    }

    Session* session_;
    TypedPointer<T> step_;
};

}  // namespace serry
