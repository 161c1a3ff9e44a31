#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "serry/base/arena.hpp"
#include "serry/base/concepts.hpp"
#include "serry/stage/batch.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// An operator between two batches: takes records of In, gives records of Out to `next`.
template <typename In, typename Out>
class NarrowOperator : public Operator, public Consumer<In> {
public:
    NarrowOperator(Transformation const& step, Consumer<Out>& next) : step_(step), next_(next) {}

    void begin(TaskContext&) override {
        record_ = 0;
        out_.clear();
        arena_.clear();
        failure_below_ = nullptr;
    }
    void finish() override { next_.finish(); }

protected:
    /// What functions get that give any number of records: emit(record) gives one of them,
    /// emit.many(count, make) gives make(0), ..., make(count - 1), which is faster.
    class Emitter {
    public:
        explicit Emitter(NarrowOperator& to) : to_(&to) {}

        template <typename Record>
        void operator()(Record&& record) const {
            to_->out_.add(std::forward<Record>(record));
            if (to_->out_.is_full()) to_->emit_batch();
        }

        template <typename Make>
        void many(std::size_t count, Make const& make) const {
            for (std::size_t done = 0; done < count;) {
                std::size_t const fitting = std::min(count - done, to_->out_.room());
                to_->out_.add_many(done, fitting, make);
                done += fitting;
                if (to_->out_.is_full()) to_->emit_batch();
            }
        }

    private:
        NarrowOperator* to_;
    };

    Emitter emitter() { return Emitter(*this); }

    void emit_batch() {
        rethrow_failure_below();
        try {
            next_.consume(out_.records());
        } catch (...) {
            failure_below_ = std::current_exception();
            out_.clear();
            throw;
        }
        out_.clear();
        arena_.clear();
    }

    /// What was thrown through a function of the user's that calls emit: the function may have
    /// caught it, or thrown something else instead, but the records are lost all the same.
    void rethrow_failure_below() const {
        if (failure_below_) std::rethrow_exception(failure_below_);
    }

    Transformation const& step_;
    Consumer<Out>& next_;
    Batch<Out> out_;
    Arena arena_;
    std::exception_ptr failure_below_;
    std::uint64_t record_ = 0;  ///< ordinal of the current batch's first record
};

template <typename In, typename Out, typename F>
class MapOperator final : public NarrowOperator<In, Out> {
public:
    MapOperator(Transformation const& step, Consumer<Out>& next, F const& f)
        : NarrowOperator<In, Out>(step, next), f_(f) {}

    void consume(std::span<In const> batch) override {
        std::size_t i = 0;
        try {
            if constexpr (Batch<Out>::is_simple && PlainMapper<F, In>) {
                Out* const out = this->out_.data();
                for (; i < batch.size(); ++i) new (out + i) Out(std::invoke(f_, batch[i]));
                this->out_.set_size(i);
            } else {
                for (; i < batch.size(); ++i) this->out_.add(call(batch[i]));
            }
        } catch (...) {
            rethrow_located(this->step_, this->record_ + i);
        }
        this->record_ += batch.size();
        this->emit_batch();
    }

private:
    decltype(auto) call(In const& record) {
        if constexpr (PlainMapper<F, In>)
            return std::invoke(f_, record);
        else
            return std::invoke(f_, record, this->arena_);
    }

    F const& f_;
};

template <typename T, typename F>
class FilterOperator final : public NarrowOperator<T, T> {
public:
    FilterOperator(Transformation const& step, Consumer<T>& next, F const& keep)
        : NarrowOperator<T, T>(step, next), keep_(keep) {}

    void consume(std::span<T const> batch) override {
        std::size_t i = 0;
        try {
            if constexpr (Batch<T>::is_simple && std::is_copy_constructible_v<T>) {
                // Every record is written, and counted only if it is kept: no branch to predict.
                T* const out = this->out_.data();
                std::size_t kept = 0;
                for (; i < batch.size(); ++i) {
                    new (out + kept) T(batch[i]);
                    kept += static_cast<bool>(std::invoke(keep_, batch[i]));
                }
                this->out_.set_size(kept);
            } else {
                for (; i < batch.size(); ++i)
                    if (std::invoke(keep_, batch[i])) this->out_.add(batch[i]);
            }
        } catch (...) {
            rethrow_located(this->step_, this->record_ + i);
        }
        this->record_ += batch.size();
        if (!this->out_.empty()) this->emit_batch();
    }

private:
    F const& keep_;
};

/// How a flat_map's function gives its records: it calls emit(record), or returns a range of them.
template <typename F, typename In, typename Emit>
void emit_all(F const& f, In const& in, Emit const& emit) {
    if constexpr (std::invocable<F const&, In const&, Emit const&>)
        std::invoke(f, in, emit);
    else
        for (auto&& record : std::invoke(f, in)) emit(std::forward<decltype(record)>(record));
}

template <typename F, typename In, typename Out>
class FlatMapOperator final : public NarrowOperator<In, Out> {
public:
    FlatMapOperator(Transformation const& step, Consumer<Out>& next, F const& f)
        : NarrowOperator<In, Out>(step, next), f_(f) {}

    void consume(std::span<In const> batch) override {
        std::size_t i = 0;
        auto const emit = this->emitter();
        try {
            for (; i < batch.size(); ++i) emit_all(f_, batch[i], emit);
        } catch (...) {
            this->rethrow_failure_below();
            rethrow_located(this->step_, this->record_ + i);
        }
        this->rethrow_failure_below();
        this->record_ += batch.size();
        if (!this->out_.empty()) this->emit_batch();
    }

private:
    F const& f_;
};

/// map_partitions: f(Partition) makes a handler for one partition, called as handler(span, emit)
/// for every batch and, if it can be, as handler.finish(emit) at the end.
template <typename F, typename In, typename Out>
class MapPartitionsOperator final : public NarrowOperator<In, Out> {
public:
    MapPartitionsOperator(Transformation const& step, Consumer<Out>& next, F const& f)
        : NarrowOperator<In, Out>(step, next), f_(f) {}

    void begin(TaskContext& task) override {
        NarrowOperator<In, Out>::begin(task);
        handler_.reset();
        located([&] { handler_ = std::make_unique<Handler>(std::invoke(f_, task.partition())); });
    }

    void consume(std::span<In const> batch) override {
        located([&] { (*handler_)(batch, this->emitter()); });
        this->record_ += batch.size();
        if (!this->out_.empty()) this->emit_batch();
    }

    void finish() override {
        auto const emit = this->emitter();
        if constexpr (requires(std::invoke_result_t<F const&, Partition> & handler) {
                          handler.finish(emit);
                      })
            located([&] { handler_->finish(emit); });
        if (!this->out_.empty()) this->emit_batch();
        this->next_.finish();
    }

private:
    using Handler = std::invoke_result_t<F const&, Partition>;

    template <typename Call>
    void located(Call const& call) {
        try {
            call();
        } catch (...) {
            this->rethrow_failure_below();
            rethrow_located(this->step_, this->record_);
        }
        this->rethrow_failure_below();
    }

    F const& f_;
    std::unique_ptr<Handler> handler_;
};

/// A narrow step: one parent, one function, one operator.
///
/// `keeps_keys`: records keep their keys and their order.
template <typename In, typename Out, typename F, typename Op, bool keeps_keys = false>
class NarrowTransformation final : public TypedTransformation<Out> {
public:
    NarrowTransformation(Lineage& lineage,
                         std::string name,
                         CallSite at,
                         TypedPointer<In> const& parent,
                         F f,
                         std::uint64_t argument_fingerprint = 0)
        : TypedTransformation<Out>(lineage,
                                   {.name = std::move(name),
                                    .at = at,
                                    .dependency = Dependency::narrow,
                                    .parents = {parent},
                                    .argument_fingerprint = argument_fingerprint}),
          parent_(*parent),
          f_(std::move(f)) {}

    bool is_hash_partitioned() const override {
        return keeps_keys && parent_.is_hash_partitioned();
    }

    void attach(Pipeline& pipeline, Consumer<Out>& next) override {
        auto& op = pipeline.add<Op>(static_cast<Transformation const&>(*this), next, f_);
        parent_.attach(pipeline, op);
    }

private:
    TypedTransformation<In>& parent_;
    F f_;
};

}  // namespace serry
