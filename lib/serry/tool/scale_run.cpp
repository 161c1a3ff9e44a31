#include "serry/tool/scale_run.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "serry/base/arena.hpp"
#include "serry/base/error.hpp"
#include "serry/sink/row_format.hpp"
#include "serry/source/json_parser.hpp"

namespace serry {

/// A line of --events, of whichever kind.
struct Event {
    std::string event;
    std::optional<std::uint64_t> stage;
    std::optional<std::string> steps;
    std::optional<std::uint64_t> rank;
    std::optional<std::string> node;
    std::optional<double> seconds, task_seconds, exchange_seconds, wait_seconds;
    std::optional<std::uint64_t> records_in, bytes_in, bytes_sent;
    std::optional<std::uint64_t> memory_bytes;
    std::optional<std::string> build, mpi;
};

template <>
inline constexpr auto field_names<Event> = names("event",
                                                 "stage",
                                                 "steps",
                                                 "rank",
                                                 "node",
                                                 "seconds",
                                                 "task_seconds",
                                                 "exchange_seconds",
                                                 "wait_seconds",
                                                 "records_in",
                                                 "bytes_in",
                                                 "bytes_sent",
                                                 "memory_bytes",
                                                 "build",
                                                 "mpi");

namespace {

/// f(record) for each line of `text` that has an end.
template <typename T, typename F>
void for_each_line(std::string const& name, std::string_view text, F const& f) {
    JsonParser<T> parser{JsonOptions()};
    Arena arena;
    std::string line;
    std::uint64_t number = 0;
    for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos;
         text.remove_prefix(end + 1)) {
        ++number;
        line.assign(text.substr(0, end));
        std::size_t const size = line.size();
        line.resize(size + JsonReader::padding);
        T record;
        ParsedLine const parsed =
            parser.parse(std::string_view(line).substr(0, size), record, arena);
        if (parsed == ParsedLine::bad)
            throw InputError(fmt::format("{}, line {}: {}; expected a line as serry writes them",
                                         name, number, parser.problem()));
        if (parsed == ParsedLine::record) f(std::move(record));
    }
}

void make_utf8(std::string& text) {
    ByteWriter ignored;
    try {
        rows::append_json_text(text, ignored);
    } catch (InputError const&) {
        std::replace_if(
            text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) < 0; }, '?');
    }
}

void add_rank(Event const& event, std::uint64_t rank_count, ScaleStage& stage) {
    auto const share = [rank_count](std::optional<double> const& seconds) {
        return seconds.value_or(0) / static_cast<double>(rank_count);
    };
    stage.steps = event.steps.value_or("");
    stage.seconds = std::max(stage.seconds, event.seconds.value_or(0));
    stage.task_seconds += share(event.task_seconds);
    stage.longest_task_seconds =
        std::max(stage.longest_task_seconds, event.task_seconds.value_or(0));
    stage.exchange_seconds += share(event.exchange_seconds);
    stage.wait_seconds += share(event.wait_seconds);
    stage.records_in += event.records_in.value_or(0);
    stage.bytes_in += event.bytes_in.value_or(0);
    stage.bytes_sent += event.bytes_sent.value_or(0);
    stage.largest_bytes_sent = std::max(stage.largest_bytes_sent, event.bytes_sent.value_or(0));
}

}  // namespace

std::string to_line(ScaleRun run) {
    for (auto* const words : {&run.program, &run.launched, &run.hosts})
        for (std::string& word : *words) make_utf8(word);
    for (EnvironmentVariable& variable : run.environment) {
        make_utf8(variable.name);
        make_utf8(variable.value);
    }
    for (std::string* const text : {&run.revision, &run.system, &run.log}) make_utf8(*text);
    ByteWriter line;
    rows::append_json(run, line);
    return std::string(line.view()) + '\n';
}

std::vector<ScaleRun> runs_from_text(std::string const& name, std::string_view text) {
    std::vector<ScaleRun> runs;
    for_each_line<ScaleRun>(name, text, [&](ScaleRun run) { runs.push_back(std::move(run)); });
    return runs;
}

void add_events(std::string const& name, std::string_view text, ScaleRun& run) {
    auto const rank_count = static_cast<std::uint64_t>(run.shape().ranks());
    std::map<std::uint64_t, ScaleStage> stages;
    run.hosts.resize(rank_count);
    for_each_line<Event>(name, text, [&](Event const& event) {
        ScaleStage& stage = stages[event.stage.value_or(0)];
        if (event.event == "stage") {
            add_rank(event, rank_count, stage);
            if (event.rank.value_or(rank_count) < rank_count)
                run.hosts[*event.rank] = event.node.value_or("");
        } else if (event.event == "checkpoint") {
            stage.checkpoint_seconds += event.seconds.value_or(0);
        } else if (event.event == "job") {
            run.job_seconds = event.seconds;
            run.memory_bytes = event.memory_bytes.value_or(0);
            run.build = event.build.value_or("");
            run.mpi = event.mpi.value_or("");
        }
    });
    stages.erase(0);  // of lines that are no stage's
    for (auto& [number, stage] : stages) {
        stage.number = number;
        run.stages.push_back(std::move(stage));
    }
}

}  // namespace serry
