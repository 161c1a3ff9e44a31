#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "serry/source/decompressor.hpp"
#include "serry/source/pinned_file.hpp"
#include "serry/source/read_buffer.hpp"
#include "serry/stage/consumer.hpp"
#include "serry/stage/task.hpp"

namespace serry {

class TextSource;

/// Told of every split before its first line.
struct SplitListener {
    virtual ~SplitListener() = default;
    /// The file is open until the next split or the partition's end.
    virtual void begin_split(PinnedFile& file, Split const& split) = 0;
};

/// Reads the lines of a partition's splits: those whose first byte lies in one, without "\n" or
/// "\r\n". Line ends inside of the source's quotes, if it has some, are part of a line. What
/// follows the last "\n" is a line too, if it is not empty. All memory is kept from task to task,
/// but what a line of extraordinary length took is given back when the next task does without.
class LineReader final : public PartitionReader {
public:
    /// All outlive this. `listener` may be null.
    LineReader(TextSource const& source,
               Consumer<std::string_view>& next,
               SplitListener* listener = nullptr)
        : source_(source), next_(next), listener_(listener) {}

    void read(TaskContext& task) override;

private:
    void start(TaskContext& task, std::uint64_t split_index, PinnedFile& file);
    bool find_first_line();
    void push_lines();
    bool push_whole_lines();
    void clear_quoted(char const* text, std::size_t mask_count, std::uint64_t* masks);
    void push_last_line();
    bool flush(std::size_t line_count, char const* lines_end);
    bool read_piece(std::size_t most_bytes, std::uint64_t end_offset);

    std::uint64_t offset_of(char const* byte) const;
    [[noreturn]] void throw_line_too_long(std::uint64_t limit_bytes) const;

    TextSource const& source_;
    Consumer<std::string_view>& next_;
    SplitListener* listener_;

    TaskContext* task_ = nullptr;
    PinnedFile* file_ = nullptr;
    Split split_;
    bool is_compressed_ = false;
    bool took_long_line_ = false;
    std::uint64_t text_bytes_ = 0;   ///< of the whole file; not known of a compressed one
    std::uint64_t next_offset_ = 0;  ///< of the text behind the buffer's

    ReadBuffer buffer_;              ///< begins with the next line
    std::size_t scanned_bytes_ = 0;  ///< at the buffer's front, without a line end
    char quote_ = 0;                 ///< line ends inside of these are text; 0: of none
    bool is_quoted_ = false;         ///< behind the scanned bytes
    std::array<std::string_view, batch_records> lines_;
    Decompressor decompressor_;
};

}  // namespace serry
