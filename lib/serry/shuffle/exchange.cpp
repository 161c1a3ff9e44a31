#include "serry/shuffle/exchange.hpp"

#include <algorithm>

#include <sched.h>

#include "serry/base/clock.hpp"
#include "serry/base/crash_point.hpp"
#include "serry/base/error.hpp"
#include "serry/base/pulse.hpp"
#include "serry/comm/mpi_error.hpp"

namespace serry {
namespace {

constexpr double poll_seconds = 200e-6;

struct AmongRanks final : Collectives {
    explicit AmongRanks(comm::Communicator const& comm_) : comm(comm_) {}
    void all_reduce_sum(std::span<std::uint64_t> values) override { comm.all_reduce_sum(values); }
    std::string all_gather(std::string_view bytes) override { return comm.all_gather(bytes).bytes; }

    comm::Communicator const& comm;
};

}  // namespace

Exchange::Exchange(ExchangeGear& gear, StageEnd& end)
    : gear_(gear),
      end_(end),
      out_(end.outgoing()),
      in_(end.incoming()),
      attendant_(gear.bell.neighbour_count()),
      next_poll_(now_seconds() + poll_seconds) {}

void Exchange::poll() {
    if (is_abandoned_) throw StageAbandoned{};  // somebody caught it the first time
    if (out_ && out_->is_full()) {
        attendant_.want();
    } else {
        double const now = now_seconds();
        if (now < next_poll_) return;
        next_poll_ = now + poll_seconds;
        for (int heard = gear_.bell.local_hear(); heard > 0; --heard) attendant_.hear();
    }
    if (!attendant_.must_meet()) return;
    // A running rank brings at least one bell to a meeting, so that it never ends in `drain` here.
    is_abandoned_ = meet() == wire::Verdict::abandon || !run_exchange(false);
    if (is_abandoned_) throw StageAbandoned{};
    next_poll_ = now_seconds() + poll_seconds;
}

bool Exchange::finish(bool failed) {
    if (is_abandoned_) return false;
    if (failed)
        attendant_.fail();
    else
        attendant_.finish_tasks();
    for (;;) {
        switch (meet()) {
            case wire::Verdict::abandon:
                return false;
            case wire::Verdict::drain:
                agree();
                return run_exchange(true);
            case wire::Verdict::exchange:
                if (!run_exchange(false)) return false;
        }
    }
}

wire::Verdict Exchange::meet() {
    double const start = now_seconds();
    Waiting const waiting("a meeting of the ranks");
    ring_if_due();
    wire::Tally const sum = reduce_tallies();
    settle_bells(sum);
    attendant_.end_meeting();
    counters_.wait_seconds += now_seconds() - start;
    return wire::judge(sum, static_cast<std::uint64_t>(gear_.comm.rank_count()));
}

void Exchange::ring_if_due() {
    if (!attendant_.must_ring()) return;
    attendant_.ring();
    gear_.bell.local_ring();
}

wire::Tally Exchange::reduce_tallies() {
    wire::Tally const own = attendant_.tally();
    wire::Tally sum;
    MPI_Request request = MPI_REQUEST_NULL;
    comm::check("MPI_Iallreduce",
                MPI_Iallreduce(&own, &sum, sizeof sum / sizeof(std::uint64_t), MPI_UINT64_T,
                               MPI_SUM, gear_.comm.handle(), &request));
    for (;;) {
        int is_complete = 0;
        comm::check("MPI_Test", MPI_Test(&request, &is_complete, MPI_STATUS_IGNORE));
        if (is_complete) return sum;
        for (int heard = gear_.bell.local_hear(); heard > 0; --heard) attendant_.hear();
        ring_if_due();
        sched_yield();
    }
}

void Exchange::settle_bells(wire::Tally const& sum) {
    if (!attendant_.must_settle(sum)) return;
    while (!attendant_.has_heard_all()) {
        for (int heard = gear_.bell.local_hear(); heard > 0; --heard) attendant_.hear();
        ring_if_due();
        if (!attendant_.has_heard_all()) sched_yield();
    }
    gear_.bell.local_settle();
}

void Exchange::agree() {
    double const start = now_seconds();
    AmongRanks ranks(gear_.comm);
    try {
        end_.agree(ranks);
    } catch (CommError const&) {
        throw;
    } catch (...) {
        failure_ = std::current_exception();
    }
    counters_.exchange_seconds += now_seconds() - start;
}

bool Exchange::run_exchange(bool is_final) {
    if (!out_) return true;
    double const start = now_seconds();
    RouteCounters const before = gear_.routes.counters();
    Route& route = gear_.routes.choose(open_streams(is_final));
    counters_.route_name = route.name();
    route.open();
    wire::RoundVerdict verdict = wire::RoundVerdict::again;
    while (verdict == wire::RoundVerdict::again) {
        grant();
        route.exchange_grants(gear_.buffers);
        fill(route);
        route.exchange_bytes(gear_.buffers);
        take(route);
        verdict = wire::judge(gear_.buffers.received);
        ++counters_.rounds;
        crash_point("exchange");
    }
    if (verdict == wire::RoundVerdict::complete && !failure_) {
        try {
            in_->close();
        } catch (...) {
            failure_ = std::current_exception();
        }
        out_->close();
    }
    if (failure_) attendant_.fail();
    ++counters_.exchanges;
    counters_.route.add(gear_.routes.counters(), before);
    counters_.exchange_seconds += now_seconds() - start;
    return verdict == wire::RoundVerdict::complete;
}

Outgoing::Load Exchange::open_streams(bool is_final) {
    auto const ranks = static_cast<std::size_t>(gear_.comm.rank_count());
    RoundBuffers& round = gear_.buffers;
    round.resize(ranks);
    stream_has_ended_.assign(ranks, 0);
    streams_left_ = ranks;
    Outgoing::Load load;
    if (!failure_) try {
            out_->open(is_final);
            in_->open(is_final, std::max<std::size_t>(1, gear_.round_bytes / ranks));
            load = out_->load();
        } catch (...) {
            failure_ = std::current_exception();
        }
    return load;
}

void Exchange::grant() {
    RoundBuffers& round = gear_.buffers;
    for (std::size_t r = 0; r < round.granted_to.size(); ++r)
        round.granted_to[r] = failure_ ? 0 : in_->room(static_cast<int>(r));
}

void Exchange::fill(Route& route) {
    RoundBuffers& round = gear_.buffers;
    std::size_t const ranks = round.sent.size();
    std::size_t const most =
        std::min(std::max<std::size_t>(1, gear_.round_bytes / ranks), route.most_bytes_a_pair());
    char* const outbox = route.outbox().data();
    std::size_t at = 0;
    // The ranks start at different receivers, so that no receiver is everyone's first.
    for (std::size_t i = 1; i <= ranks; ++i) {
        std::size_t const r = (static_cast<std::size_t>(gear_.comm.rank()) + i) % ranks;
        std::size_t const room = std::min<std::size_t>(most, round.granted_from[r]);
        Outgoing::Filled filled{0, false};
        round.send_starts[r] = static_cast<std::uint32_t>(at);
        if (!stream_has_ended_[r] && !failure_) try {
                filled = out_->fill(static_cast<int>(r), {outbox + at, room});
            } catch (...) {
                failure_ = std::current_exception();
            }
        at += filled.byte_count;
        round.sent[r] = {.byte_count = filled.byte_count, .is_last = filled.is_last};
        if (filled.is_last) stream_has_ended_[r] = 1, --streams_left_;
        counters_.bytes_sent += filled.byte_count;
    }
    std::uint32_t const state = failure_            ? wire::RoundHeader::failed
                                : streams_left_ > 0 ? wire::RoundHeader::finished_none
                                                    : wire::RoundHeader::finished_all;
    for (wire::RoundHeader& header : round.sent) header.state = state;
}

void Exchange::take(Route const& route) {
    RoundBuffers const& round = gear_.buffers;
    for (wire::RoundHeader const& header : round.received)
        counters_.bytes_received += header.byte_count;
    if (failure_) return;
    try {
        for (std::size_t r = 0; r < round.received.size(); ++r) {
            wire::RoundHeader const& header = round.received[r];
            if (header.byte_count > 0 || header.is_last)
                in_->take(static_cast<int>(r), {round.received_at[r], header.byte_count},
                          header.is_last != 0);
        }
        count_peak(route);
        in_->advance();
    } catch (...) {
        failure_ = std::current_exception();
    }
}

void Exchange::count_peak(Route const& route) {
    counters_.peak_bytes =
        std::max<std::uint64_t>(counters_.peak_bytes, route.held_bytes() + in_->waiting_bytes());
}

}  // namespace serry
