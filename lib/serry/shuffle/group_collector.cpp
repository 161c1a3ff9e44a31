#include "serry/shuffle/group_collector.hpp"

namespace serry {

void GroupCollector::take(WireRecord const& record) {
    std::uint64_t const partition = partition_of_hash(record.hash, partition_count_);
    if (!writer_) {
        writer_.emplace(store_.fill(partition));
    } else if (partition != partition_) {
        writer_->end();
        writer_->move_to(store_.fill(partition));
    }
    partition_ = partition;
    writer_->add(record.key, record.value);
}

void GroupCollector::end() {
    if (writer_) writer_->end();
    for (Run& run : store_.runs()) run.close();
}

}  // namespace serry
