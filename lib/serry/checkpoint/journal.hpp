#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace serry {

/// A line of a job's journal.
struct JournalEntry {
    enum class Kind : std::uint8_t {
        job = 1,           ///< the first: `bytes` is the job's id
        result = 2,        ///< what an action gave, encoded
        accumulators = 3,  ///< what was added to accumulators, all of it up to here
        input = 4,         ///< files that a source read: their names, sizes and times
    };

    Kind kind = Kind::result;
    std::uint64_t number = 0;       ///< of results: counted from 0
    std::uint64_t fingerprint = 0;  ///< of results: the lineage's, when it was asked for
    std::string label;              ///< "count (word_count.cpp:12)"
    std::string bytes;

    friend bool operator==(JournalEntry const&, JournalEntry const&) = default;
};

/// What a job's driver was told, in the order in which it was: a file that is appended to, for rank
/// 0 alone. An entry is
///
///     8 bytes     bytes of the body
///     8 bytes     hash of the body
///     body        kind (1), number (8), fingerprint (8), bytes of label (8), label, bytes
///
/// all numbers with their low bytes first. What follows the last whole entry is cut off.
class Journal {
public:
    /// Opens the journal at `path`, or begins one, of the job `job_id`; one of another job is
    /// begun anew. Throws StorageError.
    Journal(std::string path, std::string const& job_id);
    ~Journal();
    Journal(Journal const&) = delete;
    Journal& operator=(Journal const&) = delete;

    /// Those that were there when it was opened, without the first.
    std::vector<JournalEntry> const& found() const { return found_; }

    /// When it returns, the entry survives the death of all processes. It survives a loss of power
    /// a second later, or when sync() has returned: what is lost is done again.
    void append(JournalEntry const& entry);
    void sync();

private:
    void open();
    void begin(std::string const& job_id);

    std::string path_;
    int descriptor_ = -1;
    std::uint64_t end_ = 0;
    double synced_at_ = 0;
    std::vector<JournalEntry> found_;
};

/// The entries at the front of `file`, and in `end` where the last of them ends.
std::vector<JournalEntry> read_journal(std::string_view file, std::uint64_t& end);

}  // namespace serry
