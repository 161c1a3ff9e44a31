#include "serry/sink/text_sink.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "sink/failing_calls.hpp"
#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct NoPoller final : Poller {
    void poll() override {}
};

template <typename T>
using Partitions = std::vector<std::vector<T>>;

/// A source of given partitions, in batches of at most `batch_size`.
template <typename T>
class Given final : public TypedTransformation<T> {
public:
    Given(Lineage& lineage, Partitions<T> partitions, std::size_t batch_size)
        : TypedTransformation<T>(lineage, {"given", {"job.cpp", 3}, Dependency::none, {}}),
          partitions_(std::move(partitions)),
          batch_size_(batch_size) {}

    void attach(Pipeline& pipeline, Consumer<T>& next) override {
        pipeline.add_head<Reader>(*this, next);
    }

    Partitions<T> partitions_;
    std::size_t batch_size_;

private:
    struct Reader final : PartitionReader {
        Reader(Given const& given, Consumer<T>& out) : from(given), next(out) {}
        void read(TaskContext& task) override {
            std::span<T const> left = from.partitions_[task.partition().index];
            while (!left.empty()) {
                std::size_t const count = std::min(left.size(), from.batch_size_);
                next.consume(left.first(count));
                left = left.subspan(count);
            }
            next.finish();
        }
        Given const& from;
        Consumer<T>& next;
    };
};

/// One rank's stage that writes the partitions into `folder`.
template <typename T>
struct Stage {
    Stage(Partitions<T> partitions, std::string const& folder, std::size_t batch_size = 512)
        : source(lineage, std::move(partitions), batch_size),
          action(lineage, {"write_text", {"/src/job.cpp", 8}, Dependency::narrow, {}}),
          sink(source, action, folder) {
        sink.attach(pipeline);
    }

    TaskContext run(std::uint64_t partition) {
        TaskContext task({partition, source.partitions_.size()}, poller);
        sink.begin_task(task);
        pipeline.run(task);
        sink.end_task(task);
        return task;
    }

    Lineage lineage;
    Given<T> source;
    Transformation action;
    TextSink<T> sink;
    Pipeline pipeline;
    NoPoller poller;
};

struct Picky {
    int number = 0;
};

}  // namespace

template <>
struct serry::TextFormat<Picky> {
    static void append(Picky const& picky, ByteWriter& line) {
        line.put(std::string_view("half"));
        if (picky.number < 0) throw std::out_of_range("no negative ones");
        append_text(picky.number, line);
    }
};

TEST_CASE("each partition becomes a part of one line a record, in their order") {
    TempDir const dir;
    using Count = KeyValue<std::string, long>;
    Stage<Count> stage({{Count("b", 2), Count("a", 1)}, {}, {Count("c", 3)}}, dir.path());
    for (std::uint64_t const p : {2, 0, 1}) stage.run(p);
    stage.sink.end_tasks();
    CHECK(read_file(dir / "part-00000") == "b\t2\na\t1\n");
    CHECK(read_file(dir / "part-00001") == "");
    CHECK(read_file(dir / "part-00002") == "c\t3\n");
}

TEST_CASE("records and bytes are counted, task by task") {
    TempDir const dir;
    Stage<std::string> stage({{"one", "", "three"}, {}}, dir.path(), 2);
    TaskContext const first = stage.run(0);
    CHECK(first.records_out == 3);
    CHECK(first.bytes_out == 11);
    TaskContext const second = stage.run(1);
    CHECK(second.records_out == 0);
    CHECK(second.bytes_out == 0);
    CHECK(read_file(dir / "part-00000") == "one\n\nthree\n");
}

TEST_CASE("records larger than the buffer and many small ones are written whole") {
    TempDir const dir;
    std::vector<std::string> records;
    std::string expected;
    for (std::size_t i = 0; i < 40; ++i) {
        records.emplace_back(i % 10 == 3 ? 2 * part_write_bytes + i : 1000 * i,
                             static_cast<char>('a' + i % 26));
        expected += records.back() + '\n';
    }
    Stage<std::string> stage({records}, dir.path(), 7);
    CHECK(stage.run(0).bytes_out == expected.size());
    CHECK(read_file(dir / "part-00000") == expected);
}

TEST_CASE("the bytes do not depend on the batches") {
    TempDir const dir;
    std::vector<long> numbers;
    for (long i = 0; i < 300000; ++i) numbers.push_back(i * i);
    std::string expected;
    for (long const number : numbers) expected += std::to_string(number) + '\n';
    for (std::size_t const batch_size : {1, 100, 512}) {
        std::filesystem::path const folder = dir / std::to_string(batch_size);
        std::filesystem::create_directory(folder);
        Stage<long> stage({numbers}, folder, batch_size);
        stage.run(0);
        CHECK((read_file(folder / "part-00000") == expected));
    }
}

TEST_CASE("what a TextFormat throws is located at the action and the record") {
    TempDir const dir;
    std::vector<Picky> records(1000, Picky{1});
    records[700].number = -1;
    Stage<Picky> stage({records, {{5}}}, dir.path(), 512);
    try {
        stage.run(0);
        FAIL("nothing was thrown");
    } catch (TaskFailure const& failure) {
        CHECK(std::string(failure.what()) == "std::out_of_range: no negative ones");
        CHECK(failure.exit_code() == ExitCode::user_function);
        CHECK(failure.step() == &stage.action);
        CHECK(failure.step()->label() == "write_text (job.cpp:8)");
        CHECK(failure.record() == 700);
    }
    stage.run(1);  // begins anew, without what was half written
    CHECK(read_file(dir / "part-00001") == "half5\n");
}

TEST_CASE("a full disk fails the task as a storage error") {
    TempDir const dir;
    Stage<std::string> stage({{std::string(part_write_bytes, 'x')}, {"y"}}, dir.path());
    {
        FailingCalls const writes("write", {ENOSPC});
        std::string const begin =
            "StorageError 74: " + (dir / "part-00000").string() + ": writing 1.00 MiB more after";
        CHECK(thrown([&] { stage.run(0); }).substr(0, begin.size()) == begin);
        CHECK(writes.all_came());
    }
    FailingCalls const writes("write", {ENOSPC});
    std::string const begin =
        "StorageError 74: " + (dir / "part-00001").string() + ": writing 2 B more after 0 B";
    CHECK(thrown([&] { stage.run(1); }).substr(0, begin.size()) == begin);
}

TEST_CASE("a folder that is not there fails the task before its first record") {
    Stage<std::string> stage({{"x"}}, "/nowhere");
    CHECK(thrown([&] { stage.run(0); })
          == "StorageError 74: /nowhere/part-00000: making the file failed: No such file or "
             "directory; the folder of --output must be on a file system that all nodes share");
}
