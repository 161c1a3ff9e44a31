#pragma once

// The reduce phase of the word count: tables travel in rounds, are added up, and are written.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <mpi.h>
#include <unistd.h>

#include "plain_mpi.hpp"
#include "word_tables.hpp"

namespace yardstick {

constexpr std::uint64_t round_bytes = 512 << 10;  // sent by a rank in a round, and
constexpr std::uint64_t peer_bytes = 16 << 10;    // this for each rank it sends to
constexpr std::uint64_t message_bytes = 256 << 20;

// ---- write --------------------------------------------------------------------------------------

/// Write `word TAB count` lines to a file.
class LineWriter {
public:
    explicit LineWriter(std::string path) : path_(std::move(path)), buffer_(buffer_bytes + slack) {
        file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file_ < 0) fail("cannot create");
    }

    LineWriter(LineWriter const&) = delete;
    LineWriter& operator=(LineWriter const&) = delete;
    ~LineWriter() {
        if (file_ >= 0) ::close(file_);
    }

    void add(std::string_view word, std::int64_t count) {
        if (word.size() > buffer_bytes - used_) {
            flush();
            if (word.size() > buffer_bytes) write(std::exchange(word, {}));
        }
        char* to = buffer_.data() + used_;
        std::memcpy(to, word.data(), word.size());
        to += word.size();
        *to++ = '\t';
        to = std::to_chars(to, to + 20, count).ptr;
        *to++ = '\n';
        used_ = std::size_t(to - buffer_.data());
        if (used_ > buffer_bytes) flush();
    }

    void finish() {
        flush();
        if (::close(std::exchange(file_, -1)) != 0) fail("cannot close");
    }

private:
    static constexpr std::size_t buffer_bytes = 128 << 10;
    static constexpr std::size_t slack = 64;

    void flush() { write({buffer_.data(), std::exchange(used_, 0)}); }

    void write(std::string_view text) const {
        while (!text.empty()) {
            ssize_t const done = ::write(file_, text.data(), text.size());
            if (done < 0 && errno != EINTR) fail("cannot write to");
            if (done > 0) text.remove_prefix(std::size_t(done));
        }
    }

    [[noreturn]] void fail(char const* what) const {
        fail_with_reason(std::string(what) + " " + path_);
    }

    std::string path_;
    Pages buffer_;
    std::size_t used_ = 0;
    int file_ = -1;
};

// ---- exchange -----------------------------------------------------------------------------------

/// Collective. Send `outgoing[d]` to each rank d; return what came, in the order of ranks.
class RoundExchange {
public:
    explicit RoundExchange(Ranks ranks) : ranks_(ranks), sent_(ranks.count), coming_(ranks.count) {}

    std::string_view operator()(std::vector<std::string_view> const& outgoing) {
        for (std::size_t d = 0; d < sent_.size(); ++d) sent_[d] = std::int64_t(outgoing[d].size());
        MPI_Alltoall(sent_.data(), 1, MPI_INT64_T, coming_.data(), 1, MPI_INT64_T, MPI_COMM_WORLD);
        std::uint64_t total = 0;
        for (auto const bytes : coming_) total += std::uint64_t(bytes);
        incoming_.grow(total);
        requests_.clear();
        receive_all();
        for (int step = 1; step < ranks_.count; ++step) {
            int const to = (ranks_.rank + step) % ranks_.count;
            send(outgoing[std::size_t(to)], to);
        }
        MPI_Waitall(int(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
        return {incoming_.data(), total};
    }

private:
    void receive_all() {
        char* to = incoming_.data();
        for (int from = 0; from < ranks_.count; ++from) {
            auto left = std::uint64_t(coming_[std::size_t(from)]);
            for (; left > 0 && from != ranks_.rank;) {
                auto const bytes = std::min(left, message_bytes);
                MPI_Irecv(to, int(bytes), MPI_BYTE, from, 0, MPI_COMM_WORLD,
                          &requests_.emplace_back());
                to += bytes;
                left -= bytes;
            }
        }
    }

    void send(std::string_view bytes, int to) {
        for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), message_bytes)))
            MPI_Isend(bytes.data(), int(std::min(bytes.size(), message_bytes)), MPI_BYTE, to, 0,
                      MPI_COMM_WORLD, &requests_.emplace_back());
    }

    Ranks ranks_;
    std::vector<std::int64_t> sent_;
    std::vector<std::int64_t> coming_;
    std::vector<MPI_Request> requests_;
    Pages incoming_;
};

// ---- reduce -------------------------------------------------------------------------------------

/// Bytes to send, one after another.
class Packed {
public:
    void append(void const* from, std::uint64_t byte_count) {
        bytes_.grow(used_ + byte_count);
        std::memcpy(bytes_.data() + used_, from, byte_count);
        used_ += byte_count;
    }

    std::uint64_t byte_count() const { return used_; }
    std::string_view view(std::uint64_t begin, std::uint64_t end) const {
        return {bytes_.data() + begin, end - begin};
    }
    void clear() { used_ = 0; }

private:
    Pages bytes_;
    std::uint64_t used_ = 0;
};

/// How words that fit in a `Key` travel, and add up within a round.
template <typename Key>
class InlineTraffic {
public:
    using Counts = InlineCounts<Key, std::uint32_t, &Key::hash>;

    static std::uint64_t byte_count(Counts const& counts) {
        return counts.table().used() * sizeof(Record);
    }

    static void pack(Counts const&, Key key, std::int64_t count, Packed& to) {
        Record const record{key, count};
        to.append(&record, sizeof record);
    }

    void add(Counts const&, Key key, std::int64_t count) { add(key, count); }

    void add_all(std::string_view packed) {
        for (; !packed.empty(); packed.remove_prefix(sizeof(Record))) {
            Record record;
            std::memcpy(&record, packed.data(), sizeof record);
            add(record.key, record.count);
        }
    }

    void write_to(LineWriter& writer) {
        sums_.table().for_each([&](Key key, std::int64_t count) { writer.add(key.view(), count); });
        sums_.table().clear();
    }

private:
    struct Record {
        Key key;
        std::int64_t count;
    };

    void add(Key key, std::int64_t count) {
        sums_.table().reserve(1);
        sums_.add(key, key.second_hash(), count);
    }

    InlineCounts<Key, std::int64_t, &Key::second_hash> sums_;
};

/// The same for long words: a header, and the text.
class LongTraffic {
public:
    using Counts = LongCounts<std::uint32_t, &LongKey::hash>;

    static std::uint64_t byte_count(Counts const& counts) {
        std::uint64_t total = 0;
        counts.table().for_each(
            [&](LongKey const& key, std::int64_t) { total += sizeof(Header) + key.length; });
        return total;
    }

    static void pack(Counts const& counts, LongKey key, std::int64_t count, Packed& to) {
        Header const header{key.text_hash, count, key.length};
        to.append(&header, sizeof header);
        to.append(counts.view(key).data(), key.length);
    }

    void add(Counts const& counts, LongKey key, std::int64_t count) {
        add(counts.view(key), key.text_hash, count);
    }

    void add_all(std::string_view packed) {
        while (!packed.empty()) {
            Header header;
            std::memcpy(&header, packed.data(), sizeof header);
            add(packed.substr(sizeof header, header.length), header.hash, header.count);
            packed.remove_prefix(sizeof header + header.length);
        }
    }

    void write_to(LineWriter& writer) {
        sums_.table().for_each(
            [&](LongKey const& key, std::int64_t count) { writer.add(sums_.view(key), count); });
        sums_.clear();
    }

private:
    struct Header {
        std::uint64_t hash;
        std::int64_t count;
        std::uint64_t length;
    };

    void add(std::string_view word, std::uint64_t hash, std::int64_t count) {
        sums_.table().reserve(1);
        sums_.add(word, {hash}, count);
    }

    LongCounts<std::int64_t, &LongKey::second_hash> sums_;
};

/// The hashes that belong to one rank in one round.
HashRange hash_range(Ranks ranks, std::uint64_t round_count, int rank, std::uint64_t round) {
    auto const parts = std::uint64_t(ranks.count) * round_count;
    auto const start = [&](std::uint64_t part) {
        return (static_cast<unsigned __int128>(part) << 64) / parts;
    };
    std::uint64_t const part = std::uint64_t(rank) * round_count + round;
    return {std::uint64_t(start(part)), std::uint64_t(start(part + 1) - 1)};
}

/// Collective. Add up the counts of all ranks, and write those of this rank's part.
template <typename Traffic>
class Reducer {
public:
    Reducer(typename Traffic::Counts const& counts, Ranks ranks)
        : counts_(counts), ranks_(ranks), outgoing_(std::size_t(ranks.count)), exchange_(ranks) {}

    void write_sums(LineWriter& writer) {
        std::uint64_t const bytes = Traffic::byte_count(counts_);
        std::uint64_t most_bytes = 0;
        MPI_Allreduce(&bytes, &most_bytes, 1, MPI_UINT64_T, MPI_MAX, MPI_COMM_WORLD);
        std::uint64_t const round_count = most_bytes / bytes_a_round() + 1;
        for (std::uint64_t round = 0; round < round_count; ++round) {
            pack(round_count, round);
            std::string_view const incoming = exchange_(outgoing_);
            counts_.table().for_each_in(
                hash_range(ranks_, round_count, ranks_.rank, round),
                [&](auto const& key, std::int64_t count) { sums_.add(counts_, key, count); });
            sums_.add_all(incoming);
            sums_.write_to(writer);
        }
    }

private:
    std::uint64_t bytes_a_round() const {
        return round_bytes + peer_bytes * std::uint64_t(ranks_.count);
    }

    void pack(std::uint64_t round_count, std::uint64_t round) {
        std::vector<std::uint64_t> ends;
        packed_.clear();
        for (int to = 0; to < ranks_.count; ++to) {
            if (to != ranks_.rank)
                counts_.table().for_each_in(hash_range(ranks_, round_count, to, round),
                                            [&](auto const& key, std::int64_t count) {
                                                Traffic::pack(counts_, key, count, packed_);
                                            });
            ends.push_back(packed_.byte_count());
        }
        for (std::size_t to = 0; to < ends.size(); ++to)
            outgoing_[to] = packed_.view(to == 0 ? 0 : ends[to - 1], ends[to]);
    }

    typename Traffic::Counts const& counts_;
    Ranks ranks_;
    Packed packed_;
    std::vector<std::string_view> outgoing_;
    RoundExchange exchange_;
    Traffic sums_;
};

}  // namespace yardstick
