#include "serry/shuffle/record_sample.hpp"

#include <array>
#include <exception>

#include "serry/serde/byte_buffer.hpp"
#include "serry/serde/codec.hpp"

namespace serry {

std::uint64_t RecordSample::cost_of(SampledRecord const& record) {
    return record.key.size() + record.value.size() + sizeof record;
}

bool RecordSample::are_within(std::uint64_t record_count,
                              std::uint64_t byte_count,
                              std::uint64_t times) const {
    return record_count <= times * limits_.records
           && (byte_count <= times * limits_.bytes || record_count <= times * few_records);
}

void RecordSample::add(std::string_view key,
                       std::string_view value,
                       std::uint64_t run,
                       std::uint64_t index) {
    records_.push_back({.key = std::string(key),
                        .value = std::string(value),
                        .partition = partition_,
                        .ordinal = ordinal_ - 1,
                        .run = run,
                        .index = index,
                        .priority = priority_});
    byte_count_ += cost_of(records_.back());
    // One rank alone within twice the limits has all that can be asked of it: where it has more,
    // all ranks together have more than the limits allow.
    while (!are_within(records_.size(), byte_count_, 2) && level_ + 1 < level_count)
        drop_below_level();
}

void RecordSample::drop_below_level() {
    ++level_;
    std::erase_if(records_, [this](SampledRecord const& record) {
        return level_of(record.priority) < level_;
    });
    byte_count_ = 0;
    for (SampledRecord const& record : records_) byte_count_ += cost_of(record);
}

unsigned RecordSample::agree_on_level(Collectives& ranks) const {
    std::array<std::uint64_t, std::size_t{2} * level_count> sums{};
    std::uint64_t* const counts = sums.data();
    std::uint64_t* const bytes = sums.data() + level_count;
    for (SampledRecord const& record : records_) {
        ++counts[level_of(record.priority)];
        bytes[level_of(record.priority)] += cost_of(record);
    }
    // What was dropped was too much.
    if (level_ > 0) {
        counts[level_ - 1] = limits_.records + few_records + 1;
        bytes[level_ - 1] = limits_.bytes + 1;
    }
    ranks.all_reduce_sum(sums);
    std::uint64_t record_count = 0, byte_count = 0;
    unsigned level = level_count;
    for (; level > 0; --level) {
        record_count += counts[level - 1];
        byte_count += bytes[level - 1];
        if (!are_within(record_count, byte_count, 1)) break;
    }
    return level;
}

std::vector<SampledRecord> RecordSample::agree(Collectives& ranks) {
    unsigned const level = agree_on_level(ranks);
    std::string own;
    std::exception_ptr failure;
    try {
        own = encoded(level);
    } catch (...) {
        failure = std::current_exception();
    }
    std::string const all = ranks.all_gather(own);
    if (failure) std::rethrow_exception(failure);
    return decoded(all);
}

std::string RecordSample::encoded(unsigned level) const {
    ByteWriter out;
    for (SampledRecord const& record : records_)
        if (level_of(record.priority) >= level) encode(record, out);
    return std::string(out.view());
}

std::vector<SampledRecord> RecordSample::decoded(std::string_view bytes) {
    std::vector<SampledRecord> records;
    ByteReader reader(bytes);
    while (reader.remaining() > 0) records.push_back(decode<SampledRecord>(reader));
    return records;
}

}  // namespace serry
