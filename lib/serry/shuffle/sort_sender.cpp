#include "serry/shuffle/sort_sender.hpp"

#include <algorithm>
#include <cstring>

#include "serry/plan/split.hpp"

namespace serry {
namespace {

std::uint64_t ranks_of(StageSetting const& setting) {
    return static_cast<std::uint64_t>(setting.rank_count);
}

/// So that a block of every run for each rank fits an eighth of the memory, if there are so many
/// runs: else all of them are read again and again, in every round.
std::size_t block_bytes_for(StageSetting const& setting) {
    constexpr std::uint64_t runs = 64;
    return std::clamp<std::uint64_t>(setting.memory_bytes / (8 * runs * ranks_of(setting)), 1024,
                                     std::uint64_t{256} << 10);
}

}  // namespace

/// 256 for each partition make it likely that none is larger than 1.2 times the mean.
RecordSample::Limits SortSender::sample_limits(std::uint64_t partition_count) {
    constexpr std::uint64_t least = 16384, most = std::uint64_t{1} << 18;
    return {.records = std::clamp(256 * partition_count, least, most),
            .bytes = std::uint64_t{32} << 20};
}

SortSender::SortSender(StageSetting const& setting, Setup setup)
    : setting_(setting),
      setup_(setup),
      order_{setup.by_value},
      sample_(sample_limits(setup.partition_count)),
      buffer_(setting.memory_bytes / 8 * 3),
      storage_(0, setting.scratch),
      block_bytes_(block_bytes_for(setting)) {
    if (setup.partition_count == 1) setup_.is_sampled = false;
}

void SortSender::add(std::string_view key,
                     std::string_view value,
                     std::string_view body,
                     std::uint64_t extra_bytes) {
    bool const is_sampled = setup_.is_sampled && sample_.wants_next();
    if (!buffer_.add(key, body, is_sampled, extra_bytes)) {
        sort_buffer();
        spill_buffer();
        buffer_.add(key, body, is_sampled, extra_bytes);
    }
    byte_count_ += body.size();
    if (is_sampled)
        sample_.add(key, setup_.by_value ? value : std::string_view(), runs_.size(),
                    buffer_.entries().back().reference);
}

void SortSender::end_tasks() { sort_buffer(); }

/// Then every record of the sample from the buffer knows its index there rather than its reference.
void SortSender::sort_buffer() {
    buffer_.sort(setup_.by_value);
    std::vector<SampledRecord*> sampled;
    for (SampledRecord& record : sample_.records())
        if (record.run == runs_.size()) sampled.push_back(&record);
    std::sort(sampled.begin(), sampled.end(),
              [](auto const* a, auto const* b) { return a->index < b->index; });
    std::vector<std::uint64_t> indices(sampled.size());
    auto const entries = buffer_.entries();
    for (std::uint64_t i = 0; i < entries.size(); ++i) {
        if (!SortBuffer::is_marked(entries[i])) continue;
        auto const found = std::lower_bound(
            sampled.begin(), sampled.end(), entries[i].reference,
            [](SampledRecord const* a, std::uint64_t reference) { return a->index < reference; });
        if (found != sampled.end() && (*found)->index == entries[i].reference)
            indices[static_cast<std::size_t>(found - sampled.begin())] = i;
    }
    for (std::size_t i = 0; i < sampled.size(); ++i) sampled[i]->index = indices[i];
}

void SortSender::spill_buffer() {
    SortedRun& run = runs_.emplace_back(storage_, block_bytes_);
    for (SortEntry const& entry : buffer_.entries()) run.append(buffer_.record(entry));
    run.close();
    buffer_.clear();
}

void SortSender::agree(Collectives& ranks) {
    if (!setup_.is_sampled) return;
    splitters_ = Splitters(sample_.agree(ranks), order_, setup_.partition_count,
                           setting_.task_count(), ranks_of(setting_));
    sample_.records() = {};
}

void SortSender::open(bool is_final) {
    streams_.clear();
    streams_.resize(ranks_of(setting_));
    if (!is_final) return;
    is_short_of_memory_ = runs_.size() * streams_.size() * block_bytes_ > setting_.memory_bytes / 8;
    cut_into_streams();
    for (std::uint64_t r = 0; r < streams_.size(); ++r) {
        Stream& stream = streams_[r];
        stream.end_partition = first_partition_of(r + 1, streams_.size(), setup_.partition_count);
        begin_section(stream, first_partition_of(r, streams_.size(), setup_.partition_count) + 1);
        auto const before = [this](auto* a, auto* b) { return comes_before(a, b); };
        for (SortedCursor& part : stream.parts)
            if (part.read()) stream.heap.push(&part, before);
        look_at_head(stream);
        if (is_short_of_memory_) release(stream);
    }
}

void SortSender::cut_into_streams() {
    auto const rank = static_cast<std::uint64_t>(setting_.rank);
    std::vector<SortedCursor> cursors;
    for (SortedRun const& run : runs_) cursors.emplace_back(run, rank, cursors.size());
    cursors.emplace_back(buffer_, rank, cursors.size());
    for (SortedCursor& cursor : cursors) {
        for (std::uint64_t r = 0; r < streams_.size(); ++r) {
            std::uint64_t const next =
                first_partition_of(r + 1, streams_.size(), setup_.partition_count);
            // A rank without partitions gets nothing, even by an order that is none.
            if (next == first_partition_of(r, streams_.size(), setup_.partition_count)) continue;
            SortedCursor part = cursor.again();
            auto const bound = next < setup_.partition_count ? splitters_.bound(next)
                                                             : std::optional<Splitters::Bound>();
            if (bound)
                cursor.skip_to(*bound);
            else
                cursor.go_to_end();
            part.end_at(cursor);
            if (!part.is_at_end()) streams_[r].parts.push_back(std::move(part));
        }
        cursor.release();
    }
}

void SortSender::begin_section(Stream& stream, std::uint64_t next_partition) {
    stream.next_partition = next_partition;
    stream.bound = next_partition < stream.end_partition ? splitters_.bound(next_partition)
                                                         : std::optional<Splitters::Bound>();
}

void SortSender::look_at_head(Stream& stream) {
    stream.sent_bytes = 0;
    if (stream.heap.empty()) return;
    SortedCursor const& first = *stream.heap.top();
    stream.is_section_end = stream.bound && !stream.bound->is_after(first.head(), first.place());
}

/// Of equal records that of the earlier run comes first.
bool SortSender::comes_before(SortedCursor const* a, SortedCursor const* b) const {
    bool const a_is_earlier = a->place().run < b->place().run;
    SortedCursor const* const late = a_is_earlier ? b : a;
    SortedCursor const* const early = a_is_earlier ? a : b;
    return order_(late->head(), early->head()) != a_is_earlier;
}

std::string_view SortSender::piece(Stream const& stream) const {
    return stream.is_section_end ? section_end : stream.heap.top()->head().framed;
}

void SortSender::end_piece(Stream& stream) {
    if (stream.is_section_end) {
        begin_section(stream, stream.next_partition + 1);
    } else {
        auto const before = [this](auto* a, auto* b) { return comes_before(a, b); };
        SortedCursor& first = *stream.heap.top();
        first.advance();
        if (first.read())
            stream.heap.sift_top(before);
        else
            stream.heap.pop_top(before);
        ++record_count_;
    }
    look_at_head(stream);
}

Outgoing::Filled SortSender::fill(int rank, std::span<char> room) {
    Stream& stream = streams_[static_cast<std::size_t>(rank)];
    if (stream.is_released && !room.empty()) read_again(stream);
    std::size_t done = 0;
    while (done < room.size() && !stream.heap.empty()) {
        std::string_view const rest = piece(stream).substr(stream.sent_bytes);
        std::size_t const count = std::min(room.size() - done, rest.size());
        std::memcpy(room.data() + done, rest.data(), count);
        done += count;
        stream.sent_bytes += count;
        if (count == rest.size()) end_piece(stream);
    }
    if (is_short_of_memory_ && !stream.is_released) release(stream);
    return {done, stream.heap.empty()};
}

void SortSender::read_again(Stream& stream) {
    for (SortedCursor& part : stream.parts) part.read();
    stream.is_released = false;
}

void SortSender::release(Stream& stream) {
    for (SortedCursor& part : stream.parts) part.release();
    stream.is_released = true;
}

void SortSender::close() {
    streams_.clear();
    buffer_.release();
    runs_.clear();
}

}  // namespace serry
