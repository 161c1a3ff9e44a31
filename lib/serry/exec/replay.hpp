#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "serry/checkpoint/journal.hpp"
#include "serry/plan/plan.hpp"

namespace serry {

/// What a job's driver was told by earlier attempts, and what it is told by this one: rank 0's end
/// of the journal. Local.
class Replay {
public:
    /// Opens the journal of `folder`'s job. Throws UsageError (divergence) if input files have
    /// changed since they were noted; StorageError. Texts name `folder`.
    Replay(std::string folder, std::string const& journal_path, std::string const& job_id);

    /// The numbers of the results that there are.
    std::vector<std::uint64_t> result_numbers() const;
    /// Takes the result `number`, which there must be. Throws UsageError (divergence) if it is
    /// another action's.
    std::string take_result(std::uint64_t number,
                            std::uint64_t fingerprint,
                            std::string const& label);
    void record_result(std::uint64_t number,
                       std::uint64_t fingerprint,
                       std::string const& label,
                       std::string_view bytes);

    /// What was added to accumulators, piece by piece: later ones know more.
    std::vector<std::string> const& accumulators() const { return accumulators_; }
    void record_accumulators(std::string_view bytes);

    /// Note what the sources of a plan for `target` read. Throws UsageError (divergence) if an
    /// earlier attempt read other files.
    void check_input(Plan const& plan, Transformation& target);

    /// See Journal.
    void sync() { journal_.sync(); }

private:
    void check_found_input() const;

    std::string folder_;
    Journal journal_;
    std::unordered_map<std::uint64_t, JournalEntry> results_;
    std::vector<JournalEntry> inputs_;
    std::vector<std::string> accumulators_;
};

}  // namespace serry
