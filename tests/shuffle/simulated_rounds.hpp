#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "serry/shuffle/merge.hpp"
#include "serry/shuffle/wire.hpp"

namespace serry::test {

/// The rounds of an exchange without MPI: every receiver merges its streams, and needs a head from
/// each that has not ended; it grants what its windows have room for.
inline constexpr std::size_t most_ranks = 3;

/// What the ranks `from` -> `to` send: records by from and to, and for each receiver its window and
/// for each sender what it puts into a message at most.
struct RoundSetup {
    std::size_t rank_count = 0;
    std::size_t record_counts[most_ranks][most_ranks] = {};
    std::size_t window_bytes[most_ranks] = {};
    std::size_t message_bytes[most_ranks] = {};
    bool grants_more_to_long_records = true;
};

/// What a receiver's merge gives: the values, which name sender and number.
struct Merged final : MergedRecords {
    void take(WireRecord const& record) override { values += record.value.substr(0, 2); }
    void end() override { has_ended = true; }
    std::string values;
    bool has_ended = false;
};

/// Keys ascend by hash along a stream; streams of different senders share them. Records take 5 to 8
/// bytes, more than any window.
inline std::vector<std::string> const& keys_by_hash() {
    static auto const keys = [] {
        std::vector<std::string> made{"a", "b", "c", "d"};
        std::sort(made.begin(), made.end(), [](std::string const& a, std::string const& b) {
            return hash_key(a) < hash_key(b);
        });
        return made;
    }();
    return keys;
}

inline std::string key_of(std::size_t from, std::size_t number) {
    return keys_by_hash()[std::min<std::size_t>(3, number + from % 2)];
}

inline std::string stream_of(std::size_t from, std::size_t record_count) {
    ByteWriter stream, body;
    for (std::size_t i = 0; i < record_count; ++i) {
        body.clear();
        put_key(key_of(from, i), false, 0, body);
        body.put(std::to_string(from) + std::to_string(i) + std::string((from + i) % 4, '.'));
        put_framed(body.view(), stream);
    }
    return std::string(stream.view());
}

inline std::string merged_of(RoundSetup const& setup, std::size_t to) {
    std::string values;
    for (std::string const& key : keys_by_hash())
        for (std::size_t from = 0; from < setup.rank_count; ++from)
            for (std::size_t i = 0; i < setup.record_counts[from][to]; ++i)
                if (key_of(from, i) == key) values += std::to_string(from) + std::to_string(i);
    return values;
}

/// All ranks of an exchange in one process, round by round as Exchange goes.
class SimulatedExchange {
public:
    explicit SimulatedExchange(RoundSetup const& setup) : setup_(setup) {
        for (std::size_t to = 0; to < setup.rank_count; ++to) {
            receivers_.push_back(std::make_unique<MergingReceiver>(
                static_cast<int>(setup.rank_count), false, storage_, merged_[to]));
            receivers_[to]->open(true, setup.window_bytes[to]);
            for (std::size_t from = 0; from < setup.rank_count; ++from)
                streams_[from][to] = stream_of(from, setup.record_counts[from][to]);
        }
    }

    /// What went wrong; empty when nothing did.
    std::string run() {
        for (;;) {
            auto const before = progress();
            round();
            bool is_complete = true;
            for (std::size_t to = 0; to < setup_.rank_count; ++to)
                is_complete = judge_headers(to) == wire::RoundVerdict::complete && is_complete;
            if (is_complete) break;
            if (progress() == before) return "deadlock";
            for (std::size_t to = 0; to < setup_.rank_count; ++to)
                if (judge_headers(to) == wire::RoundVerdict::complete)
                    return "only some ranks know that it is over";
        }
        for (std::size_t to = 0; to < setup_.rank_count; ++to) {
            receivers_[to]->close();
            if (merged_[to].values != merged_of(setup_, to)) return "not what was sent";
        }
        return "";
    }

private:
    wire::RoundVerdict judge_headers(std::size_t to) const {
        return wire::judge(std::span(headers_[to]).first(setup_.rank_count));
    }

    std::pair<std::size_t, std::size_t> progress() const {
        std::size_t merged = 0;
        for (Merged const& one : merged_) merged += one.values.size();
        return {bytes_moved_, merged};
    }

    std::size_t granted(std::size_t from, std::size_t to) const {
        std::size_t const room = receivers_[to]->room(static_cast<int>(from));
        if (setup_.grants_more_to_long_records) return room;
        // Never more than one window: the mistake that the test must find.
        return taken_[from][to] < setup_.window_bytes[to] ? room : 0;
    }

    void round() {
        std::string messages[most_ranks][most_ranks];
        for (std::size_t from = 0; from < setup_.rank_count; ++from) {
            bool has_finished = true;
            for (std::size_t to = 0; to < setup_.rank_count; ++to) {
                std::string& left = streams_[from][to];
                std::size_t const count =
                    std::min({granted(from, to), setup_.message_bytes[from], left.size()});
                messages[from][to] = left.substr(0, count);
                left.erase(0, count);
                headers_[to][from] = {.byte_count = count,
                                      .is_last = left.empty() && !has_ended_[from][to]};
                has_ended_[from][to] = left.empty();
                has_finished = has_finished && left.empty();
            }
            for (std::size_t to = 0; to < setup_.rank_count; ++to)
                headers_[to][from].state = has_finished ? wire::RoundHeader::finished_all
                                                        : wire::RoundHeader::finished_none;
        }
        for (std::size_t to = 0; to < setup_.rank_count; ++to) {
            for (std::size_t from = 0; from < setup_.rank_count; ++from) {
                wire::RoundHeader const& header = headers_[to][from];
                if (header.byte_count == 0 && !header.is_last) continue;
                receivers_[to]->take(static_cast<int>(from), messages[from][to], header.is_last);
                bytes_moved_ += header.byte_count;
                taken_[from][to] += header.byte_count;
            }
            receivers_[to]->advance();
        }
    }

    RoundSetup const& setup_;
    Storage storage_{1 << 20, "/nowhere"};
    std::array<Merged, most_ranks> merged_;
    std::vector<std::unique_ptr<MergingReceiver>> receivers_;
    std::string streams_[most_ranks][most_ranks];
    bool has_ended_[most_ranks][most_ranks] = {};
    std::size_t taken_[most_ranks][most_ranks] = {};
    std::array<std::array<wire::RoundHeader, most_ranks>, most_ranks> headers_{};
    std::size_t bytes_moved_ = 0;
};

/// Every matrix of up to `most` records from each rank to each.
template <typename Check>
std::uint64_t for_all_record_counts(RoundSetup setup, std::size_t most, Check check) {
    std::size_t const streams = setup.rank_count * setup.rank_count;
    for (std::uint64_t matrices = 0;; ++matrices) {
        std::uint64_t rest = matrices;
        for (std::size_t i = 0; i < streams; ++i) {
            setup.record_counts[i / setup.rank_count][i % setup.rank_count] = rest % (most + 1);
            rest /= most + 1;
        }
        if (rest > 0) return matrices;
        check(setup);
    }
}

}  // namespace serry::test
