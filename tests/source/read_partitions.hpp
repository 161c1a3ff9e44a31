#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "serry/source/text_source.hpp"

namespace serry::test {

/// Takes what a source pushes, and does to the task or the files what a test wants at each batch.
class Lines final : public Consumer<std::string_view> {
public:
    std::function<void()> at_batch = [] {};

    void consume(std::span<std::string_view const> batch) override {
        ++batch_count;
        largest_batch = std::max(largest_batch, batch.size());
        for (std::string_view const line : batch) lines.emplace_back(line);
        at_batch();
    }
    void finish() override { ++finish_count; }

    std::vector<std::string> lines;
    std::size_t batch_count = 0;
    std::size_t largest_batch = 0;
    std::size_t finish_count = 0;
};

struct CountingPoller final : Poller {
    void poll() override { ++count; }
    std::size_t count = 0;
};

/// A text source with its pipeline, as a rank holds it during a stage.
class TextStage {
public:
    explicit TextStage(std::vector<std::string> patterns, std::uint64_t partition_count = 0)
        : source_(lineage_, std::move(patterns), CallSite::here(), partition_count) {
        source_.attach(pipeline_, lines);
    }

    /// As the planner does it.
    void plan() {
        source_.set_splits(
            source_.list_splits({.partition_count = source_.asked_partition_count()}));
    }

    TaskContext run(std::uint64_t partition) {
        TaskContext task({.index = partition, .count = source_.partition_count()}, poller);
        pipeline_.run(task);
        return task;
    }

    void run_all() {
        for (std::uint64_t p = 0; p < source_.partition_count(); ++p) run(p);
    }

    TextSource& source() { return source_; }

    Lines lines;
    CountingPoller poller;

private:
    Lineage lineage_;
    TextSource source_;
    Pipeline pipeline_;
};

/// The lines of a text, found byte by byte.
inline std::vector<std::string> lines_one_by_one(std::string_view text) {
    std::vector<std::string> lines;
    std::string line;
    for (char const c : text) {
        if (c != '\n') {
            line += c;
            continue;
        }
        if (line.ends_with('\r')) line.pop_back();
        lines.push_back(line);
        line.clear();
    }
    if (!line.empty()) lines.push_back(line);
    return lines;
}

}  // namespace serry::test
