#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serry/source/csv_parser.hpp"
#include "serry/source/line_end.hpp"
#include "source/input_file.hpp"
#include "source/read_partitions.hpp"

namespace serry::test {

/// A row with a field of each kind.
struct Row {
    std::int64_t id = 0;
    std::string_view name;
    std::optional<double> score;
    bool is_new = false;
    std::optional<std::string> note;

    friend bool operator==(Row const&, Row const&) = default;
};

/// A row whose text is its own.
struct OwnRow {
    std::int64_t id = 0;
    std::string name;
    std::optional<double> score;
    bool is_new = false;
    std::optional<std::string> note;

    OwnRow() = default;
    OwnRow(std::int64_t id_,
           std::string name_,
           std::optional<double> score_ = {},
           bool is_new_ = false,
           std::optional<std::string> note_ = {})
        : id(id_), name(std::move(name_)), score(score_), is_new(is_new_), note(std::move(note_)) {}
    explicit OwnRow(Row const& row)
        : OwnRow(row.id, std::string(row.name), row.score, row.is_new, row.note) {}

    friend bool operator==(OwnRow const&, OwnRow const&) = default;
    friend std::ostream& operator<<(std::ostream& out, OwnRow const& row) {
        out << row.id << '|' << row.name << '|';
        if (row.score) out << *row.score;
        return out << '|' << row.is_new << '|' << row.note.value_or("-");
    }
};

}  // namespace serry::test

template <>
inline constexpr auto serry::field_names<serry::test::Row> =
    serry::names("id", "name", "score", "new", "note");

namespace serry::test {

template <typename T>
struct Records final : Consumer<T> {
    void consume(std::span<T const> batch) override {
        for (T const& record : batch) take(record);
    }
    void finish() override { ++finish_count; }

    std::function<void(T const&)> take;
    std::size_t finish_count = 0;
};

/// A step that reads a table, with its pipeline, as a rank holds it during a stage.
template <typename T, typename Parser, typename Options>
class TableStage {
public:
    TableStage(std::vector<std::string> patterns, Options const& options)
        : text_(std::make_shared<TextSource>(lineage_,
                                             std::move(patterns),
                                             CallSite{"job.cpp", 7},
                                             options.partition_count,
                                             "read")),
          step_(lineage_, "parse", CallSite{"job.cpp", 7}, text_, options) {
        records.take = [this](T const& record) { rows.emplace_back(record); };
        step_.attach(pipeline_, records);
    }

    /// As the planner does it.
    void plan() {
        text_->set_splits(text_->list_splits({.partition_count = text_->asked_partition_count()}));
    }
    void run(std::uint64_t partition) {
        TaskContext task({.index = partition, .count = text_->partition_count()}, poller);
        pipeline_.run(task);
        bad_lines += task.bad_lines;
    }
    void run_all() {
        for (std::uint64_t p = 0; p < text_->partition_count(); ++p) run(p);
    }

    TextSource& text() { return *text_; }

    std::vector<OwnRow> rows;
    Records<T> records;
    std::uint64_t bad_lines = 0;
    CountingPoller poller;

private:
    Lineage lineage_;
    std::shared_ptr<TextSource> text_;
    ParseTransformation<T, Parser, Options> step_;
    Pipeline pipeline_;
};

using CsvStage = TableStage<Row, CsvParser<Row>, CsvOptions>;

/// The quotes before `end`, one by one.
inline bool is_quoted_at(std::string_view text, std::uint64_t end, char quote) {
    bool is_quoted = false;
    for (std::uint64_t i = 0; i < end; ++i) is_quoted ^= text[i] == quote;
    return is_quoted;
}

}  // namespace serry::test
