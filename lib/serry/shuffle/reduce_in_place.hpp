#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include "serry/base/arena.hpp"
#include "serry/serde/codec.hpp"
#include "serry/stage/batch.hpp"
#include "serry/stage/task.hpp"

namespace serry {

/// reduce_by_key of an input that is hash-partitioned already: the values of a key come one behind
/// the other, and are folded from the first on.
template <typename K, typename V, typename F>
class ReduceInPlace final : public Operator, public Consumer<KeyValue<K, V>> {
public:
    ReduceInPlace(Transformation const& step, F const& combine, Consumer<KeyValue<K, V>>& next)
        : step_(step), combine_(combine), next_(next) {}

    void begin(TaskContext&) override {
        record_ = 0;
        has_group_ = false;
        out_.clear();
        out_arena_.clear();
    }
    void consume(std::span<KeyValue<K, V> const> batch) override {
        // Not within the loop, where a failure would be ours: what comes below fails by itself.
        if (out_.size() + batch.size() > batch_records) flush();
        std::size_t i = 0;
        try {
            for (; i < batch.size(); ++i) add(batch[i]);
        } catch (...) {
            rethrow_located(step_, record_ + i);
        }
        record_ += batch.size();
    }
    void finish() override {
        if (out_.is_full()) flush();
        put_group();
        flush();
        next_.finish();
    }

private:
    void add(KeyValue<K, V> const& record) {
        std::string_view const key = key_bytes(record.key, scratch_);
        if (has_group_ && key == key_.view()) {
            value_ = std::invoke(combine_, std::as_const(value_), record.value);
        } else {
            put_group();
            key_.clear();
            key_.put(key);
            value_ = record.value;
            has_group_ = true;
        }
        keep_views();
    }

    void keep_views() {
        if constexpr (has_views<V>) {
            adopt_views(value_, arena_);
            if (arena_.allocated_bytes() <= most_arena_bytes_) return;
            // Most of it belongs to values before this one.
            Arena kept;
            adopt_views(value_, kept);
            arena_ = std::move(kept);
            most_arena_bytes_ = least_arena_bytes + 4 * arena_.allocated_bytes();
        }
    }

    void put_group() {
        if (!has_group_) return;
        has_group_ = false;
        adopt_views(value_, out_arena_);
        out_.add(
            KeyValue<K, V>(key_from_bytes<K>(out_arena_.copy(key_.view())), std::move(value_)));
        if constexpr (has_views<V>) arena_.clear();
    }

    void flush() {
        if (!out_.empty()) next_.consume(out_.records());
        out_.clear();
        out_arena_.clear();
    }

    Transformation const& step_;
    F const& combine_;
    Consumer<KeyValue<K, V>>& next_;
    std::uint64_t record_ = 0;
    bool has_group_ = false;
    ByteWriter key_, scratch_;
    V value_{};
    static constexpr std::size_t least_arena_bytes = 65536;
    Arena arena_;  ///< what the value at work views
    std::size_t most_arena_bytes_ = least_arena_bytes;
    Batch<KeyValue<K, V>> out_;
    Arena out_arena_;
};

}  // namespace serry
