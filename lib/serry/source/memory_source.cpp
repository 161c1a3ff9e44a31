#include "serry/source/memory_source.hpp"

#include <numeric>

namespace serry {
namespace {

class IotaReader final : public PartitionReader {
public:
    IotaReader(Transformation const& source, Consumer<std::int64_t>& next)
        : source_(source), next_(next) {}

    void read(TaskContext& task) override {
        for (Split const& split : source_.splits().splits_of(task.partition().index))
            push(task, split);
        next_.finish();
    }

private:
    void push(TaskContext& task, Split const& split) {
        for (std::uint64_t at = split.begin; at < split.end && !task.enough; at += batch_records) {
            std::uint64_t const count = std::min<std::uint64_t>(batch_records, split.end - at);
            std::int64_t* const numbers = batch_.data();
            std::iota(numbers, numbers + count, static_cast<std::int64_t>(at));
            batch_.set_size(count);
            task.poll();
            task.records_in += count;
            next_.consume(batch_.records());
        }
    }

    Transformation const& source_;
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

void IotaSource::attach(Pipeline& pipeline, Consumer<std::int64_t>& next) {
    pipeline.add_head<IotaReader>(static_cast<Transformation const&>(*this), next);
}

}  // namespace serry
