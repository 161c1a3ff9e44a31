#pragma once

#include <functional>
#include <string>
#include <vector>

#include <unistd.h>

#include "serry/plan/plan.hpp"
#include "serry/sink/action_end.hpp"
#include "serry/source/memory_source.hpp"

namespace serry::test {

/// What can happen in a stage; does nothing unless told otherwise.
struct StageEvents {
    std::function<void()> attach = [] {};
    std::function<void(std::uint64_t partition)> begin_task = [](std::uint64_t) {};
    std::function<void(std::int64_t number)> use = [](std::int64_t) {};
    std::function<void(std::uint64_t partition)> end_task = [](std::uint64_t) {};
    std::function<void()> end_tasks = [] {};
    std::function<void()> commit = [] {};
};

/// The end of a stage of numbers, which tells all that happens.
class NumbersEnd final : public ActionEnd<std::int64_t> {
public:
    NumbersEnd(TypedTransformation<std::int64_t>& parent, StageEvents events)
        : ActionEnd(parent), events_(std::move(events)) {}

    void attach(Pipeline& pipeline) override {
        events_.attach();
        ActionEnd::attach(pipeline);
    }
    void begin_task(TaskContext& task) override {
        ActionEnd::begin_task(task);
        events_.begin_task(task.partition().index);
    }
    void end_task(TaskContext& task) override { events_.end_task(task.partition().index); }
    void end_tasks() override { events_.end_tasks(); }
    void commit() override { events_.commit(); }

private:
    void use(std::span<std::int64_t const> batch) override {
        for (std::int64_t number : batch) events_.use(number);
    }

    StageEvents events_;
};

/// "(host)", which stands behind the rank in messages.
inline std::string this_host() {
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return '(' + std::string(host) + ')';
}

}  // namespace serry::test
