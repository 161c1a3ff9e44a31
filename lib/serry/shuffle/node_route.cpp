#include "serry/shuffle/node_route.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "serry/base/error.hpp"
#include "serry/comm/mpi_error.hpp"
#include "serry/shuffle/make_room.hpp"

namespace serry {
namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t word_bytes = sizeof(std::uint32_t);

/// A message's tag: what is in it, or 10 more for its last hop.
constexpr int grants_tag = 21;
constexpr int bytes_tag = 22;
constexpr int block_tag = 23;
constexpr int last_hop = 10;

/// A RoundHeader in a word: bytes, state, whether they come by themselves, whether they are the
/// last.
constexpr std::uint32_t is_last_bit = 1;
constexpr std::uint32_t is_large_bit = 2;
constexpr unsigned state_shift = 2;
constexpr unsigned count_shift = 4;

std::uint32_t word_of(wire::RoundHeader const& header, bool is_large) {
    return static_cast<std::uint32_t>(header.byte_count << count_shift)
           | header.state << state_shift | (is_large ? is_large_bit : 0)
           | (header.is_last ? is_last_bit : 0);
}

wire::RoundHeader header_of(std::uint32_t word) {
    return {.byte_count = word >> count_shift,
            .is_last = word & is_last_bit,
            .state = word >> state_shift & 3};
}

/// Of a message's part, which begins anywhere.
std::uint32_t word_at(char const* words, std::size_t index) {
    std::uint32_t word = 0;
    std::memcpy(&word, words + index * word_bytes, word_bytes);
    return word;
}

/// Bytes that travel with the word.
std::size_t bytes_beside(std::uint32_t word) {
    return word & is_large_bit ? 0 : word >> count_shift;
}

}  // namespace

std::size_t NodeRoute::pages_bytes(std::size_t rank_count, std::size_t outbox_bytes) {
    std::size_t const slots = rank_count * sizeof(Slot);
    return (slots + line_bytes - 1) / line_bytes * line_bytes + outbox_bytes;
}

NodeRoute::NodeRoute(comm::Communicator const& communicator,
                     comm::NodeMap const& nodes,
                     comm::NodePages const& pages,
                     Settings settings)
    : comm_(communicator),
      nodes_(nodes),
      pages_(pages),
      settings_(settings),
      own_node_(nodes.node_of(communicator.rank())),
      here_(nodes.ranks_of(own_node_)) {
    auto const found = std::find(here_.begin(), here_.end(), comm_.rank());
    own_index_ = static_cast<std::size_t>(found - here_.begin());
    if (nodes_.node_count() == 1) return;
    agree_on_pair_bytes();
    if (settings_.hops == Hops::two)
        list_two_hop_messages();
    else
        list_three_hop_messages();
}

int NodeRoute::tag_of(Content content) {
    return content == Content::grants ? grants_tag : bytes_tag;
}

char const* NodeRoute::name() const {
    if (nodes_.node_count() == 1) return "node";
    return settings_.hops == Hops::two ? "two-hop" : "three-hop";
}

std::span<NodeRoute::Slot> NodeRoute::slots_of(std::size_t local_rank) const {
    return {reinterpret_cast<Slot*>(pages_.of(static_cast<int>(local_rank)).data()),
            static_cast<std::size_t>(comm_.rank_count())};
}

std::span<char> NodeRoute::outbox_of(std::size_t local_rank) const {
    return pages_.of(static_cast<int>(local_rank))
        .subspan(pages_bytes(static_cast<std::size_t>(comm_.rank_count()), 0));
}

/// What a pair of ranks may send so that nobody holds more than the smallest outbox of bundles on
/// their way, or half of it each way where they are passed on; and no message is over MPI's limit.
void NodeRoute::agree_on_pair_bytes() {
    auto const ranks = static_cast<std::size_t>(comm_.rank_count());
    auto const least =
        static_cast<std::size_t>(comm_.all_reduce_min(static_cast<std::uint64_t>(outbox().size())));
    std::size_t carried_pairs = 0;
    if (settings_.hops == Hops::three) {
        auto const other_nodes = static_cast<std::size_t>(nodes_.node_count() - 1);
        std::size_t const least_local = nodes_.least_local_ranks();
        std::size_t const node_pairs = (other_nodes + least_local - 1) / least_local;
        carried_pairs = node_pairs * nodes_.most_local_ranks() * nodes_.most_local_ranks();
    }
    std::size_t const pairs = std::max(ranks, 2 * carried_pairs);
    std::size_t const with_word = std::clamp<std::size_t>(
        std::min(least, comm::largest_message_bytes / 2) / pairs, word_bytes + 1, most_in_word);
    pair_bytes_ = with_word - word_bytes;
    inbox_.reserve(std::max(outbox().size(), (carried_pairs + ranks) * with_word)
                   + 2 * word_bytes * ranks);
}

std::size_t NodeRoute::held_bytes() const {
    return outbox_of(own_index_).size() + staging_.capacity() + inbox_.capacity();
}

void NodeRoute::exchange_grants(RoundBuffers& round) {
    std::span<Slot> const own = slots_of(own_index_);
    for (std::size_t r = 0; r < own.size(); ++r)
        own[r].granted =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(round.granted_to[r], most_in_word));
    pages_.meet();
    auto const self = static_cast<std::size_t>(comm_.rank());
    for (std::size_t i = 0; i < local_count(); ++i)
        round.granted_from[static_cast<std::size_t>(here_[i])] = slots_of(i)[self].granted;
    exchange_bundles(Content::grants);
    for (Bundle const& bundle : bundles_) {
        std::span<int const> const ranks = nodes_.ranks_of(bundle.node);
        for (std::size_t i = 0; i < ranks.size(); ++i)
            round.granted_from[static_cast<std::size_t>(ranks[i])] = word_at(bundle.words, i);
    }
    wait_for_all();
}

void NodeRoute::exchange_bytes(RoundBuffers& round) {
    announce(round);
    pages_.meet();
    send_large_blocks(round);
    read_neighbours(round);
    exchange_bundles(Content::bytes);
    for (Bundle const& bundle : bundles_) read_bundle(bundle, round);
    receive_large_blocks(round);
    wait_for_all();
}

void NodeRoute::announce(RoundBuffers const& round) {
    std::span<Slot> const own = slots_of(own_index_);
    for (std::size_t r = 0; r < own.size(); ++r) {
        bool const is_large = !is_here(static_cast<int>(r))
                              && round.sent[r].byte_count >= settings_.direct_bytes
                              && round.sent[r].byte_count > 0;
        own[r].announced = word_of(round.sent[r], is_large);
        own[r].start = round.send_starts[r];
    }
}

void NodeRoute::read_neighbours(RoundBuffers& round) {
    auto const self = static_cast<std::size_t>(comm_.rank());
    for (std::size_t i = 0; i < local_count(); ++i) {
        auto const from = static_cast<std::size_t>(here_[i]);
        Slot const& slot = slots_of(i)[self];
        round.received[from] = header_of(slot.announced);
        round.received_at[from] = outbox_of(i).data() + slot.start;
    }
}

void NodeRoute::send_large_blocks(RoundBuffers const& round) {
    std::span<Slot const> const own = slots_of(own_index_);
    for (std::size_t i = 1; i < own.size(); ++i) {
        std::size_t const r = (static_cast<std::size_t>(comm_.rank()) + i) % own.size();
        if (own[r].announced & is_large_bit)
            send(outbox().data() + own[r].start, round.sent[r].byte_count, static_cast<int>(r),
                 block_tag);
    }
}

/// Their senders are those whose bytes have no place yet.
void NodeRoute::receive_large_blocks(RoundBuffers& round) {
    for (std::size_t r = 0; r < round.received.size(); ++r) {
        if (round.received_at[r]) continue;
        auto const byte_count = static_cast<std::size_t>(round.received[r].byte_count);
        char* const to = take_inbox(byte_count);
        comm::check("MPI_Irecv",
                    MPI_Irecv(to, static_cast<int>(byte_count), MPI_BYTE, static_cast<int>(r),
                              block_tag, comm_.handle(), &requests_.emplace_back()));
        round.received_at[r] = to;
    }
}

void NodeRoute::read_bundle(Bundle const& bundle, RoundBuffers& round) {
    std::span<int const> const ranks = nodes_.ranks_of(bundle.node);
    char const* bytes = bundle.words + ranks.size() * word_bytes;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
        auto const from = static_cast<std::size_t>(ranks[i]);
        std::uint32_t const word = word_at(bundle.words, i);
        round.received[from] = header_of(word);
        round.received_at[from] = word & is_large_bit ? nullptr : bytes;
        bytes += bytes_beside(word);
    }
}

void NodeRoute::exchange_bundles(Content content) {
    inbox_.clear();
    bundles_.clear();
    send_bundles(content);
    if (settings_.hops == Hops::two)
        receive_in_two_hops(content);
    else
        receive_in_three_hops(content);
}

void NodeRoute::send_bundles(Content content) {
    std::size_t total = 0;
    for (Outbound const& message : outbound_)
        for (int const rank : message.for_ranks) total += bytes_to(rank, content);
    make_room(staging_, total);
    for (Outbound const& message : outbound_) {
        std::size_t const begin = staging_.size();
        for (int const rank : message.for_ranks) write_bundle(rank, content);
        send(staging_.data() + begin, staging_.size() - begin, message.to, tag_of(content));
    }
}

std::size_t NodeRoute::bytes_to(int rank, Content content) const {
    std::size_t byte_count = local_count() * word_bytes;
    if (content == Content::bytes)
        for (std::size_t i = 0; i < local_count(); ++i)
            byte_count += bytes_beside(slots_of(i)[static_cast<std::size_t>(rank)].announced);
    return byte_count;
}

/// What this node's ranks have for the rank `to`: a word of each, then their bytes.
void NodeRoute::write_bundle(int to, Content content) {
    auto const column = static_cast<std::size_t>(to);
    char* words = staging_.extend(local_count() * word_bytes);
    for (std::size_t i = 0; i < local_count(); ++i) {
        Slot const& slot = slots_of(i)[column];
        std::uint32_t const word = content == Content::grants ? slot.granted : slot.announced;
        std::memcpy(words + i * word_bytes, &word, word_bytes);
    }
    counters_.control_bytes += local_count() * word_bytes;
    if (content == Content::grants) return;
    for (std::size_t i = 0; i < local_count(); ++i) {
        Slot const& slot = slots_of(i)[column];
        staging_.put(outbox_of(i).data() + slot.start, bytes_beside(slot.announced));
    }
}

/// Rank i of this node brings what is for rank i of the others.
void NodeRoute::list_two_hop_messages() {
    for (int step = 1; step < nodes_.node_count(); ++step) {
        std::span<int const> const there = nodes_.ranks_of(node_after(step));
        for (std::size_t i = own_index_; i < there.size(); i += local_count())
            outbound_.push_back({there[i], there.subspan(i, 1)});
    }
}

void NodeRoute::receive_in_two_hops(Content content) {
    for (int step = 1; step < nodes_.node_count(); ++step) {
        int const node = node_before(step);
        std::span<int const> const there = nodes_.ranks_of(node);
        bundles_.push_back({node, receive(there[own_index_ % there.size()], tag_of(content))});
    }
}

void NodeRoute::list_three_hop_messages() {
    for (int step = 1; step < nodes_.node_count(); ++step) {
        int const node = node_after(step);
        std::size_t const pair = pair_with(node);
        if (pair % local_count() != own_index_) continue;
        std::span<int const> const there = nodes_.ranks_of(node);
        outbound_.push_back({there[pair % there.size()], there});
    }
}

void NodeRoute::receive_in_three_hops(Content content) {
    for (int step = 1; step < nodes_.node_count(); ++step) {
        int const node = node_before(step);
        std::size_t const pair = pair_with(node);
        if (pair % local_count() != own_index_) continue;
        std::span<int const> const there = nodes_.ranks_of(node);
        pass_on(node, receive(there[pair % there.size()], tag_of(content)), content);
    }
    for (int step = 1; step < nodes_.node_count(); ++step) {
        int const node = node_before(step);
        std::size_t const pair = pair_with(node) % local_count();
        if (pair != own_index_)
            bundles_.push_back({node, receive(here_[pair], tag_of(content) + last_hop)});
    }
}

std::size_t NodeRoute::bundle_bytes(int from_node, char const* words, Content content) const {
    std::size_t const count = nodes_.ranks_of(from_node).size();
    std::size_t byte_count = count * word_bytes;
    if (content == Content::bytes)
        for (std::size_t i = 0; i < count; ++i) byte_count += bytes_beside(word_at(words, i));
    return byte_count;
}

/// A node's message to the ranks of this node.
void NodeRoute::pass_on(int from_node, char const* message, Content content) {
    for (std::size_t i = 0; i < local_count(); ++i) {
        std::size_t const byte_count = bundle_bytes(from_node, message, content);
        if (i == own_index_)
            bundles_.push_back({from_node, message});
        else
            send(message, byte_count, here_[i], tag_of(content) + last_hop);
        message += byte_count;
    }
}

/// Valid as long as the round.
char const* NodeRoute::receive(int from, int tag) {
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    comm::wait_in("MPI_Mprobe",
                  [&] { return MPI_Mprobe(from, tag, comm_.handle(), &message, &status); });
    int byte_count = 0;
    comm::check("MPI_Get_count", MPI_Get_count(&status, MPI_BYTE, &byte_count));
    char* const to = take_inbox(static_cast<std::size_t>(byte_count));
    comm::wait_in("MPI_Mrecv",
                  [&] { return MPI_Mrecv(to, byte_count, MPI_BYTE, &message, MPI_STATUS_IGNORE); });
    return to;
}

char* NodeRoute::take_inbox(std::size_t byte_count) {
    if (inbox_.capacity() - inbox_.size() < byte_count)
        throw CommError("more bytes have come in a round than were granted: "
                        + std::to_string(inbox_.size() + byte_count) + ", for "
                        + std::to_string(inbox_.capacity()) + "; this is an error of serry's");
    return inbox_.extend(byte_count);
}

void NodeRoute::send(char const* bytes, std::size_t byte_count, int to, int tag) {
    comm::check("MPI_Isend", MPI_Isend(bytes, static_cast<int>(byte_count), MPI_BYTE, to, tag,
                                       comm_.handle(), &requests_.emplace_back()));
    if (is_here(to)) return;
    ++counters_.messages_across;
    counters_.bytes_across += byte_count;
}

void NodeRoute::wait_for_all() {
    if (!requests_.empty())
        comm::wait_in("MPI_Waitall", [&] {
            return MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(),
                               MPI_STATUSES_IGNORE);
        });
    requests_.clear();
}

}  // namespace serry
