#pragma once

#include <optional>
#include <string>

#include "serry/sink/output_summary.hpp"

namespace serry {

/// The folder that write_text makes: nothing is at its path until all of it is. Rank 0 prepares it,
/// all ranks write their parts into parts_path() (PartWriter), they agree that all succeeded, and
/// rank 0 commits. For rank 0 alone, but for parts_path()'s value; calls no MPI.
///
/// The parts grow in ".NAME.serry-JOB" beside the target NAME, on the same file system, so that one
/// rename puts them in place. A job that is killed leaves that folder behind; its next run with the
/// same job id takes it away, other jobs leave it alone.
class OutputDirectory {
public:
    /// Make the temporary folder, having checked that `path` can become an output. `overwrite`
    /// allows `path` to be an empty folder or an earlier output of serry's that holds nothing else;
    /// it stays as it is until commit(). A symbolic link there is followed.
    ///
    /// `job_id` is a word that tells this job from all others. Throws UsageError for a path that
    /// will not do, StorageError where the system refuses.
    static OutputDirectory prepare(std::string const& path,
                                   bool overwrite,
                                   std::string const& job_id);

    /// What the finished output at `path` says of itself; nothing if there is none.
    static std::optional<OutputSummary> summary_at(std::string const& path);

    OutputDirectory(OutputDirectory&& other) noexcept;
    OutputDirectory& operator=(OutputDirectory&& other) noexcept;
    /// Abandons what was not committed.
    ~OutputDirectory();

    /// Where all ranks write their parts; absolute.
    std::string const& parts_path() const { return parts_path_; }

    /// Write _SUCCESS, rename the folder into place, and delete the output that was there. Requires
    /// that every rank's PartWriter::sync() has returned. When it returns, the output is there for
    /// good; when it throws, the earlier output has not been deleted.
    ///
    /// Throws StorageError. Once _SUCCESS is written the work of the job is not thrown away any
    /// more: the error then says where the finished output is, and abandon() leaves it there. What
    /// cannot be deleted of the earlier output stays in ".NAME.serry-JOB".
    void commit(OutputSummary const& summary);

    /// Remove the temporary folder, as far as that can be done. Nothing after commit().
    void abandon() noexcept;

private:
    OutputDirectory(std::string path, std::string target, std::string parts_path, bool overwrite);

    void check_part_count(std::uint64_t expected) const;
    void put_in_place(std::string const& finished) const;

    std::string path_;        ///< as the user gave it
    std::string target_;      ///< absolute, links followed
    std::string parts_path_;  ///< empty once there is nothing to abandon
    bool overwrite_;
};

}  // namespace serry
