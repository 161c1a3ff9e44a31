#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "serry/base/call_site.hpp"
#include "serry/base/concepts.hpp"
#include "serry/base/error.hpp"
#include "serry/context.hpp"
#include "serry/exec/action_step.hpp"
#include "serry/exec/session.hpp"
#include "serry/serde/codec.hpp"

namespace serry {

/// A value that functions given to transformations and actions add to on the side, such as a count
/// of bad lines. Functions capture it by value.
///
/// What is added counts once for each transformation (each copy of the accumulator that a function
/// holds) and partition, however often it runs: a second action on the same dataset adds nothing,
/// and of runs that stopped early, as take()'s do, only the one that went furthest counts. What a
/// failed stage added does not count. Combiners of reduce_by_key and its sisters should not add:
/// how often they are called depends on memory.
template <Encodable V, typename Combine = std::plus<>>
requires Combiner<Combine, V> &&(!has_views<V>)class Accumulator {
public:
    /// `combine` is associative; `zero` is what nothing was added to. As for transformations, every
    /// rank makes and copies accumulators alike.
    explicit Accumulator(Context& context, V zero = V{}, Combine combine = {})
        : state_(std::make_shared<State>(context.session(), std::move(zero), std::move(combine))) {}

    // A copy made while transformations are recorded is another one's; in a task, the same one's.
    Accumulator(Accumulator const& other) : state_(other.state_), use_(use_of_copy(other)) {}
    Accumulator& operator=(Accumulator const& other) {
        if (this == &other) return *this;
        state_ = other.state_;
        use_ = use_of_copy(other);
        entry_ = nullptr;
        return *this;
    }

    /// In tasks only, that is, in functions given to transformations and actions. Throws UsageError
    /// elsewhere.
    void add(V const& value) const {
        auto const task = state_->session.running_task();
        if (!task)
            throw UsageError(
                "an accumulator was added to outside of a task, where every rank would add; add to "
                "it in functions given to transformations, or add to a variable of your own");
        Entry& entry = entry_for(*task);
        entry.value = entry.add_count++ == 0
                          ? value
                          : V(std::invoke(state_->combine, std::as_const(entry.value), value));
    }

    /// Collective, between actions: `zero` combined with all that counts, in the order in which the
    /// functions were given to transformations, and then of partitions. The same on every rank.
    ///
    /// Moves: an entry for each transformation and partition, to every rank.
    V value(CallSite at = CallSite::here()) const {
        ActionStep const action(state_->session, "accumulator value", at);
        return action.result([&] {
            auto const gathered = state_->session.comm().all_gather(state_->saved());
            try {
                V result = state_->zero;
                for (auto const& [place, entry] : furthest(gathered.bytes))
                    result = std::invoke(state_->combine, std::as_const(result), entry.value);
                return result;
            } catch (...) {
                throw_action_failed(action);
            }
        });
    }

private:
    struct Entry {
        std::uint64_t run = 0;  ///< of a stage
        std::uint64_t add_count = 0;
        V value{};
    };
    struct Place {
        std::uint64_t use = 0;  ///< of the accumulator, by a function
        std::uint64_t partition = 0;
        friend auto operator<=>(Place const&, Place const&) = default;
    };
    /// Of one partition: the run that went furthest, and the last one.
    struct Runs {
        Entry kept;
        Entry last;
    };
    struct State final : SavedState {
        State(Session& session_, V zero_, Combine combine_)
            : session(session_), zero(std::move(zero_)), combine(std::move(combine_)) {
            session.attach(*this);
        }
        ~State() override { session.detach(*this); }

        std::string saved() override {
            ByteWriter bytes;
            for (auto& [place, runs] : places) {
                settle(runs);
                if (runs.kept.add_count == 0) continue;
                bytes.put_varint(place.use);
                bytes.put_varint(place.partition);
                bytes.put_varint(runs.kept.add_count);
                encode(runs.kept.value, bytes);
            }
            return std::string(bytes.view());
        }
        void restore(std::string_view saved) override {
            for (auto& [place, entry] : furthest(saved)) {
                Entry& kept = places[place].kept;
                if (entry.add_count > kept.add_count) kept = std::move(entry);
            }
        }
        void settle(Runs& runs) const {
            if (runs.last.add_count > runs.kept.add_count && !session.has_failed(runs.last.run))
                runs.kept = runs.last;
        }

        Session& session;
        V zero;
        Combine combine;
        std::uint64_t next_use = 1;
        std::map<Place, Runs> places;
    };

    static std::uint64_t use_of_copy(Accumulator const& other) {
        return other.state_->session.is_in_task() ? other.use_ : other.state_->next_use++;
    }

    Entry& entry_for(RunningTask const& task) const {
        if (entry_ && entry_->run == task.run && partition_ == task.partition) return *entry_;
        Runs& runs = state_->places[{use_, task.partition}];
        if (runs.last.run != task.run) {
            state_->settle(runs);
            runs.last = {.run = task.run};
        }
        partition_ = task.partition;
        entry_ = &runs.last;
        return runs.last;
    }

    /// Of all ranks.
    static std::map<Place, Entry> furthest(std::string_view bytes) {
        std::map<Place, Entry> entries;
        ByteReader reader(bytes);
        while (reader.remaining() > 0) {
            std::uint64_t const use = reader.take_varint();
            std::uint64_t const partition = reader.take_varint();
            std::uint64_t const add_count = reader.take_varint();
            V value = decode<V>(reader);
            Entry& entry = entries[{use, partition}];
            if (add_count > entry.add_count) entry = {0, add_count, std::move(value)};
        }
        return entries;
    }

    std::shared_ptr<State> state_;
    std::uint64_t use_ = 0;
    // What was added to last, which is most often what comes next.
    mutable Entry* entry_ = nullptr;
    mutable std::uint64_t partition_ = 0;
};

}  // namespace serry
