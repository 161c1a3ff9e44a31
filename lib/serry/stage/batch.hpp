#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/stage/consumer.hpp"

namespace serry {

/// Room for one batch of records, used again and again. Records with memory of their own are
/// assigned over, not destroyed, so that their memory is used again too.
template <typename T>
class Batch {
public:
    Batch() {
        if constexpr (is_simple)
            records_.reset(static_cast<T*>(
                ::operator new (batch_records * sizeof(T), std::align_val_t{alignof(T)})));
        else
            records_.reserve(batch_records);
    }

    /// Requires size() < batch_records.
    template <typename U>
    void add(U&& record) {
        if constexpr (is_simple)
            new (data() + size_) T(std::forward<U>(record));
        else if (size_ < records_.size())
            records_[size_] = std::forward<U>(record);
        else
            records_.emplace_back(std::forward<U>(record));
        ++size_;
    }

    /// Adds make(first), ..., make(first + count - 1). Requires size() + count <= batch_records.
    template <typename Make>
    void add_many(std::size_t first, std::size_t count, Make const& make) {
        if constexpr (is_simple) {
            T* const to = data() + size_;
            for (std::size_t i = 0; i < count; ++i) new (to + i) T(make(first + i));
            size_ += count;
        } else {
            for (std::size_t i = 0; i < count; ++i) add(make(first + i));
        }
    }

    bool is_full() const { return size_ == batch_records; }
    std::size_t room() const { return batch_records - size_; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    void clear() { size_ = 0; }
    std::span<T const> records() const { return {const_cast<Batch*>(this)->data(), size_}; }

    /// For loops that write records themselves: simple types only.
    static constexpr bool is_simple =
        std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>;
    T* data() {
        if constexpr (is_simple)
            return records_.get();
        else
            return records_.data();
    }
    void set_size(std::size_t size) requires is_simple { size_ = size; }

private:
    struct Free {
        void operator()(T* memory) const {
            ::operator delete (static_cast<void*>(memory), std::align_val_t{alignof(T)});
        }
    };

    std::conditional_t<is_simple, std::unique_ptr<T, Free>, std::vector<T>> records_;
    std::size_t size_ = 0;
};

}  // namespace serry
