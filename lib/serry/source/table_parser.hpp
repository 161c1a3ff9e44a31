#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "serry/base/arena.hpp"
#include "serry/source/bad_lines.hpp"
#include "serry/source/line_end.hpp"
#include "serry/source/text_source.hpp"
#include "serry/stage/operators.hpp"

namespace serry {

enum class ParsedLine : std::uint8_t { record, no_record, bad };

/// "column \"age\": \"x\", expected a whole number from 0 to 255".
std::string column_problem(std::string_view column,
                           std::string_view seen,
                           std::string const& expected);

/// Makes lines of text into records of T by a Parser, and hands bad ones to a BadLineKeeper. Sits
/// directly below a LineReader.
template <typename T, typename Parser>
class ParseOperator final : public NarrowOperator<std::string_view, T>, public SplitListener {
public:
    template <typename Options>
    ParseOperator(Transformation const& step, Consumer<T>& next, Options const& options)
        : NarrowOperator<std::string_view, T>(step, next),
          parser_(options),
          bad_lines_(options.bad_lines, options.bad_lines_folder) {}

    void begin(TaskContext& task) override {
        NarrowOperator<std::string_view, T>::begin(task);
        task_ = &task;
        bad_lines_.begin(task);
    }

    void begin_split(PinnedFile& file, Split const& split) override {
        file_ = &file;
        located([&] { parser_.begin_split(file, split); });
    }

    void consume(std::span<std::string_view const> batch) override {
        located([&] {
            for (std::string_view line : batch) {
                std::uint64_t const offset =
                    task_->position.begin
                    + static_cast<std::uint64_t>(line.data() - batch.front().data());
                parse(offset, line);
                ++this->record_;
            }
        });
        if (this->out_.empty())
            this->arena_.clear();
        else
            this->emit_batch();
    }

    void finish() override {
        located([&] { bad_lines_.finish(); });
        this->next_.finish();
    }

private:
    void parse(std::uint64_t offset, std::string_view line) {
        if (offset == 0 && line.starts_with(byte_order_mark))
            line.remove_prefix(byte_order_mark.size());
        switch (parser_.parse(line, record_of_line_, this->arena_)) {
            case ParsedLine::record:
                this->out_.add(std::as_const(record_of_line_));
                break;
            case ParsedLine::no_record:
                break;
            case ParsedLine::bad:
                bad_lines_.take(*file_, offset, line, parser_.problem());
                break;
        }
    }

    template <typename Call>
    void located(Call const& call) {
        try {
            call();
        } catch (...) {
            rethrow_located(this->step_, this->record_);
        }
    }

    Parser parser_;
    BadLineKeeper bad_lines_;
    T record_of_line_{};
    TaskContext* task_ = nullptr;
    PinnedFile* file_ = nullptr;
};

/// The step that makes a TextSource's lines into records.
template <typename T, typename Parser, typename Options>
class ParseTransformation final : public TypedTransformation<T> {
public:
    ParseTransformation(Lineage& lineage,
                        std::string name,
                        CallSite at,
                        std::shared_ptr<TextSource> const& source,
                        Options options)
        : TypedTransformation<T>(lineage,
                                 {.name = std::move(name),
                                  .at = at,
                                  .dependency = Dependency::narrow,
                                  .parents = {source}}),
          source_(*source),
          options_(std::move(options)) {}

    void attach(Pipeline& pipeline, Consumer<T>& next) override {
        auto& op = pipeline.add<ParseOperator<T, Parser>>(static_cast<Transformation const&>(*this),
                                                          next, options_);
        source_.attach(pipeline, op, op);
    }

private:
    TextSource& source_;
    Options options_;
};

}  // namespace serry
