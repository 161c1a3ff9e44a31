#include "serry/source/memory_source.hpp"

#include <string>
#include <utility>

namespace serry {
namespace {

class IotaReader final : public PartitionReader {
public:
    IotaReader(IotaSource const& source, Consumer<std::int64_t>& next)
        : source_(source), next_(next) {}

    void read(TaskContext& task) override {
        for (Split const& split : source_.splits().splits_of(task.partition().index))
            push(task, split);
        next_.finish();
    }

private:
    void push(TaskContext& task, Split const& split) {
        for (std::uint64_t at = split.begin; at < split.end && !task.enough;) {
            std::uint64_t const count = std::min<std::uint64_t>(batch_records, split.end - at);
            std::int64_t* const numbers = batch_.data();
            for (std::uint64_t i = 0; i < count; ++i) numbers[i] = source_.numbers().at(at + i);
            batch_.set_size(count);
            task.poll();
            task.records_in += count;
            next_.consume(batch_.records());
            at += count;
        }
    }

    IotaSource const& source_;
    Consumer<std::int64_t>& next_;
    Batch<std::int64_t> batch_;
};

}  // namespace

SplitList split_records(std::uint64_t record_count, SplitRequest const& request) {
    constexpr std::uint64_t most_by_default = 64;
    std::uint64_t const count = request.partition_count
                                    ? request.partition_count
                                    : std::clamp<std::uint64_t>(record_count, 1, most_by_default);
    SplitList list;
    for (std::uint64_t p = 0; p < count; ++p)
        list.splits.push_back({0, first_partition_of(p, count, record_count),
                               first_partition_of(p + 1, count, record_count)});
    return list;
}

std::uint64_t count_in_range(std::int64_t begin, std::int64_t end, std::int64_t step) {
    if (step > 0 ? begin >= end : begin <= end) return 0;
    // Differences of 64-bit numbers fit into 64 bits without a sign.
    auto const from = static_cast<std::uint64_t>(begin);
    auto const to = static_cast<std::uint64_t>(end);
    std::uint64_t const distance = step > 0 ? to - from : from - to;
    std::uint64_t const stride =
        step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
    return (distance - 1) / stride + 1;
}

IotaSource::IotaSource(Lineage& lineage,
                       CallSite at,
                       std::uint64_t record_count,
                       std::uint64_t partition_count)
    : TypedTransformation(lineage,
                          {.name = "iota",
                           .at = at,
                           .dependency = Dependency::none,
                           .parents = {},
                           .argument_fingerprint = record_count,
                           .partition_count = partition_count}),
      numbers_{.begin = 0, .step = 1, .count = record_count} {}

IotaSource::IotaSource(Lineage& lineage,
                       CallSite at,
                       NumberRange const& numbers,
                       std::uint64_t partition_count)
    : TypedTransformation(lineage,
                          {.name = "range",
                           .at = at,
                           .dependency = Dependency::none,
                           .parents = {},
                           .argument_fingerprint = mix_fingerprint(
                               numbers.count,
                               std::to_string(numbers.begin) + ' ' + std::to_string(numbers.step)),
                           .partition_count = partition_count}),
      numbers_(numbers) {}

void IotaSource::attach(Pipeline& pipeline, Consumer<std::int64_t>& next) {
    pipeline.add_head<IotaReader>(std::as_const(*this), next);
}

}  // namespace serry
