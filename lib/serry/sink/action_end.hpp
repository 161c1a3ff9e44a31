#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>

#include "serry/stage/stage_end.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// What the ends of actions share: they sit below one dataset's last step and count what reaches
/// them.
template <typename T>
class ActionEnd : public StageEnd, public Consumer<T> {
public:
    explicit ActionEnd(TypedTransformation<T>& parent) : parent_(parent) {}

    void attach(Pipeline& pipeline) override { parent_.attach(pipeline, *this); }
    void begin_task(TaskContext& task) override {
        task_ = &task;
        record_ = 0;
    }
    void consume(std::span<T const> batch) final {
        task_->records_out += batch.size();
        use(batch);
        record_ += batch.size();
    }
    void finish() override {}

protected:
    virtual void use(std::span<T const> batch) = 0;

    TypedTransformation<T>& parent_;
    TaskContext* task_ = nullptr;
    std::uint64_t record_ = 0;  ///< ordinal of the batch's first record in its partition
};

/// count(): the number of records is counted for every stage anyway.
template <typename T>
class CountEnd final : public ActionEnd<T> {
public:
    using ActionEnd<T>::ActionEnd;

private:
    void use(std::span<T const>) override {}
};

/// is_empty(): wants no more of a partition than its first records.
template <typename T>
class AnyEnd final : public ActionEnd<T> {
public:
    using ActionEnd<T>::ActionEnd;

private:
    void use(std::span<T const> batch) override {
        if (!batch.empty()) this->task_->enough = true;
    }
};

/// foreach(f).
template <typename T, typename F>
class ForeachEnd final : public ActionEnd<T> {
public:
    ForeachEnd(TypedTransformation<T>& parent, Transformation const& action, F const& f)
        : ActionEnd<T>(parent), action_(action), f_(f) {}

private:
    void use(std::span<T const> batch) override {
        std::size_t i = 0;
        try {
            for (; i < batch.size(); ++i) std::invoke(f_, batch[i]);
        } catch (...) {
            rethrow_located(action_, this->record_ + i);
        }
    }

    Transformation const& action_;
    F const& f_;
};

/// foreach_partition(f): f(Partition) makes a handler for one partition, called as handler(span)
/// for every batch and, if it can be, as handler.finish() at the end.
template <typename T, typename F>
class ForeachPartitionEnd final : public ActionEnd<T> {
public:
    ForeachPartitionEnd(TypedTransformation<T>& parent, Transformation const& action, F const& f)
        : ActionEnd<T>(parent), action_(action), f_(f) {}

    void begin_task(TaskContext& task) override {
        ActionEnd<T>::begin_task(task);
        handler_.reset();
        located([&] { handler_ = std::make_unique<Handler>(std::invoke(f_, task.partition())); });
    }
    void finish() override {
        if constexpr (requires(Handler & handler) { handler.finish(); })
            located([&] { handler_->finish(); });
    }

private:
    using Handler = std::invoke_result_t<F const&, Partition>;

    void use(std::span<T const> batch) override {
        located([&] { (*handler_)(batch); });
    }

    template <typename Call>
    void located(Call const& call) {
        try {
            call();
        } catch (...) {
            rethrow_located(action_, this->record_);
        }
    }

    Transformation const& action_;
    F const& f_;
    std::unique_ptr<Handler> handler_;
};

}  // namespace serry
