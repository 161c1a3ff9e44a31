#include "serry/shuffle/group_collector.hpp"

namespace serry {

void GroupCollector::take(WireRecord const& record) {
    std::uint64_t const partition = partition_of_hash(record.hash, partition_count_);
    if (!writer_) {
        writer_.emplace(store_.partition(partition));
    } else if (partition != partition_) {
        writer_->end();
        store_.partition(partition_).close();  // holds no open block from here on
        writer_->move_to(store_.partition(partition));
    }
    partition_ = partition;
    writer_->add(record.key, record.value);
}

void GroupCollector::end() {
    if (writer_) writer_->end();
    for (Run& run : store_.runs()) run.close();
}

}  // namespace serry
