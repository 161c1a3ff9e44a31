#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serry/shuffle/exchange.hpp"
#include "serry/shuffle/merge.hpp"
#include "serry/stage/stage_end.hpp"

namespace serry::test {

/// A record of an exchange in tests: its value names the sending rank and its number there.
struct TestRecord {
    std::string key;
    std::string value;

    friend bool operator==(TestRecord const&, TestRecord const&) = default;
    friend bool operator<(TestRecord const& a, TestRecord const& b) {
        return std::tuple(hash_key(a.key), std::string_view(a.key), std::string_view(a.value))
               < std::tuple(hash_key(b.key), std::string_view(b.key), std::string_view(b.value));
    }
};

/// Where a test's exchange is to fail, on the rank that is given it.
enum class Failing { never, at_agree, at_open, at_fill, at_merge, at_last_record, at_close };

/// Sends what it is given; wants an exchange when more than `limit_bytes` wait.
class TestSender final : public Outgoing {
public:
    TestSender(int rank_count, std::size_t limit_bytes)
        : waiting_(static_cast<std::size_t>(rank_count)),
          streams_(waiting_.size()),
          limit_bytes_(limit_bytes) {}

    void add(std::size_t to, TestRecord record) {
        waiting_bytes_ += record.key.size() + record.value.size();
        waiting_[to].push_back(std::move(record));
        ++record_count_;
    }

    bool is_full() const override { return waiting_bytes_ > limit_bytes_; }
    void open(bool) override {
        if (failing == Failing::at_open) throw std::runtime_error("no streams");
        waiting_bytes_ = 0;
        for (std::size_t to = 0; to < waiting_.size(); ++to) {
            std::sort(waiting_[to].begin(), waiting_[to].end());
            streams_[to] = {encoded(waiting_[to]), 0};
            waiting_[to].clear();
        }
    }
    Load load() const override {
        auto const has_bytes = [](auto const& stream) { return !stream.first.empty(); };
        return {
            static_cast<std::uint64_t>(std::count_if(streams_.begin(), streams_.end(), has_bytes)),
            waiting_bytes_};
    }
    Filled fill(int rank, std::span<char> room) override {
        if (failing == Failing::at_fill) throw std::runtime_error("no bytes");
        auto& [bytes, sent] = streams_[static_cast<std::size_t>(rank)];
        std::size_t const count = std::min(room.size(), bytes.size() - sent);
        std::copy_n(bytes.data() + sent, count, room.data());
        sent += count;
        return {count, sent == bytes.size()};
    }
    void close() override { ++closed; }
    std::uint64_t record_count() const override { return record_count_; }

    Failing failing = Failing::never;
    int closed = 0;

private:
    static std::string encoded(std::vector<TestRecord> const& records) {
        ByteWriter out, body;
        for (TestRecord const& record : records) {
            body.clear();
            put_key(record.key, false, 0, body);
            body.put(record.value);
            put_framed(body.view(), out);
        }
        return std::string(out.view());
    }

    std::vector<std::vector<TestRecord>> waiting_;
    std::vector<std::pair<std::string, std::size_t>> streams_;
    std::size_t limit_bytes_;
    std::size_t waiting_bytes_ = 0;
    std::uint64_t record_count_ = 0;
};

/// Keeps what is merged, or throws.
struct TestGroups final : MergedRecords {
    void take(WireRecord const& record) override {
        if (failing == Failing::at_merge || (failing == Failing::at_last_record && left == 1))
            throw std::runtime_error("no such value");
        if (left > 0) --left;
        records.push_back({std::string(record.key), std::string(record.value)});
    }
    void end() override {
        if (failing == Failing::at_close) throw std::runtime_error("no end");
        has_ended = true;
    }

    Failing failing = Failing::never;
    std::uint64_t left = 0;  ///< records to come, where that is known
    std::vector<TestRecord> records;
    bool has_ended = false;
};

/// A stage's end that only exchanges.
struct TestEnd final : StageEnd {
    TestEnd(comm::Communicator const& comm, std::size_t limit_bytes, std::string const& scratch)
        : storage(std::uint64_t{1} << 30, scratch),
          sender(comm.rank_count(), limit_bytes),
          receiver(comm.rank_count(), false, storage, groups) {}

    void attach(Pipeline&) override {}
    void agree(Collectives& ranks) override {
        CHECK_FALSE(has_agreed);
        has_agreed = true;
        std::uint64_t sums[] = {1, 2};
        ranks.all_reduce_sum(sums);
        CHECK(ranks.all_gather("rank").size() == 4 * sums[0]);
        CHECK(sums[1] == 2 * sums[0]);
        if (sender.failing == Failing::at_agree) throw std::runtime_error("no agreement");
    }
    Outgoing* outgoing() override { return &sender; }
    Incoming* incoming() override { return &receiver; }
    void fail(Failing where) { sender.failing = groups.failing = where; }

    Storage storage;
    TestSender sender;
    TestGroups groups;
    MergingReceiver receiver;
    bool has_agreed = false;
};

}  // namespace serry::test
