#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <mpi.h>

#include "plain_mpi.hpp"

namespace yardstick {

/// Send records to ranks one by one, while those of the others come in.
///
/// They travel in blocks of `block_bytes`, few of which are under way at a time, so that they are
/// copied from cache to cache. A block that is not full is the last one of its sender.
template <typename Record>
class Exchange {
public:
    /// Collective. `most_from[r]` bounds how many records rank r will send to this one: as much
    /// address space is set aside.
    ///
    /// `visit` gets all records that come, or go to this rank itself, while they are in the cache.
    Exchange(
        Ranks ranks,
        std::vector<std::uint64_t> const& most_from,
        std::function<void(std::span<Record const>)> visit = [](std::span<Record const>) {})
        : ranks_(ranks), visit_(std::move(visit)) {
        std::uint64_t total = 0;
        for (std::uint64_t const most : most_from) {
            sources_.push_back({total, total});
            total += most / block_records * block_records + 2 * block_records;
        }
        received_ = Array<Record>(total);
        outgoing_ = Array<Record>(std::uint64_t(ranks.count) * 2 * block_records);
        requests_.assign(std::size_t(ranks.count) * 2, MPI_REQUEST_NULL);
        for (int rank = 0; rank < ranks.count; ++rank) {
            if (rank == ranks.rank) {
                Record* const own = received_.data() + sources_[std::size_t(rank)].begin;
                lanes_.push_back({own, own + block_records, own});
            } else {
                Record* const block = outgoing_.data() + std::size_t(rank) * 2 * block_records;
                lanes_.push_back({block, block + block_records, block});
                receive_from(rank);
            }
        }
    }

    Exchange(Exchange const&) = delete;
    Exchange& operator=(Exchange const&) = delete;

    void send(int to, Record const& record) {
        Lane& lane = lanes_[std::size_t(to)];
        *lane.next++ = record;
        if (lane.next != lane.end) [[likely]]
            return;
        if (to == ranks_.rank)
            keep_block(lane);
        else
            send_block(to);
    }

    /// Collective. Send what is left, and wait for what others send.
    void finish() {
        for (int step = 1; step < ranks_.count; ++step)
            send_block((ranks_.rank + step) % ranks_.count);
        keep_block(lanes_[std::size_t(ranks_.rank)]);
        while (open_sources_ > 0 || !all_sent()) progress();
        outgoing_ = {};
    }

    /// After `finish`: the records that a rank has sent to this one, in its order.
    std::span<Record> from(int rank) const {
        Source const& source = sources_[std::size_t(rank)];
        return {received_.data() + source.begin, source.end - source.begin};
    }

    /// After `finish`: how many records came.
    std::uint64_t record_count() const {
        std::uint64_t count = 0;
        for (Source const& source : sources_) count += source.end - source.begin;
        return count;
    }

    /// Bytes sent to other ranks.
    std::uint64_t sent_bytes() const { return sent_bytes_; }

private:
    static constexpr std::uint64_t block_bytes = 512 << 10;
    static constexpr std::uint64_t block_records = block_bytes / sizeof(Record);

    struct Source {
        std::uint64_t begin;
        std::uint64_t end;
    };

    /// The block that is being filled.
    struct Lane {
        Record* block;
        Record* end;
        Record* next;
    };

    MPI_Request& receive_request(int from) { return requests_[std::size_t(from)]; }
    MPI_Request& send_request(int to) { return requests_[std::size_t(ranks_.count + to)]; }

    void receive_from(int rank) {
        MPI_Irecv(received_.data() + sources_[std::size_t(rank)].end,
                  int(block_records * sizeof(Record)), MPI_BYTE, rank, 0, MPI_COMM_WORLD,
                  &receive_request(rank));
    }

    /// Count the block of this rank's own lane as received, where it lies.
    void keep_block(Lane& lane) {
        visit_({lane.block, lane.next});
        sources_[std::size_t(ranks_.rank)].end += std::uint64_t(lane.next - lane.block);
        lane.block = lane.next;
        lane.end = lane.block + block_records;
    }

    /// Send the block of a lane, once the one before it has gone; go on in the other one.
    void send_block(int to) {
        while (send_request(to) != MPI_REQUEST_NULL) progress();
        Lane& lane = lanes_[std::size_t(to)];
        auto const bytes = std::uint64_t(lane.next - lane.block) * sizeof(Record);
        MPI_Isend(lane.block, int(bytes), MPI_BYTE, to, 0, MPI_COMM_WORLD, &send_request(to));
        sent_bytes_ += bytes;
        Record* const first = outgoing_.data() + std::size_t(to) * 2 * block_records;
        lane.block = lane.block == first ? first + block_records : first;
        lane.end = lane.block + block_records;
        lane.next = lane.block;
        progress();
    }

    bool all_sent() const {
        return std::all_of(requests_.begin() + ranks_.count, requests_.end(),
                           [](MPI_Request request) { return request == MPI_REQUEST_NULL; });
    }

    void progress() {
        done_.resize(requests_.size());
        statuses_.resize(requests_.size());
        int done_count = 0;
        MPI_Testsome(int(requests_.size()), requests_.data(), &done_count, done_.data(),
                     statuses_.data());
        for (std::size_t i = 0; i < std::size_t(std::max(done_count, 0)); ++i)
            if (done_[i] < ranks_.count) block_came(done_[i], statuses_[i]);
    }

    void block_came(int rank, MPI_Status const& status) {
        int bytes = 0;
        MPI_Get_count(&status, MPI_BYTE, &bytes);
        std::uint64_t const count = std::uint64_t(bytes) / sizeof(Record);
        std::uint64_t& end = sources_[std::size_t(rank)].end;
        visit_({received_.data() + end, count});
        end += count;
        if (count == block_records)
            receive_from(rank);
        else
            --open_sources_;
    }

    Ranks ranks_;
    std::function<void(std::span<Record const>)> visit_;
    Array<Record> received_;
    Array<Record> outgoing_;
    std::vector<Source> sources_;
    std::vector<Lane> lanes_;
    std::vector<MPI_Request> requests_;
    std::vector<int> done_;
    std::vector<MPI_Status> statuses_;
    int open_sources_ = ranks_.count - 1;
    std::uint64_t sent_bytes_ = 0;
};

}  // namespace yardstick
