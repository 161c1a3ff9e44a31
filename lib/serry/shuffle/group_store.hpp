#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "serry/serde/byte_buffer.hpp"
#include "serry/shuffle/run.hpp"

namespace serry {

/// Groups are the values of a key, one behind the other, as a run stores them in chunks:
///
///     varint  bytes that follow
///     varint  bytes of the key, then the key (see key_bytes())
///     varint  values in this chunk, times 2; plus 1 if the key's next chunk follows
///     values, as encode() writes them
///
/// A chunk is closed when its values pass 64 KiB, so that a group may be larger than memory.
struct GroupChunk {
    std::string_view key;
    std::uint64_t value_count = 0;
    bool is_continued = false;
    std::string_view values;
};

/// Reads the chunk at the front of `rest` and takes it off.
GroupChunk take_group_chunk(std::string_view& rest);

/// Writes groups into a run. The values of a key come together.
class GroupWriter {
public:
    explicit GroupWriter(Run& run) : run_(&run) {}

    void add(std::string_view key, std::string_view value);
    /// After the last value.
    void end();
    /// Go on in another run, once what was begun has ended.
    void move_to(Run& run) { run_ = &run; }
    std::string_view key() const { return key_.view(); }
    bool is_open() const { return value_count_ > 0; }

private:
    void put_chunk(bool is_continued);

    Run* run_;
    ByteWriter key_, values_;
    std::uint64_t value_count_ = 0;
};

/// Where the chunks of a group go on in a run.
struct GroupTail {
    Run const* run = nullptr;  ///< null: there are no more chunks
    std::size_t block = 0;
    std::size_t offset = 0;
};

/// Reads the groups of a run in their order.
class GroupCursor {
public:
    /// On the first group, if there is one.
    explicit GroupCursor(Run const& run);

    bool has_group() const { return has_group_; }
    std::uint64_t hash() const { return hash_; }
    /// What the three below give is valid until next(), and as long as the run if the run's blocks
    /// are in memory.
    std::string_view key() const { return chunk_.key; }
    GroupChunk const& first_chunk() const { return chunk_; }
    GroupTail tail() const;

    /// Whether next() lets go of what views of this group, or of groups before it, point at.
    bool next_moves() const { return rest_.empty() || chunk_.is_continued; }
    void next();

    /// Of the groups passed so far.
    std::uint64_t value_count() const { return value_count_; }
    std::uint64_t byte_count() const { return byte_count_; }

private:
    bool read_chunk();

    Run const* run_;
    Run::Reader reader_;
    std::size_t block_bytes_ = 0;
    std::string_view rest_;
    GroupChunk chunk_;
    bool has_group_ = false;
    std::uint64_t hash_ = 0;
    std::uint64_t value_count_ = 0;
    std::uint64_t byte_count_ = 0;
};

/// Whether group `a` comes before group `b`: by hash, then by key.
bool comes_before(GroupCursor const& a, GroupCursor const& b);

}  // namespace serry
