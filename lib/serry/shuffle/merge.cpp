#include "serry/shuffle/merge.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "serry/base/pulse.hpp"

namespace serry {

namespace {

constexpr std::size_t runs_in_tier = 16;
constexpr std::size_t least_block_bytes = std::size_t{4} << 10;
constexpr std::size_t most_block_bytes = std::size_t{256} << 10;

}  // namespace

/// What has come of one sorted sequence and was not merged yet.
struct MergingReceiver::Stream {
    std::size_t order = 0;  ///< among streams with equal heads: runs by age, then ranks
    WireRecord head;
    bool has_head = false;
    bool has_ended = false;   ///< no more bytes will come
    ByteWriter queue;         ///< of a rank's stream
    std::string_view unread;  ///< from the head's first byte on
    std::optional<Run::Reader> run;

    void append(std::span<char const> bytes, std::size_t window_bytes);
};

void MergingReceiver::Stream::append(std::span<char const> bytes, std::size_t window_bytes) {
    if (queue.empty() && !bytes.empty()) queue.reserve(window_bytes);
    if (!unread.empty() && unread.data() != queue.data())
        std::memmove(queue.data(), unread.data(), unread.size());
    queue.set_size(unread.size());
    queue.put(bytes.data(), bytes.size());
    unread = queue.view();
}

MergingReceiver::MergingReceiver(int rank_count,
                                 bool has_leaves,
                                 Storage& storage,
                                 MergedRecords& merged,
                                 std::uint64_t index_count)
    : rank_count_(rank_count),
      has_leaves_(has_leaves),
      is_sorted_(false),
      index_count_(index_count),
      by_value_(nullptr),
      storage_(storage),
      merged_(merged) {}

MergingReceiver::MergingReceiver(int rank_count,
                                 SortedStreams sorted,
                                 Storage& storage,
                                 MergedRecords& merged)
    : rank_count_(rank_count),
      has_leaves_(false),
      is_sorted_(true),
      by_value_(sorted.by_value),
      storage_(storage),
      merged_(merged) {}

MergingReceiver::~MergingReceiver() = default;

void MergingReceiver::open(bool is_final, std::size_t window_bytes) {
    is_final_ = is_final;
    window_bytes_ = window_bytes;
    forget_streams();
    for (int r = 0; r < rank_count_; ++r) add_stream(runs_.size() + static_cast<std::size_t>(r));
    if (!is_final) return start_run(0);
    for (std::size_t i = 0; i < runs_.size(); ++i) add_run(*runs_[i].run, i);
}

MergingReceiver::Stream& MergingReceiver::add_stream(std::size_t order) {
    Stream& stream = *streams_.emplace_back(std::make_unique<Stream>());
    stream.order = order;
    starved_.push_back(&stream);
    return stream;
}

void MergingReceiver::add_run(Run const& run, std::size_t order) {
    Stream& stream = add_stream(order);
    stream.run.emplace(run);
    stream.has_ended = true;
}

void MergingReceiver::start_run(unsigned tier) {
    // Of each run a block is held while they are merged: together a part of the memory.
    std::size_t const block_bytes = std::clamp<std::uint64_t>(storage_.memory_limit_bytes / 128,
                                                              least_block_bytes, most_block_bytes);
    runs_.push_back({std::make_unique<Run>(storage_, block_bytes), tier});
}

bool MergingReceiver::has_full_tier() const {
    return runs_.size() >= runs_in_tier
           && runs_[runs_.size() - runs_in_tier].tier == runs_.back().tier;
}

void MergingReceiver::merge_full_tier() {
    auto const first = runs_.end() - static_cast<std::ptrdiff_t>(runs_in_tier);
    std::vector<TieredRun> const full(std::make_move_iterator(first),
                                      std::make_move_iterator(runs_.end()));
    runs_.erase(first, runs_.end());
    start_run(full.front().tier + 1);
    for (std::size_t i = 0; i < full.size(); ++i) add_run(*full[i].run, i);
    advance();
    runs_.back().run->close();
    forget_streams();
}

void MergingReceiver::forget_streams() {
    streams_.clear();
    heap_.clear();
    starved_.clear();
}

std::size_t MergingReceiver::room(int rank) const {
    Stream const& stream = *streams_[static_cast<std::size_t>(rank)];
    if (stream.unread.size() < window_bytes_) return window_bytes_ - stream.unread.size();
    // A full window without one whole record in it: the record is larger than the window, and
    // comes.
    return stream.has_head ? 0 : window_bytes_;
}

void MergingReceiver::take(int rank, std::span<char const> bytes, bool is_last) {
    Stream& stream = *streams_[static_cast<std::size_t>(rank)];
    stream.append(bytes, window_bytes_);
    stream.has_ended = is_last;
    // The bytes have moved; so has what the head points at.
    if (stream.has_head) read_record(stream);
}

bool MergingReceiver::read_head(Stream& stream) {
    while (stream.run && stream.unread.empty()) {
        beat();
        stream.unread = stream.run->next_block();
        if (stream.unread.empty()) return stream.has_head = false;
    }
    stream.has_head = read_record(stream);
    while (is_sorted_ && stream.has_head && is_section_end(stream.head)) {
        ++stream.head.leaf;
        stream.unread.remove_prefix(section_end.size());
        stream.has_head = read_record(stream);
    }
    return stream.has_head;
}

bool MergingReceiver::read_record(Stream& stream) const {
    if (is_sorted_) return read_sorted_record(stream.unread, stream.head);
    if (!read_wire_record(stream.unread, has_leaves_, stream.head)) return false;
    if (index_count_ > 0)
        stream.head.hash = place_of_index(ByteReader(stream.head.key).take_varint(), index_count_);
    return true;
}

void MergingReceiver::advance() {
    auto const before = [this](Stream* a, Stream* b) { return comes_before(a, b); };
    std::erase_if(starved_, [&](Stream* stream) {
        if (!read_head(*stream)) return stream->has_ended;
        heap_.push(stream, before);
        return true;
    });
    while (starved_.empty() && !heap_.empty()) {
        Stream& first = *heap_.top();
        deliver(first);
        first.unread.remove_prefix(first.head.framed.size());
        if (read_head(first)) {
            heap_.sift_top(before);
            continue;
        }
        heap_.pop_top(before);
        if (!first.has_ended) starved_.push_back(&first);
    }
}

inline bool MergingReceiver::comes_before(Stream const* a, Stream const* b) const {
    if (!is_sorted_ && a->head.hash != b->head.hash) return a->head.hash < b->head.hash;
    // Of equal ones that of the earlier stream comes first.
    bool const a_is_earlier = a->order < b->order;
    Stream const* const late = a_is_earlier ? b : a;
    Stream const* const early = a_is_earlier ? a : b;
    return comes_first(late->head, early->head) != a_is_earlier;
}

bool MergingReceiver::comes_first(WireRecord const& a, WireRecord const& b) const {
    constexpr WireOrder order;
    if (!is_sorted_) return order(a, b);
    if (a.leaf != b.leaf) return a.leaf < b.leaf;
    return by_value_ ? by_value_->comes_before(a.value, b.value) : order(a, b);
}

void MergingReceiver::deliver(Stream const& stream) {
    // Every record is counted once, when it first reaches this rank: not again when it comes out of
    // a run.
    if (!stream.run) ++record_count_;
    if (is_final_)
        merged_.take(stream.head);
    else
        runs_.back().run->append(stream.head.framed);
}

void MergingReceiver::close() {
    forget_streams();
    if (is_final_) {
        merged_.end();
        runs_.clear();
        return;
    }
    runs_.back().run->close();
    while (has_full_tier()) merge_full_tier();
}

std::size_t MergingReceiver::waiting_bytes() const {
    std::size_t bytes = 0;
    for (auto const& stream : streams_) bytes += stream->queue.capacity();
    return bytes;
}

}  // namespace serry
