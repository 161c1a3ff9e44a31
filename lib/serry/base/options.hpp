#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace serry {

/// Every knob of a job. Each can be set by an option of the command line or by an environment
/// variable (the option wins); what is in force is printed at the start of a job. Knobs marked
/// (rank) may differ from rank to rank; the others are taken from rank 0. None of the (rank) ones
/// changes a result.
struct Options {
    /// Memory that serry may use on this rank. 0: a share of the node's. --memory, SERRY_MEMORY.
    /// (rank)
    std::uint64_t memory_bytes = 0;
    /// Folder on a local disk for what does not fit into memory. --scratch, SERRY_SCRATCH. (rank)
    std::string scratch = "/tmp";
    /// Partitions of sources and of shuffles that do not say otherwise. 0: from the input's bytes.
    /// --partitions, SERRY_PARTITIONS.
    std::uint64_t partition_count = 0;
    /// Replace outputs that exist. --overwrite, SERRY_OVERWRITE.
    bool overwrite = false;
    /// Largest result of collect() and its like, in encoded bytes. SERRY_COLLECT_LIMIT.
    std::uint64_t collect_limit_bytes = std::uint64_t{1} << 30;
    /// Slots at which a combine table stops growing. 0: from the memory. SERRY_TABLE_SLOTS. (rank)
    std::uint64_t table_slots = 0;
    /// Bytes that this rank sends, and receives, in one round of an exchange. 0: from the memory
    /// and the ranks. SERRY_ROUND_BYTES. (rank)
    std::uint64_t round_bytes = 0;
    /// How exchanges travel between ranks: auto, flat, direct, two-hop, three-hop or sparse (see
    /// shuffle/routes.hpp). --route, SERRY_ROUTE.
    std::string route = "auto";
    /// Blocks from so many bytes on travel by themselves, also in two hops and three. 0: with auto
    /// as measured, else none. SERRY_DIRECT_BYTES.
    std::uint64_t direct_bytes = 0;
    /// Take each so many ranks of a node for a node. 0: nodes are as they are. For experiments.
    /// SERRY_RANKS_PER_NODE.
    std::uint64_t ranks_per_node = 0;
    /// bar, lines, off or auto (a bar on a terminal, else lines). SERRY_PROGRESS.
    std::string progress = "auto";
    /// Say at start what is in force and print the table of stages at the end. --quiet,
    /// SERRY_QUIET.
    bool quiet = false;
    /// File for one JSON line per stage and rank, written by rank 0. Empty: none. --events,
    /// SERRY_EVENTS.
    std::string events;

    /// Folder, on a file system that all nodes share, for checkpoints. Empty: none are made.
    /// --checkpoint, SERRY_CHECKPOINT.
    std::string checkpoint;
    /// When stages are committed: auto, stage, or a number of seconds. --checkpoint-every,
    /// SERRY_CHECKPOINT_EVERY.
    std::string checkpoint_every = "auto";
    /// none, lz4 or zstd. --checkpoint-compression, SERRY_CHECKPOINT_COMPRESSION.
    std::string checkpoint_compression = "none";
    /// How often, in seconds, something that ends the job is expected to fail: the automatic
    /// interval follows from it. --mtbf, SERRY_MTBF.
    double mtbf_seconds = 24 * 3600;
    /// auto: go on where an earlier attempt of this job was ended, if there was one. fresh: start
    /// over. require: go on, or refuse. --resume, SERRY_RESUME.
    std::string resume = "auto";
    /// This is no first attempt, so that fresh means auto. Set by `serry run`. SERRY_RESTARTED.
    bool is_restarted = false;
    /// Seconds in which a rank must do something, or the job is ended as hung. 0: any.
    /// --hang-timeout, SERRY_HANG_TIMEOUT.
    double hang_seconds = 0;
    /// File that rank 0 touches for as long as the job lives, for who looks on from outside. Empty:
    /// none. SERRY_HEARTBEAT.
    std::string heartbeat;
};

/// More partitions than this are a slip of somebody's finger.
inline constexpr std::uint64_t most_partitions = std::uint64_t{1} << 24;

/// The options that the environment sets. Throws UsageError naming a variable that cannot be read.
Options options_from_environment();

/// `text` as a number of bytes, a count, a number of partitions, a yes/no or a path; throws
/// UsageError naming `where`
/// ("--memory", "SERRY_MEMORY"), what was given and what was expected.
std::uint64_t bytes_option(std::string const& where, std::string const& text);
std::uint64_t count_option(std::string const& where, std::string const& text);
std::uint64_t partition_count_option(std::string const& where, std::string const& text);
bool flag_option(std::string const& where, std::string const& text);
std::string path_option(std::string const& where, std::string const& text);
/// "90", "90s", "15m", "24h" as seconds, above 0.
double seconds_option(std::string const& where, std::string const& text);
/// The same, or 0 for "off".
double hang_seconds_option(std::string const& where, std::string const& text);
/// `text`, which is auto, stage or such a time.
std::string checkpoint_every_option(std::string const& where, std::string const& text);
/// `text`, which is one of `words`, at least two.
std::string word_option(std::string const& where,
                        std::string const& text,
                        std::vector<std::string> const& words);
inline std::vector<std::string> const compression_words = {"none", "lz4", "zstd"};
inline std::vector<std::string> const route_words = {"auto",    "flat",      "direct",
                                                     "two-hop", "three-hop", "sparse"};
inline std::vector<std::string> const resume_words = {"auto", "fresh", "require"};

}  // namespace serry
